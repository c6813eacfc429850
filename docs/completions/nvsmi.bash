# bash completion for nvsmi. Generated from nvsmi's option tables (nvsmi completion). Do not edit.

# The words that begin as the second argument does, in any case, after what the third says.
_nvsmi_word() {
  local word
  for word in $1; do
    [[ ${word,,} == "${2,,}"* ]] && COMPREPLY+=("$3$word")
  done
}

# The last word of a comma list, with the words before it kept.
_nvsmi_list() {
  local kept=''
  [[ $2 == *,* ]] && kept=${2%,*},
  _nvsmi_word "$1" "${2##*,}" "$kept"
  compopt -o nospace 2>/dev/null
}

# A letter after those that are there.
_nvsmi_letters() {
  local letter
  for letter in $1; do
    [[ $2 == *$letter* ]] || COMPREPLY+=("$2$letter")
  done
  compopt -o nospace 2>/dev/null
}

# Files (-f) or folders (-d). Names may hold blanks, and bash puts a slash after a folder.
_nvsmi_paths() {
  local found
  mapfile -t found < <(compgen "$1" -- "$2")
  COMPREPLY+=("${found[@]}")
  compopt -o filenames 2>/dev/null
}

# The indexes of the GPUs: of the recording or by the library that the command line names.
_nvsmi_gpus() {
  local i word value machine=() index
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]} value=${COMP_WORDS[i + 1]}
    [[ $value == = ]] && value=${COMP_WORDS[i + 2]}
    case $word in
      --snapshot=*|--nvml=*|--timeout=*|--as=*) machine+=("$word") ;;
      --snapshot|--nvml|--timeout|--as) machine+=("$word=$value") ;;
    esac
  done
  nvsmi "${machine[@]}" --query-gpu=index --format=csv,noheader 2>/dev/null | while read -r index; do
    [[ $index =~ ^[0-9]+$ ]] && echo "$index"
  done
}

_nvsmi() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command='' words
  COMPREPLY=()
  # bash takes "--format=csv" for three words.
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  # Some options may come before the command.
  local at=1
  while [[ $at -lt $COMP_CWORD ]]; do
    case ${COMP_WORDS[at]} in
      --snapshot=*|--nvml=*|--timeout=*|--as=*) at=$((at + 1)) ;;
      --snapshot|--nvml|--timeout|--as)
        [[ ${COMP_WORDS[at + 1]} == = ]] && at=$((at + 1))
        at=$((at + 2))
        ;;
      *) break ;;
    esac
  done
  case " snapshot simulate doctor health events topo drain nvlink c2c clocks pci prm mig apply vgpu vgpu-set-scheduler-state conf-compute compute-policy boost-slider power-hint base-clocks encodersessions fbcsessions power-smoothing power-profiles dmon pmon top ps daemon replay exporter fleet gpm help version completion " in
    *" ${COMP_WORDS[at]} "*) [[ $COMP_CWORD -gt $at ]] && command=${COMP_WORDS[at]} ;;
  esac
  case "$command $previous" in
    " -i"|" -g"|" --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    " -f"|" --filename") _nvsmi_paths -f "$current"; return ;;
    " -d"|" --display") _nvsmi_list 'MEMORY UTILIZATION ECC TEMPERATURE POWER CLOCK COMPUTE PIDS PERFORMANCE SUPPORTED_CLOCKS PAGE_RETIREMENT ACCOUNTING ENCODER_STATS SUPPORTED_GPU_TARGET_TEMP VOLTAGE FBC_STATS ROW_REMAPPER GSP_FIRMWARE_VERSION POWER_SMOOTHING POWER_PROFILES' "$current"; return ;;
    " --query-gpu") _nvsmi_list 'timestamp driver_version kmd_version vgpu_driver_capability.heterogenous_multivGPU count name gpu_name serial gpu_serial uuid gpu_uuid pci.bus_id gpu_bus_id pci.domain pci.bus pci.device pci.baseClass pci.subClass pci.device_id pci.sub_device_id vgpu_device_capability.fractional_multiVgpu vgpu_device_capability.heterogeneous_timeSlice_profile vgpu_device_capability.heterogeneous_timeSlice_sizes vgpu_device_capability.homogeneous_placements vgpu_device_capability.mig_timeSlicing vgpu_device_capability.mig_timeSlicing_mode pcie.link.gen.current pcie.link.gen.gpucurrent pcie.link.gen.max pcie.link.gen.gpumax pcie.link.gen.hostmax pcie.link.width.current pcie.link.width.max index display_mode display_attached display_active persistence_mode addressing_mode accounting.mode accounting.buffer_size driver_model.current driver_model.pending vbios_version inforom.img inforom.image inforom.oem inforom.ecc inforom.pwr inforom.power inforom.checksum_validation reset_status.reset_required reset_status.drain_and_reset_recommended gpu_recovery_action gom.current gpu_operation_mode.current gom.pending gpu_operation_mode.pending fan.speed pstate clocks_event_reasons.supported clocks_throttle_reasons.supported clocks_event_reasons.active clocks_throttle_reasons.active clocks_event_reasons.gpu_idle clocks_throttle_reasons.gpu_idle clocks_event_reasons.applications_clocks_setting clocks_throttle_reasons.applications_clocks_setting clocks_event_reasons.sw_power_cap clocks_throttle_reasons.sw_power_cap clocks_event_reasons.hw_slowdown clocks_throttle_reasons.hw_slowdown clocks_event_reasons.hw_thermal_slowdown clocks_throttle_reasons.hw_thermal_slowdown clocks_event_reasons.hw_power_brake_slowdown clocks_throttle_reasons.hw_power_brake_slowdown clocks_event_reasons.sw_thermal_slowdown clocks_throttle_reasons.sw_thermal_slowdown clocks_event_reasons.sync_boost clocks_throttle_reasons.sync_boost clocks_event_reasons_counters.sw_power_cap clocks_event_reasons_counters.sync_boost clocks_event_reasons_counters.sw_thermal_slowdown clocks_event_reasons_counters.hw_thermal_slowdown clocks_event_reasons_counters.hw_power_brake_slowdown memory.total memory.reserved memory.used memory.free compute_mode compute_cap utilization.gpu utilization.memory utilization.encoder utilization.decoder utilization.jpeg utilization.ofa encoder.stats.sessionCount encoder.stats.averageFps encoder.stats.averageLatency dramEncryption.mode.current dramEncryption.mode.pending ecc.mode.current ecc.mode.pending ecc.errors.corrected.volatile.device_memory ecc.errors.corrected.volatile.dram ecc.errors.corrected.volatile.register_file ecc.errors.corrected.volatile.l1_cache ecc.errors.corrected.volatile.l2_cache ecc.errors.corrected.volatile.texture_memory ecc.errors.corrected.volatile.cbu ecc.errors.corrected.volatile.sram ecc.errors.corrected.volatile.total ecc.errors.corrected.aggregate.device_memory ecc.errors.corrected.aggregate.dram ecc.errors.corrected.aggregate.register_file ecc.errors.corrected.aggregate.l1_cache ecc.errors.corrected.aggregate.l2_cache ecc.errors.corrected.aggregate.texture_memory ecc.errors.corrected.aggregate.cbu ecc.errors.corrected.aggregate.sram ecc.errors.corrected.aggregate.total ecc.errors.uncorrected.volatile.device_memory ecc.errors.uncorrected.volatile.dram ecc.errors.uncorrected.volatile.register_file ecc.errors.uncorrected.volatile.l1_cache ecc.errors.uncorrected.volatile.l2_cache ecc.errors.uncorrected.volatile.texture_memory ecc.errors.uncorrected.volatile.cbu ecc.errors.uncorrected.volatile.sram ecc.errors.uncorrected.volatile.total ecc.errors.uncorrected.aggregate.device_memory ecc.errors.uncorrected.aggregate.dram ecc.errors.uncorrected.aggregate.register_file ecc.errors.uncorrected.aggregate.l1_cache ecc.errors.uncorrected.aggregate.l2_cache ecc.errors.uncorrected.aggregate.texture_memory ecc.errors.uncorrected.aggregate.cbu ecc.errors.uncorrected.aggregate.sram ecc.errors.uncorrected.aggregate.total ecc.errors.uncorrected.volatile.sram.parity ecc.errors.uncorrected.volatile.sram.secded ecc.errors.uncorrected.aggregate.sram.parity ecc.errors.uncorrected.aggregate.sram.secded ecc.errors.uncorrected.aggregate.sram.thresholdExceeded ecc.errors.uncorrected.aggregate.sram.l2 ecc.errors.uncorrected.aggregate.sram.sm ecc.errors.uncorrected.aggregate.sram.mcu ecc.errors.uncorrected.aggregate.sram.pcie ecc.errors.uncorrected.aggregate.sram.other retired_pages.single_bit_ecc.count retired_pages.sbe retired_pages.double_bit.count retired_pages.dbe retired_pages.pending remapped_rows.correctable remapped_rows.sbe remapped_rows.correctable_inactive remapped_rows.uncorrectable remapped_rows.dbe remapped_rows.uncorrectable_inactive remapped_rows.pending remapped_rows.failure remapped_rows.histogram.max remapped_rows.histogram.high remapped_rows.histogram.partial remapped_rows.histogram.low remapped_rows.histogram.none temperature.gpu temperature.gpu.tlimit temperature.memory power.management power.draw power.draw.average gpu.power.draw.average power.draw.instant gpu.power.draw.instant power.limit gpu.power.requested_limit enforced.power.limit gpu.power.current_limit power.default_limit gpu.power.default_limit power.min_limit gpu.power.min_limit power.max_limit gpu.power.max_limit module.power.draw.average module.power.draw.instant module.power.limit module.power.requested_limit module.enforced.power.limit module.power.current_limit module.power.default_limit module.power.min_limit module.power.max_limit gpu.base.current gpu.base.requested gpu.base.default gpu.base.min gpu.base.max power_smoothing.tmp_floor power_smoothing.tmp_ceil power_smoothing.hw_lifetime_remaining_percent power_smoothing.enabled power_smoothing.delayed_power_smoothing_supported power_smoothing.soc_power_smoothing_enabled power_smoothing.priv_level power_smoothing.imm_ramp_down power_smoothing.max_percent_tmp_floor power_smoothing.min_percent_tmp_floor power_smoothing.primary_power_floor power_smoothing.secondary_power_floor power_smoothing.min_primary_floor_activation_offset power_smoothing.min_primary_floor_activation_point power_smoothing.window_multiplier power_smoothing.num_preset_profiles power_smoothing.curr_profile.percent_tmp_floor power_smoothing.curr_profile.ramp_up_rate power_smoothing.curr_profile.ramp_down_rate power_smoothing.curr_profile.ramp_down_hysteresis power_smoothing.curr_profile.secondary_power_floor power_smoothing.curr_profile.primary_floor_act_window_multiplier power_smoothing.curr_profile.primary_floor_tar_window_multiplier power_smoothing.curr_profile.primary_floor_act_offset power_smoothing.active_profile power_smoothing.admin_override.percent_tmp_floor power_smoothing.admin_override.ramp_up_rate power_smoothing.admin_override.ramp_down_rate power_smoothing.admin_override.ramp_down_hysteresis power_smoothing.admin_override.secondary_power_floor power_smoothing.admin_override.primary_floor_act_window_multiplier power_smoothing.admin_override.primary_floor_tar_window_multiplier power_smoothing.admin_override.primary_floor_act_offset edpp_multiplier clocks.current.graphics clocks.gr clocks.current.sm clocks.sm clocks.current.memory clocks.mem clocks.current.video clocks.video clocks.applications.graphics clocks.applications.gr clocks.applications.memory clocks.applications.mem clocks.default_applications.graphics clocks.default_applications.gr clocks.default_applications.memory clocks.default_applications.mem clocks.max.graphics clocks.max.gr clocks.max.sm clocks.max.memory clocks.max.mem mig.mode.current mig.mode.pending gsp.mode.current gsp.mode.default c2c.mode protected_memory.total protected_memory.used protected_memory.free fabric.state fabric.status fabric.cliqueId fabric.clusterUuid fabric.health.summary fabric.health.bandwidth fabric.health.route_recovery_in_progress fabric.health.route_unhealthy fabric.health.access_timeout_recovery fabric.health.incorrect_configuration fabric.health.partition_assigned platform.chassis_serial_number platform.slot_number platform.tray_index platform.host_id platform.peer_type platform.module_id platform.gpu_fabric_guid hostname bbx.time_run' "$current"; return ;;
    " --query-compute-apps") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid pid process_name name used_gpu_memory used_memory' "$current"; return ;;
    " --query-accounted-apps") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid vgpu_instance pid gpu_utilization gpu_util mem_utilization mem_util max_memory_usage time' "$current"; return ;;
    " --query-supported-clocks") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid memory mem graphics gr' "$current"; return ;;
    " --query-retired-pages") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid retired_pages.address retired_pages.timestamp retired_pages.cause' "$current"; return ;;
    " --query-remapped-rows") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid remapped_rows.correctable remapped_rows.sbe remapped_rows.correctable_inactive remapped_rows.uncorrectable remapped_rows.dbe remapped_rows.uncorrectable_inactive remapped_rows.pending remapped_rows.failure remapped_rows.histogram.max remapped_rows.histogram.high remapped_rows.histogram.partial remapped_rows.histogram.low remapped_rows.histogram.none' "$current"; return ;;
    " --query-vgpu-scheduler-logs") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid engine_id scheduler_policy sched_policy arr_mode avg_factor time_slice sw_runlist_id sw_rl_id time_stamp cumulative_run_time cum_run_time previous_timeslice_runtime prev_timeslice_runtime target_time_slice cumulative_preempt_time cum_preempt_time' "$current"; return ;;
    " --format") _nvsmi_list 'csv noheader nounits json jsonl' "$current"; return ;;
    " -pm"|" --persistence-mode") return ;;
    " -e"|" --ecc-config") return ;;
    " -p"|" --reset-ecc-errors") return ;;
    " -c"|" --compute-mode") return ;;
    " --gom") return ;;
    " -vm"|" --virt-mode") return ;;
    " -lgc"|" --lock-gpu-clocks") return ;;
    " -lmc"|" --lock-memory-clocks") return ;;
    " -lmcd"|" --lock-memory-clocks-deferred") return ;;
    " -ac"|" --applications-clocks") return ;;
    " -acp"|" --applications-clocks-permission") return ;;
    " -pl"|" --power-limit") return ;;
    " -cc"|" --cuda-clocks") return ;;
    " -am"|" --accounting-mode") return ;;
    " --auto-boost-default") return ;;
    " --auto-boost-permission") return ;;
    " -mig"|" --multi-instance-gpu") return ;;
    " -gtt"|" --gpu-target-temp") return ;;
    " -dm"|" --driver-model") return ;;
    " -fdm"|" --force-driver-model") return ;;
    " -m"|" --mode") return ;;
    " -sc"|" --scope") return ;;
    " --set-hostname") return ;;
    " -den"|" --dram-encryption") return ;;
    " -t"|" --toggle-led") return ;;
    " --audit") _nvsmi_paths -f "$current"; return ;;
    " --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    " --nvml") _nvsmi_paths -f "$current"; return ;;
    " --timeout") return ;;
    " --as") return ;;
    "snapshot -o"|"snapshot --output") _nvsmi_paths -f "$current"; return ;;
    "snapshot --title") return ;;
    "snapshot --samples") return ;;
    "snapshot --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "snapshot --nvml") _nvsmi_paths -f "$current"; return ;;
    "snapshot --timeout") return ;;
    "snapshot --as") return ;;
    "simulate -o"|"simulate --output") _nvsmi_paths -d "$current"; return ;;
    "simulate --set") return ;;
    "simulate --fail") return ;;
    "simulate --hang") return ;;
    "simulate --control") _nvsmi_paths -f "$current"; return ;;
    "simulate --log") _nvsmi_paths -f "$current"; return ;;
    "simulate --arch") _nvsmi_word 'x64 arm64' "$current"; return ;;
    "simulate --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "simulate --nvml") _nvsmi_paths -f "$current"; return ;;
    "simulate --timeout") return ;;
    "simulate --as") return ;;
    "doctor --checks") return ;;
    "doctor --skip") return ;;
    "doctor --root") _nvsmi_paths -d "$current"; return ;;
    "doctor --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "doctor --nvml") _nvsmi_paths -f "$current"; return ;;
    "doctor --timeout") return ;;
    "doctor --as") return ;;
    "health -i"|"health --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "health --checks") return ;;
    "health --skip") return ;;
    "health --expect") _nvsmi_paths -f "$current"; return ;;
    "health --learn") _nvsmi_paths -f "$current"; return ;;
    "health --state") _nvsmi_paths -f "$current"; return ;;
    "health -l"|"health --loop") return ;;
    "health --root") _nvsmi_paths -d "$current"; return ;;
    "health --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "health --nvml") _nvsmi_paths -f "$current"; return ;;
    "health --timeout") return ;;
    "health --as") return ;;
    "events -i"|"events --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "events --since") _nvsmi_word 'boot' "$current"; return ;;
    "events -c"|"events --count") return ;;
    "events --root") _nvsmi_paths -d "$current"; return ;;
    "events --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "events --nvml") _nvsmi_paths -f "$current"; return ;;
    "events --timeout") return ;;
    "events --as") return ;;
    "topo -c"|"topo --cpu") return ;;
    "topo -n"|"topo --nearest_gpus") return ;;
    "topo -p2p"|"topo --p2pstatus") _nvsmi_word 'r w n a p' "$current"; return ;;
    "topo -i"|"topo --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "topo --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "topo --nvml") _nvsmi_paths -f "$current"; return ;;
    "topo --timeout") return ;;
    "topo --as") return ;;
    "drain -p"|"drain --pciid") return ;;
    "drain -m"|"drain --modify") return ;;
    "drain --audit") _nvsmi_paths -f "$current"; return ;;
    "drain --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "drain --nvml") _nvsmi_paths -f "$current"; return ;;
    "drain --timeout") return ;;
    "drain --as") return ;;
    "nvlink -i"|"nvlink --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "nvlink -l"|"nvlink --link") return ;;
    "nvlink -gt"|"nvlink --getthroughput") _nvsmi_word 'd r dr' "$current"; return ;;
    "nvlink -sLowPwrThres"|"nvlink --setLowPowerThreshold") return ;;
    "nvlink -sBwMode"|"nvlink --setBandwidthMode") return ;;
    "nvlink --audit") _nvsmi_paths -f "$current"; return ;;
    "nvlink --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "nvlink --nvml") _nvsmi_paths -f "$current"; return ;;
    "nvlink --timeout") return ;;
    "nvlink --as") return ;;
    "c2c -i"|"c2c --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "c2c -l"|"c2c --link") return ;;
    "c2c --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "c2c --nvml") _nvsmi_paths -f "$current"; return ;;
    "c2c --timeout") return ;;
    "c2c --as") return ;;
    "clocks -i"|"clocks --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "clocks --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "clocks --nvml") _nvsmi_paths -f "$current"; return ;;
    "clocks --timeout") return ;;
    "clocks --as") return ;;
    "pci -i"|"pci --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "pci --audit") _nvsmi_paths -f "$current"; return ;;
    "pci --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "pci --nvml") _nvsmi_paths -f "$current"; return ;;
    "pci --timeout") return ;;
    "pci --as") return ;;
    "prm -i"|"prm --index") _nvsmi_word "$(_nvsmi_gpus)" "$current"; return ;;
    "prm -c"|"prm --counters") _nvsmi_list 'all link_down_events oper_recovery plr_rcv_code_err plr_rcv_codes plr_rcv_uncorrectable_code plr_retry_codes plr_sync_events plr_xmit_codes plr_xmit_retry_events port_xmit_wait successful_recovery_events time_between_last_2_recoveries time_since_last_recovery total_successful_recovery_events' "$current"; return ;;
    "prm -n"|"prm --name") _nvsmi_word 'GHPKT MCAM MGIR MLPC MORD MPSCR MTCAP MTECR MTEIM MTEWE MTIE MTIM MTRC_CAP MTRC_CONF MTRC_CTRL MTSR PAOS PDDR PGUID PLIB PLTC PMAOS PMLP PMTU PPAOS PPCNT PPHCR PPLM PPLR PPRT PPSLC PPSLS PPTT PTYS SLRG SLTP' "$current"; return ;;
    "prm -p"|"prm --params") return ;;
    "prm --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "prm --nvml") _nvsmi_paths -f "$current"; return ;;
    "prm --timeout") return ;;
    "prm --as") return ;;
    "mig -i"|"mig --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "mig -gi"|"mig --gpu-instance-id") return ;;
    "mig -ci"|"mig --compute-instance-id") return ;;
    "mig -cgi"|"mig --create-gpu-instance") _nvsmi_paths -f "$current"; return ;;
    "mig -cci"|"mig --create-compute-instance") _nvsmi_paths -f "$current"; return ;;
    "mig --audit") _nvsmi_paths -f "$current"; return ;;
    "mig --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "mig --nvml") _nvsmi_paths -f "$current"; return ;;
    "mig --timeout") return ;;
    "mig --as") return ;;
    "apply --audit") _nvsmi_paths -f "$current"; return ;;
    "apply --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "apply --nvml") _nvsmi_paths -f "$current"; return ;;
    "apply --timeout") return ;;
    "apply --as") return ;;
    "vgpu -i"|"vgpu --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "vgpu -gi"|"vgpu --gpu-instance-id") return ;;
    "vgpu --gpm-metrics") _nvsmi_list '1 2 3 4 5 6 7 8 9 10 11 12 13 20 21 30 31 32 33 34 35 36 37 40 41 42 43 44 45 46 47 50 51 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128 129 130 131 132 133 134 135 136 137 138 139 140 141 142 143 144 145 146 147 148 149 150 151 152 153 154 155 156 157 158 159 160 161 162 163 164 165 166 167 168 169 170 171 172 173 174 175 176 177 178 179 180 181 182 183 184 185 186 187 188 189 190 191 192 193 194 195 196 197 198 199 200 201 202 203 204 205 206 207 208 209 212 213 214 215 216 217 218 219 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 259 260 261 262 263 264 265 266 267 268 269 270 271 272 273 274 275 276 277 278 279 280 281 282 283 284 285 286 287 288 289 290 291 292 293 294 295 296 297 298 299 300 301 302 303 304 305 306 307 308 309 310 311 312 313 314 315 316 317 318 319 320 321 322 323 324 325 326 327 328 329 330 331 332' "$current"; return ;;
    "vgpu --query-vgpu-scheduler-logs") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid engine_id scheduler_policy sched_policy arr_mode avg_factor time_slice sw_runlist_id sw_rl_id time_stamp cumulative_run_time cum_run_time previous_timeslice_runtime prev_timeslice_runtime target_time_slice cumulative_preempt_time cum_preempt_time' "$current"; return ;;
    "vgpu --query-accounted-apps") _nvsmi_list 'timestamp gpu_name gpu_bus_id gpu_serial gpu_uuid vgpu_instance pid gpu_utilization gpu_util mem_utilization mem_util max_memory_usage time' "$current"; return ;;
    "vgpu --format") _nvsmi_list 'csv noheader nounits json jsonl' "$current"; return ;;
    "vgpu -f"|"vgpu --filename") _nvsmi_paths -f "$current"; return ;;
    "vgpu -shm"|"vgpu --set-heterogeneous-mode") return ;;
    "vgpu -smts"|"vgpu --set-mig-timeslice-mode") return ;;
    "vgpu --audit") _nvsmi_paths -f "$current"; return ;;
    "vgpu --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "vgpu --nvml") _nvsmi_paths -f "$current"; return ;;
    "vgpu --timeout") return ;;
    "vgpu --as") return ;;
    "vgpu-set-scheduler-state -i"|"vgpu-set-scheduler-state --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "vgpu-set-scheduler-state -p"|"vgpu-set-scheduler-state --policy") return ;;
    "vgpu-set-scheduler-state -a"|"vgpu-set-scheduler-state --arr-mode") return ;;
    "vgpu-set-scheduler-state -asf"|"vgpu-set-scheduler-state --arr-sched-frequency") return ;;
    "vgpu-set-scheduler-state -aavg"|"vgpu-set-scheduler-state --arr-avg-factor") return ;;
    "vgpu-set-scheduler-state -ts"|"vgpu-set-scheduler-state --time-slice") return ;;
    "vgpu-set-scheduler-state --audit") _nvsmi_paths -f "$current"; return ;;
    "vgpu-set-scheduler-state --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "vgpu-set-scheduler-state --nvml") _nvsmi_paths -f "$current"; return ;;
    "vgpu-set-scheduler-state --timeout") return ;;
    "vgpu-set-scheduler-state --as") return ;;
    "conf-compute -i"|"conf-compute --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "conf-compute -sm"|"conf-compute --set-unprotected-mem-size") return ;;
    "conf-compute -srs"|"conf-compute --set-gpus-ready-state") return ;;
    "conf-compute -skr"|"conf-compute --set-key-rotation-max-attacker-advantage") return ;;
    "conf-compute --audit") _nvsmi_paths -f "$current"; return ;;
    "conf-compute --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "conf-compute --nvml") _nvsmi_paths -f "$current"; return ;;
    "conf-compute --timeout") return ;;
    "conf-compute --as") return ;;
    "compute-policy -i"|"compute-policy --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "compute-policy --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "compute-policy --nvml") _nvsmi_paths -f "$current"; return ;;
    "compute-policy --timeout") return ;;
    "compute-policy --as") return ;;
    "boost-slider -i"|"boost-slider --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "boost-slider --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "boost-slider --nvml") _nvsmi_paths -f "$current"; return ;;
    "boost-slider --timeout") return ;;
    "boost-slider --as") return ;;
    "power-hint -i"|"power-hint --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "power-hint -gc"|"power-hint --graphics-clock") return ;;
    "power-hint -mc"|"power-hint --memory-clock") return ;;
    "power-hint -t"|"power-hint --temperature") return ;;
    "power-hint -p"|"power-hint --profile") return ;;
    "power-hint --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "power-hint --nvml") _nvsmi_paths -f "$current"; return ;;
    "power-hint --timeout") return ;;
    "power-hint --as") return ;;
    "base-clocks -i"|"base-clocks --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "base-clocks --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "base-clocks --nvml") _nvsmi_paths -f "$current"; return ;;
    "base-clocks --timeout") return ;;
    "base-clocks --as") return ;;
    "encodersessions -i"|"encodersessions --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "encodersessions --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "encodersessions --nvml") _nvsmi_paths -f "$current"; return ;;
    "encodersessions --timeout") return ;;
    "encodersessions --as") return ;;
    "fbcsessions -i"|"fbcsessions --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "fbcsessions --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "fbcsessions --nvml") _nvsmi_paths -f "$current"; return ;;
    "fbcsessions --timeout") return ;;
    "fbcsessions --as") return ;;
    "power-smoothing -i"|"power-smoothing --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "power-smoothing -s"|"power-smoothing --state") return ;;
    "power-smoothing -spp"|"power-smoothing --set-preset-profile") return ;;
    "power-smoothing -p"|"power-smoothing --profile") return ;;
    "power-smoothing -ptf"|"power-smoothing --percent-tmp-floor") return ;;
    "power-smoothing -rur"|"power-smoothing --ramp-up-rate") return ;;
    "power-smoothing -rdr"|"power-smoothing --ramp-down-rate") return ;;
    "power-smoothing -rdh"|"power-smoothing --ramp-down-hysteresis") return ;;
    "power-smoothing -spf"|"power-smoothing --secondary-power-floor") return ;;
    "power-smoothing -pfawm"|"power-smoothing --primary-floor-act-win-mult") return ;;
    "power-smoothing -pftwm"|"power-smoothing --primary-floor-tar-win-mult") return ;;
    "power-smoothing -pfao"|"power-smoothing --primary-floor-act-offset") return ;;
    "power-smoothing --audit") _nvsmi_paths -f "$current"; return ;;
    "power-smoothing --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "power-smoothing --nvml") _nvsmi_paths -f "$current"; return ;;
    "power-smoothing --timeout") return ;;
    "power-smoothing --as") return ;;
    "power-profiles -i"|"power-profiles --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "power-profiles -sr"|"power-profiles --set-requested") return ;;
    "power-profiles -cr"|"power-profiles --clear-requested") return ;;
    "power-profiles --audit") _nvsmi_paths -f "$current"; return ;;
    "power-profiles --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "power-profiles --nvml") _nvsmi_paths -f "$current"; return ;;
    "power-profiles --timeout") return ;;
    "power-profiles --as") return ;;
    "dmon -i"|"dmon --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "dmon -d"|"dmon --delay") return ;;
    "dmon -c"|"dmon --count") return ;;
    "dmon -s"|"dmon --select") _nvsmi_letters 'p u c v m e t' "$current"; return ;;
    "dmon --gpm-metrics") _nvsmi_list '1 2 3 4 5 6 7 8 9 10 11 12 13 20 21 30 31 32 33 34 35 36 37 40 41 42 43 44 45 46 47 50 51 60 61 62 63 64 65 66 67 68 69 70 71 72 73 74 75 76 77 78 79 80 81 82 83 84 85 86 87 88 89 90 91 92 93 94 95 96 97 100 101 102 103 104 105 106 107 108 109 110 111 112 113 114 115 116 117 118 119 120 121 122 123 124 125 126 127 128 129 130 131 132 133 134 135 136 137 138 139 140 141 142 143 144 145 146 147 148 149 150 151 152 153 154 155 156 157 158 159 160 161 162 163 164 165 166 167 168 169 170 171 172 173 174 175 176 177 178 179 180 181 182 183 184 185 186 187 188 189 190 191 192 193 194 195 196 197 198 199 200 201 202 203 204 205 206 207 208 209 212 213 214 215 216 217 218 219 220 221 222 223 224 225 226 227 228 229 230 231 232 233 234 235 236 237 238 239 240 241 242 243 244 245 246 247 248 249 250 251 252 253 254 255 256 257 258 259 260 261 262 263 264 265 266 267 268 269 270 271 272 273 274 275 276 277 278 279 280 281 282 283 284 285 286 287 288 289 290 291 292 293 294 295 296 297 298 299 300 301 302 303 304 305 306 307 308 309 310 311 312 313 314 315 316 317 318 319 320 321 322 323 324 325 326 327 328 329 330 331 332' "$current"; return ;;
    "dmon --gpm-options") _nvsmi_word 'd m dm md' "$current"; return ;;
    "dmon -o"|"dmon --options") _nvsmi_letters 'D T' "$current"; return ;;
    "dmon -f"|"dmon --filename") _nvsmi_paths -f "$current"; return ;;
    "dmon --format") _nvsmi_list 'csv nounit noheader json jsonl' "$current"; return ;;
    "dmon --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "dmon --nvml") _nvsmi_paths -f "$current"; return ;;
    "dmon --timeout") return ;;
    "dmon --as") return ;;
    "pmon -i"|"pmon --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "pmon -d"|"pmon --delay") return ;;
    "pmon -c"|"pmon --count") return ;;
    "pmon -s"|"pmon --select") _nvsmi_letters 'u m' "$current"; return ;;
    "pmon -o"|"pmon --options") _nvsmi_letters 'D T' "$current"; return ;;
    "pmon -f"|"pmon --filename") _nvsmi_paths -f "$current"; return ;;
    "pmon --format") _nvsmi_word 'json jsonl' "$current"; return ;;
    "pmon --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "pmon --nvml") _nvsmi_paths -f "$current"; return ;;
    "pmon --timeout") return ;;
    "pmon --as") return ;;
    "top -i"|"top --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "top -d"|"top --delay") return ;;
    "top -s"|"top --sort") _nvsmi_word 'gpu gi ci pid inner_pid user type sm mem enc dec used_gpu_memory cpu host_memory state run_time container_id pod_uid slurm_job_id slurm_step_id systemd_unit command' "$current"; return ;;
    "top --replay") _nvsmi_paths -d "$current"; return ;;
    "top --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "top --nvml") _nvsmi_paths -f "$current"; return ;;
    "top --timeout") return ;;
    "top --as") return ;;
    "ps -i"|"ps --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "ps -u"|"ps --user") return ;;
    "ps --pod") return ;;
    "ps --job") return ;;
    "ps -s"|"ps --sort") _nvsmi_word 'gpu gi ci pid inner_pid user type sm mem enc dec used_gpu_memory cpu host_memory state run_time container_id pod_uid slurm_job_id slurm_step_id systemd_unit command' "$current"; return ;;
    "ps --by") _nvsmi_word 'user container pod job' "$current"; return ;;
    "ps --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "ps --nvml") _nvsmi_paths -f "$current"; return ;;
    "ps --timeout") return ;;
    "ps --as") return ;;
    "daemon -i"|"daemon --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "daemon -d"|"daemon --delay") return ;;
    "daemon -s"|"daemon --select") _nvsmi_letters 'p u c v m e t' "$current"; return ;;
    "daemon -p"|"daemon --path") _nvsmi_paths -d "$current"; return ;;
    "daemon -j"|"daemon --join") return ;;
    "daemon --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "daemon --nvml") _nvsmi_paths -f "$current"; return ;;
    "daemon --timeout") return ;;
    "daemon --as") return ;;
    "replay -f"|"replay --filename") _nvsmi_paths -f "$current"; return ;;
    "replay -i"|"replay --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "replay -s"|"replay --select") _nvsmi_letters 'p u c v m e t' "$current"; return ;;
    "replay -b"|"replay --begin") return ;;
    "replay -e"|"replay --end") return ;;
    "replay -r"|"replay --redirect") _nvsmi_paths -f "$current"; return ;;
    "replay --format") _nvsmi_list 'csv nounit noheader json jsonl' "$current"; return ;;
    "replay --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "replay --nvml") _nvsmi_paths -f "$current"; return ;;
    "replay --timeout") return ;;
    "replay --as") return ;;
    "exporter -i"|"exporter --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "exporter --listen") return ;;
    "exporter --names") _nvsmi_list 'nvsmi nvidia_smi dcgm' "$current"; return ;;
    "exporter --fields") return ;;
    "exporter --skip") return ;;
    "exporter --labels") _nvsmi_list 'gpu uuid name pci_bus_id serial hostname' "$current"; return ;;
    "exporter --health") return ;;
    "exporter --health-checks") return ;;
    "exporter --health-skip") return ;;
    "exporter --health-expect") _nvsmi_paths -f "$current"; return ;;
    "exporter --web.config.file") _nvsmi_paths -f "$current"; return ;;
    "exporter --textfile") _nvsmi_paths -f "$current"; return ;;
    "exporter --otlp") return ;;
    "exporter --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "exporter --nvml") _nvsmi_paths -f "$current"; return ;;
    "exporter --timeout") return ;;
    "exporter --as") return ;;
    "fleet --prometheus") return ;;
    "fleet --http.config.file") _nvsmi_paths -f "$current"; return ;;
    "fleet --ssh") _nvsmi_paths -f "$current"; return ;;
    "fleet --ssh-config") _nvsmi_paths -f "$current"; return ;;
    "fleet --query-gpu") _nvsmi_list 'timestamp driver_version kmd_version vgpu_driver_capability.heterogenous_multivGPU count name gpu_name serial gpu_serial uuid gpu_uuid pci.bus_id gpu_bus_id pci.domain pci.bus pci.device pci.baseClass pci.subClass pci.device_id pci.sub_device_id vgpu_device_capability.fractional_multiVgpu vgpu_device_capability.heterogeneous_timeSlice_profile vgpu_device_capability.heterogeneous_timeSlice_sizes vgpu_device_capability.homogeneous_placements vgpu_device_capability.mig_timeSlicing vgpu_device_capability.mig_timeSlicing_mode pcie.link.gen.current pcie.link.gen.gpucurrent pcie.link.gen.max pcie.link.gen.gpumax pcie.link.gen.hostmax pcie.link.width.current pcie.link.width.max index display_mode display_attached display_active persistence_mode addressing_mode accounting.mode accounting.buffer_size driver_model.current driver_model.pending vbios_version inforom.img inforom.image inforom.oem inforom.ecc inforom.pwr inforom.power inforom.checksum_validation reset_status.reset_required reset_status.drain_and_reset_recommended gpu_recovery_action gom.current gpu_operation_mode.current gom.pending gpu_operation_mode.pending fan.speed pstate clocks_event_reasons.supported clocks_throttle_reasons.supported clocks_event_reasons.active clocks_throttle_reasons.active clocks_event_reasons.gpu_idle clocks_throttle_reasons.gpu_idle clocks_event_reasons.applications_clocks_setting clocks_throttle_reasons.applications_clocks_setting clocks_event_reasons.sw_power_cap clocks_throttle_reasons.sw_power_cap clocks_event_reasons.hw_slowdown clocks_throttle_reasons.hw_slowdown clocks_event_reasons.hw_thermal_slowdown clocks_throttle_reasons.hw_thermal_slowdown clocks_event_reasons.hw_power_brake_slowdown clocks_throttle_reasons.hw_power_brake_slowdown clocks_event_reasons.sw_thermal_slowdown clocks_throttle_reasons.sw_thermal_slowdown clocks_event_reasons.sync_boost clocks_throttle_reasons.sync_boost clocks_event_reasons_counters.sw_power_cap clocks_event_reasons_counters.sync_boost clocks_event_reasons_counters.sw_thermal_slowdown clocks_event_reasons_counters.hw_thermal_slowdown clocks_event_reasons_counters.hw_power_brake_slowdown memory.total memory.reserved memory.used memory.free compute_mode compute_cap utilization.gpu utilization.memory utilization.encoder utilization.decoder utilization.jpeg utilization.ofa encoder.stats.sessionCount encoder.stats.averageFps encoder.stats.averageLatency dramEncryption.mode.current dramEncryption.mode.pending ecc.mode.current ecc.mode.pending ecc.errors.corrected.volatile.device_memory ecc.errors.corrected.volatile.dram ecc.errors.corrected.volatile.register_file ecc.errors.corrected.volatile.l1_cache ecc.errors.corrected.volatile.l2_cache ecc.errors.corrected.volatile.texture_memory ecc.errors.corrected.volatile.cbu ecc.errors.corrected.volatile.sram ecc.errors.corrected.volatile.total ecc.errors.corrected.aggregate.device_memory ecc.errors.corrected.aggregate.dram ecc.errors.corrected.aggregate.register_file ecc.errors.corrected.aggregate.l1_cache ecc.errors.corrected.aggregate.l2_cache ecc.errors.corrected.aggregate.texture_memory ecc.errors.corrected.aggregate.cbu ecc.errors.corrected.aggregate.sram ecc.errors.corrected.aggregate.total ecc.errors.uncorrected.volatile.device_memory ecc.errors.uncorrected.volatile.dram ecc.errors.uncorrected.volatile.register_file ecc.errors.uncorrected.volatile.l1_cache ecc.errors.uncorrected.volatile.l2_cache ecc.errors.uncorrected.volatile.texture_memory ecc.errors.uncorrected.volatile.cbu ecc.errors.uncorrected.volatile.sram ecc.errors.uncorrected.volatile.total ecc.errors.uncorrected.aggregate.device_memory ecc.errors.uncorrected.aggregate.dram ecc.errors.uncorrected.aggregate.register_file ecc.errors.uncorrected.aggregate.l1_cache ecc.errors.uncorrected.aggregate.l2_cache ecc.errors.uncorrected.aggregate.texture_memory ecc.errors.uncorrected.aggregate.cbu ecc.errors.uncorrected.aggregate.sram ecc.errors.uncorrected.aggregate.total ecc.errors.uncorrected.volatile.sram.parity ecc.errors.uncorrected.volatile.sram.secded ecc.errors.uncorrected.aggregate.sram.parity ecc.errors.uncorrected.aggregate.sram.secded ecc.errors.uncorrected.aggregate.sram.thresholdExceeded ecc.errors.uncorrected.aggregate.sram.l2 ecc.errors.uncorrected.aggregate.sram.sm ecc.errors.uncorrected.aggregate.sram.mcu ecc.errors.uncorrected.aggregate.sram.pcie ecc.errors.uncorrected.aggregate.sram.other retired_pages.single_bit_ecc.count retired_pages.sbe retired_pages.double_bit.count retired_pages.dbe retired_pages.pending remapped_rows.correctable remapped_rows.sbe remapped_rows.correctable_inactive remapped_rows.uncorrectable remapped_rows.dbe remapped_rows.uncorrectable_inactive remapped_rows.pending remapped_rows.failure remapped_rows.histogram.max remapped_rows.histogram.high remapped_rows.histogram.partial remapped_rows.histogram.low remapped_rows.histogram.none temperature.gpu temperature.gpu.tlimit temperature.memory power.management power.draw power.draw.average gpu.power.draw.average power.draw.instant gpu.power.draw.instant power.limit gpu.power.requested_limit enforced.power.limit gpu.power.current_limit power.default_limit gpu.power.default_limit power.min_limit gpu.power.min_limit power.max_limit gpu.power.max_limit module.power.draw.average module.power.draw.instant module.power.limit module.power.requested_limit module.enforced.power.limit module.power.current_limit module.power.default_limit module.power.min_limit module.power.max_limit gpu.base.current gpu.base.requested gpu.base.default gpu.base.min gpu.base.max power_smoothing.tmp_floor power_smoothing.tmp_ceil power_smoothing.hw_lifetime_remaining_percent power_smoothing.enabled power_smoothing.delayed_power_smoothing_supported power_smoothing.soc_power_smoothing_enabled power_smoothing.priv_level power_smoothing.imm_ramp_down power_smoothing.max_percent_tmp_floor power_smoothing.min_percent_tmp_floor power_smoothing.primary_power_floor power_smoothing.secondary_power_floor power_smoothing.min_primary_floor_activation_offset power_smoothing.min_primary_floor_activation_point power_smoothing.window_multiplier power_smoothing.num_preset_profiles power_smoothing.curr_profile.percent_tmp_floor power_smoothing.curr_profile.ramp_up_rate power_smoothing.curr_profile.ramp_down_rate power_smoothing.curr_profile.ramp_down_hysteresis power_smoothing.curr_profile.secondary_power_floor power_smoothing.curr_profile.primary_floor_act_window_multiplier power_smoothing.curr_profile.primary_floor_tar_window_multiplier power_smoothing.curr_profile.primary_floor_act_offset power_smoothing.active_profile power_smoothing.admin_override.percent_tmp_floor power_smoothing.admin_override.ramp_up_rate power_smoothing.admin_override.ramp_down_rate power_smoothing.admin_override.ramp_down_hysteresis power_smoothing.admin_override.secondary_power_floor power_smoothing.admin_override.primary_floor_act_window_multiplier power_smoothing.admin_override.primary_floor_tar_window_multiplier power_smoothing.admin_override.primary_floor_act_offset edpp_multiplier clocks.current.graphics clocks.gr clocks.current.sm clocks.sm clocks.current.memory clocks.mem clocks.current.video clocks.video clocks.applications.graphics clocks.applications.gr clocks.applications.memory clocks.applications.mem clocks.default_applications.graphics clocks.default_applications.gr clocks.default_applications.memory clocks.default_applications.mem clocks.max.graphics clocks.max.gr clocks.max.sm clocks.max.memory clocks.max.mem mig.mode.current mig.mode.pending gsp.mode.current gsp.mode.default c2c.mode protected_memory.total protected_memory.used protected_memory.free fabric.state fabric.status fabric.cliqueId fabric.clusterUuid fabric.health.summary fabric.health.bandwidth fabric.health.route_recovery_in_progress fabric.health.route_unhealthy fabric.health.access_timeout_recovery fabric.health.incorrect_configuration fabric.health.partition_assigned platform.chassis_serial_number platform.slot_number platform.tray_index platform.host_id platform.peer_type platform.module_id platform.gpu_fabric_guid hostname bbx.time_run' "$current"; return ;;
    "fleet --format") _nvsmi_list 'csv noheader nounits json jsonl' "$current"; return ;;
    "fleet --at") return ;;
    "fleet --since") return ;;
    "fleet --filter") return ;;
    "fleet --sort") return ;;
    "fleet --host-timeout") return ;;
    "fleet --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "fleet --nvml") _nvsmi_paths -f "$current"; return ;;
    "fleet --timeout") return ;;
    "fleet --as") return ;;
    "gpm -i"|"gpm --id") _nvsmi_list "$(_nvsmi_gpus)" "$current"; return ;;
    "gpm -s"|"gpm --set-stream-state") return ;;
    "gpm --audit") _nvsmi_paths -f "$current"; return ;;
    "gpm --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "gpm --nvml") _nvsmi_paths -f "$current"; return ;;
    "gpm --timeout") return ;;
    "gpm --as") return ;;
    "help --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "help --nvml") _nvsmi_paths -f "$current"; return ;;
    "help --timeout") return ;;
    "help --as") return ;;
    "version --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "version --nvml") _nvsmi_paths -f "$current"; return ;;
    "version --timeout") return ;;
    "version --as") return ;;
    "completion --snapshot") _nvsmi_word 'a100-mig gb10 h100-mig h100-x1 h200-x1 h200-x2 h200-x2-load hgx-h100-x8 l40s lost-gpu mismatch none rtx-4090 rtx-5090 t4 vgpu-guest wsl' "$current"; _nvsmi_paths -f "$current"; return ;;
    "completion --nvml") _nvsmi_paths -f "$current"; return ;;
    "completion --timeout") return ;;
    "completion --as") return ;;
  esac
  case $command in
    '') words='-h --help --version -L --list-gpus -B --list-excluded-gpus --get-hostname -q --query -u --unit -i -g --id -f --filename -x --xml-format --dtd --json -d --display -l --loop -lms --loop-ms --query-gpu --help-query-gpu --query-compute-apps --help-query-compute-apps --query-accounted-apps --help-query-accounted-apps --query-supported-clocks --help-query-supported-clocks --query-retired-pages --help-query-retired-pages --query-remapped-rows --help-query-remapped-rows --query-vgpu-scheduler-logs --help-vgpu-query-scheduler-logs --format -pm --persistence-mode -e --ecc-config -p --reset-ecc-errors -c --compute-mode --gom -vm --virt-mode -lgc --lock-gpu-clocks -rgc --reset-gpu-clocks -lmc --lock-memory-clocks -rmc --reset-memory-clocks -lmcd --lock-memory-clocks-deferred -rmcd --reset-memory-clocks-deferred -ac --applications-clocks -rac --reset-applications-clocks -acp --applications-clocks-permission -pl --power-limit -cc --cuda-clocks -am --accounting-mode -caa --clear-accounted-apps --auto-boost-default --auto-boost-permission -mig --multi-instance-gpu -gtt --gpu-target-temp -dm --driver-model -fdm --force-driver-model -r --gpu-reset -m --mode -sc --scope --set-hostname -den --dram-encryption -t --toggle-led -eow --error-on-warning --dry-run --audit --keep-going --lenient --snapshot --nvml --timeout --as' ;;
    'snapshot') words='-h --help -o --output --title --keep-identities --samples -l --loop -lms --loop-ms --snapshot --nvml --timeout --as' ;;
    'simulate') words='-h --help -o --output --set --fail --hang --control --writable --still --log --arch --snapshot --nvml --timeout --as' ;;
    'doctor') words='-h --help --json --checks --skip --list --root --snapshot --nvml --timeout --as' ;;
    'health') words='-h --help -i --id --json --nagios -v --verbose --checks --skip --list --expect --learn --state -l --loop --root --snapshot --nvml --timeout --as' ;;
    'events') words='-h --help -i --id --json --since -c --count --list-xids --root --snapshot --nvml --timeout --as' ;;
    'topo') words='-h --help -m --matrix -mp --matrix_pci -c --cpu -n --nearest_gpus -p --gpu_path -p2p --p2pstatus -C --get-numa-id-of-nearby-cpu -M --get-numa-id-of-nearby-mem -gnid --gpu-numa-id -nvme --matrix_nvme -i --id --json --snapshot --nvml --timeout --as' ;;
    'drain') words='-h --help -p --pciid -q --query --json -m --modify -r --remove -d --discover --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'nvlink') words='-h --help -i --id -l --link -s --status -c --capabilities -p --pcibusid -R --remotelinkinfo -e --errorcounters -ec --crcerrorcounters -gt --getthroughput -gLowPwrInfo --getLowPowerInfo -gBwMode --getBandwidthMode -info --info -cBridge --checkBridge --json -re --reseterrorcounters -sLowPwrThres --setLowPowerThreshold -sBwMode --setBandwidthMode --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'c2c') words='-h --help -i --id -l --link -s --status -e --errorCounters -gLowPwrInfo -getLowPowerInfo --getLowPowerInfo --json --snapshot --nvml --timeout --as' ;;
    'clocks') words='-h --help -i --id --sync-boost-list --json --snapshot --nvml --timeout --as' ;;
    'pci') words='-h --help -i --id -gErrCnt --getErrorCounters -gCnt --getCounters --json -cErrCnt --clearErrorCounters -cCnt --clearCounters --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'prm') words='-h --help -l --list -i --index -c --counters -n --name -f --info -p --params --json --snapshot --nvml --timeout --as' ;;
    'mig') words='-h --help -i --id -gi --gpu-instance-id -ci --compute-instance-id -lgip --list-gpu-instance-profiles -lgipp --list-gpu-instance-possible-placements -lgi --list-gpu-instances -lcip --list-compute-instance-profiles -lcipp --list-compute-instance-possible-placements -lci --list-compute-instances --json -cgi --create-gpu-instance -cci --create-compute-instance -dgi --destroy-gpu-instance -dci --destroy-compute-instance -C --default-compute-instance --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'apply') words='-h --help --yes --dry-run --audit --json --snapshot --nvml --timeout --as' ;;
    'vgpu') words='-h --help -i --id -gi --gpu-instance-id -l --loop -q --query -s --supported -c --creatable -u --utilization --gpm-metrics -p --pmon -es --encodersessions -fs --fbcsessions -m --migrationcap -ss --schedulerstate -sc --schedulercaps -sl --schedulerlogs -ghm --get-heterogeneous-mode -v --verbose --query-vgpu-scheduler-logs --query-gpu-instance-vgpu-scheduler-logs --help-gpu-instance-vgpu-query-scheduler-logs --query-accounted-apps --format -f --filename -lms --loop-ms --json -caa --clear-accounted-apps -shm --set-heterogeneous-mode -smts --set-mig-timeslice-mode --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'vgpu-set-scheduler-state') words='-h --help -i --id -p --policy -a --arr-mode -asf --arr-sched-frequency -aavg --arr-avg-factor -ts --time-slice --json --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'conf-compute') words='-h --help -i --id -gc --get-cpu-caps -gg --get-gpus-caps -d --get-devtools-mode -e --get-environment -f --get-cc-feature -grs --get-gpus-ready-state -gkr --get-key-rotation-threshold-info -mgm --get-multigpu-mode -q --query-conf-compute -gm --get-mem-size-info --json -sm --set-unprotected-mem-size -srs --set-gpus-ready-state -skr --set-key-rotation-max-attacker-advantage --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'compute-policy') words='-h --help -i --id -l --list --json --snapshot --nvml --timeout --as' ;;
    'boost-slider') words='-h --help -i --id -l --list --json --snapshot --nvml --timeout --as' ;;
    'power-hint') words='-h --help -i --id -l --list-info -gc --graphics-clock -mc --memory-clock -t --temperature -p --profile --json --snapshot --nvml --timeout --as' ;;
    'base-clocks') words='-h --help -i --id --json --snapshot --nvml --timeout --as' ;;
    'encodersessions') words='-h --help -i --id -l --loop --json --snapshot --nvml --timeout --as' ;;
    'fbcsessions') words='-h --help -i --id -l --loop --json --snapshot --nvml --timeout --as' ;;
    'power-smoothing') words='-h --help -i --id -ppd --print-profile-definitions --json -s --state -spp --set-preset-profile -p --profile -ptf --percent-tmp-floor -rur --ramp-up-rate -rdr --ramp-down-rate -rdh --ramp-down-hysteresis -spf --secondary-power-floor -pfawm --primary-floor-act-win-mult -pftwm --primary-floor-tar-win-mult -pfao --primary-floor-act-offset --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'power-profiles') words='-h --help -i --id -l --list -ld --list-detailed -gr --get-requested -ge --get-enforced --json -sr --set-requested -cr --clear-requested --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'dmon') words='-h --help -i --id -d --delay -c --count -s --select --gpm-metrics --gpm-options -o --options -f --filename --format --snapshot --nvml --timeout --as' ;;
    'pmon') words='-h --help -i --id -d --delay -c --count -s --select -o --options -f --filename --format --snapshot --nvml --timeout --as' ;;
    'top') words='-h --help -i --id -d --delay -s --sort -t --tree --readonly --once --replay --json --snapshot --nvml --timeout --as' ;;
    'ps') words='-h --help -i --id -u --user --pod --job -s --sort -r --reverse --by --json --snapshot --nvml --timeout --as' ;;
    'daemon') words='-h --help -i --id -d --delay -s --select -p --path -j --join -t --term --foreground --snapshot --nvml --timeout --as' ;;
    'replay') words='-h --help -f --filename -i --id -s --select -b --begin -e --end -r --redirect --format --snapshot --nvml --timeout --as' ;;
    'exporter') words='-h --help -i --id --listen --names -l --loop --fields --skip --labels --processes --pcie-throughput --health --health-checks --health-skip --health-expect --web.config.file --textfile --otlp --snapshot --nvml --timeout --as' ;;
    'fleet') words='-h --help --prometheus --http.config.file --ssh --ssh-config -L --list-gpus --query-gpu --format --at --since --filter --sort --host-timeout --json --snapshot --nvml --timeout --as' ;;
    'gpm') words='-h --help -i --id -g --get-stream-state -s --set-stream-state --json --dry-run --audit --snapshot --nvml --timeout --as' ;;
    'help') words='-h --help --snapshot --nvml --timeout --as' ;;
    'version') words='-h --help --json --snapshot --nvml --timeout --as' ;;
    'completion') words='-h --help --snapshot --nvml --timeout --as' ;;
  esac
  case "$command $previous" in
    "help help") words+=' snapshot simulate doctor health events topo drain nvlink c2c clocks pci prm mig apply vgpu vgpu-set-scheduler-state conf-compute compute-policy boost-slider power-hint base-clocks encodersessions fbcsessions power-smoothing power-profiles dmon pmon top ps daemon replay exporter fleet gpm help version completion' ;;
    "completion completion") words+=' bash zsh fish' ;;
  esac
  [[ $COMP_CWORD -eq $at ]] && words+=' snapshot simulate doctor health events topo drain nvlink c2c clocks pci prm mig apply vgpu vgpu-set-scheduler-state conf-compute compute-policy boost-slider power-hint base-clocks encodersessions fbcsessions power-smoothing power-profiles dmon pmon top ps daemon replay exporter fleet gpm help version completion'
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}

complete -F _nvsmi nvsmi
