/** Table: what the field ids of nvmlDeviceGetFieldValues (NVML_FI_*) stand for, by patterns of their names. */
import { scopeOf } from '../src/nvml/field-scopes.js';

/** What a part of a name means. */
const PARTS: Readonly<Record<string, string>> = {
  SBE: 'Corrected',
  DBE: 'Uncorrected',
  VOL: 'since the driver was loaded',
  AGG: 'in the life of the GPU',
  L1: 'in the L1 cache',
  L2: 'in the L2 cache',
  DEV: 'in the device memory',
  REG: 'in the register files',
  TEX: 'in the texture memory',
  CBU: 'in the convergence barrier unit',
  TX: 'sent',
  RX: 'received',
  XMIT: 'sent',
  RCV: 'received',
  RAW: 'with the protocol around it',
  DATA: 'without the protocol around it',
  COR: 'corrected',
  UNC: 'uncorrected',
  CRC_FLIT: 'CRC errors in flow control units',
  CRC_DATA: 'CRC errors in data',
  REPLAY: 'Replays',
  RECOVERY: 'Recoveries',
  ECC_DATA: 'ECC errors in data',
  MIN: 'least',
  MAX: 'greatest',
  UP: 'rise',
  DOWN: 'fall',
  PRIMARY: 'primary',
  SECONDARY: 'secondary',
  INBOUND: 'from the link',
  OUTBOUND: 'to the link',
  ACT: 'until the primary floor is active',
  TAR: 'that the draw is averaged over for the primary floor',
  SHUTDOWN: 'the GPU shuts down',
  SLOWDOWN: 'the hardware cuts the clocks',
  MEM_MAX: 'the memory is as warm as it may be',
  GPU_MAX: 'the GPU is as warm as it may be in operation',
};

const ROWS: readonly (readonly [RegExp, string])[] = [
  [/^ECC_CURRENT$/, 'Whether ECC is on: NVML_FEATURE_*.'],
  [/^ECC_PENDING$/, 'Whether ECC is on after the next reboot or reset: NVML_FEATURE_*.'],
  [/^ECC_(SBE|DBE)_(VOL|AGG)_TOTAL$/, '{1} ECC errors {2}, everywhere.'],
  [/^ECC_(SBE|DBE)_(VOL|AGG)_(L1|L2|DEV|REG|TEX|CBU)$/, '{1} ECC errors {2}, {3}.'],
  [/^RETIRED_SBE$/, 'Pages that were retired for several corrected errors.'],
  [/^RETIRED_DBE$/, 'Pages that were retired for an uncorrected error.'],
  [/^RETIRED_PENDING$/, 'Whether a page waits for the next reboot to be retired: 1, else 0.'],
  [/^RETIRED_PENDING_SBE$/, 'Whether a page with corrected errors waits to be retired: 1, else 0.'],
  [/^RETIRED_PENDING_DBE$/, 'Whether a page with an uncorrected error waits to be retired: 1, else 0.'],
  [/^NVLINK_(CRC_FLIT|CRC_DATA|REPLAY|RECOVERY|ECC_DATA)_ERROR_COUNT_L(\d+)$/, '{1} on NVLink {2}.'],
  [/^NVLINK_(CRC_FLIT|CRC_DATA|REPLAY|RECOVERY|ECC_DATA)_ERROR_COUNT_TOTAL$/, '{1} on all NVLinks.'],
  [/^NVLINK_BANDWIDTH_C(\d)_L(\d+)$/, 'Utilization counter {1} of NVLink {2}.'],
  [/^NVLINK_BANDWIDTH_C(\d)_TOTAL$/, 'Utilization counter {1} of all NVLinks.'],
  [/^PERF_POLICY_POWER$/, 'Time with lower clocks for the power limit, in ns.'],
  [/^PERF_POLICY_THERMAL$/, 'Time with lower clocks for the temperature, in ns.'],
  [/^PERF_POLICY_SYNC_BOOST$/, 'Time with lower clocks for a sync boost group, in ns.'],
  [/^PERF_POLICY_BOARD_LIMIT$/, "Time with lower clocks for the board's voltage limit, in ns."],
  [/^PERF_POLICY_LOW_UTILIZATION$/, 'Time with lower clocks for want of work, in ns.'],
  [/^PERF_POLICY_RELIABILITY$/, 'Time with lower clocks for reliability, in ns.'],
  [/^PERF_POLICY_TOTAL_APP_CLOCKS$/, 'Time below the application clocks, for whatever reason, in ns.'],
  [/^PERF_POLICY_TOTAL_BASE_CLOCKS$/, 'Time below the base clocks, for whatever reason, in ns.'],
  [/^MEMORY_TEMP$/, 'Temperature of the memory, in °C.'],
  [/^TOTAL_ENERGY_CONSUMPTION$/, 'Energy since the driver was loaded, in mJ.'],
  [/^NVLINK_SPEED_MBPS_L(\d+)$/, 'Speed of NVLink {1}, in MB/s.'],
  [/^NVLINK_SPEED_MBPS_COMMON$/, 'Speed that all active NVLinks have, in MB/s.'],
  [/^NVLINK_LINK_COUNT$/, 'How many NVLinks the GPU has.'],
  [/^PCIE_REPLAY_COUNTER$/, 'PCIe replays.'],
  [/^PCIE_REPLAY_ROLLOVER_COUNTER$/, 'How often the counter of PCIe replays began anew.'],
  [/^NVLINK_THROUGHPUT_(DATA|RAW)_(TX|RX)$/, 'What was {2} over NVLink, {1}, in KiB.'],
  [/^REMAPPED_(COR|UNC)$/, 'Memory rows that were remapped for {1} errors.'],
  [/^REMAPPED_PENDING$/, 'Whether a row waits for the next reset to be remapped: 1, else 0.'],
  [/^REMAPPED_FAILURE$/, 'Whether the remapping of a row ever failed: 1, else 0.'],
  [/^REMAPPED_ROWS_(COR|UNC)_INACTIVE$/, 'Remapped rows for {1} errors that are not in use.'],
  [/^NVLINK_REMOTE_NVLINK_ID$/, 'Number that the link has at its other end.'],
  [/^NVSWITCH_CONNECTED_LINK_COUNT$/, 'How many NVLinks lead to an NVSwitch.'],
  [/^NVLINK_ERROR_DL_REPLAY$/, 'Replays of the data link layer.'],
  [/^NVLINK_ERROR_DL_RECOVERY$/, 'Recoveries of the data link layer.'],
  [/^NVLINK_ERROR_DL_CRC$/, 'CRC errors of the data link layer.'],
  [/^NVLINK_GET_SPEED$/, 'Speed of the link, in MB/s.'],
  [/^NVLINK_GET_STATE$/, 'NVML_NVLINK_STATE_*.'],
  [/^NVLINK_GET_VERSION$/, 'NVML_NVLINK_VERSION_*.'],
  [/^NVLINK_GET_DATA_RATE$/, 'Data rate of the link.'],
  [/^NVLINK_GET_POWER_STATE$/, 'NVML_NVLINK_POWER_STATE_*.'],
  [
    /^NVLINK_GET_POWER_THRESHOLD$/,
    'Idle time after which the link sleeps, in units of ..._POWER_THRESHOLD_UNITS.',
  ],
  [/^NVLINK_GET_POWER_THRESHOLD_(MIN|MAX)$/, 'The {1} threshold that can be set, in the same units.'],
  [/^NVLINK_GET_POWER_THRESHOLD_UNITS$/, 'Unit of the threshold: NVML_NVLINK_LOW_POWER_THRESHOLD_UNIT_*.'],
  [/^NVLINK_GET_POWER_THRESHOLD_SUPPORTED$/, 'Whether the threshold can be set: 1, else 0.'],
  [/^PCIE_L0_TO_RECOVERY_COUNTER$/, 'How often the PCIe link went from L0 into recovery.'],
  [/^C2C_LINK_COUNT$/, 'How many C2C links the GPU has.'],
  [/^C2C_LINK_GET_STATUS$/, 'Whether the link is active: 1, else 0.'],
  [/^C2C_LINK_GET_MAX_BW$/, 'Greatest bandwidth of the link, in MB/s.'],
  [/^C2C_LINK_ERROR_INTR$/, 'Interrupts for errors of the link.'],
  [/^C2C_LINK_ERROR_REPLAY$/, 'Replays of the link.'],
  [/^C2C_LINK_ERROR_REPLAY_B2B$/, 'Replays of the link right after another.'],
  [/^C2C_LINK_POWER_STATE$/, 'NVML_C2C_POWER_STATE_*.'],
  [/^PCIE_COUNT_CORRECTABLE_ERRORS$/, 'Correctable PCIe errors.'],
  [/^PCIE_COUNT_NAKS_RECEIVED$/, 'Negative acknowledgements received on PCIe.'],
  [/^PCIE_COUNT_NAKS_SENT$/, 'Negative acknowledgements sent on PCIe.'],
  [/^PCIE_COUNT_RECEIVER_ERROR$/, 'Receiver errors on PCIe.'],
  [/^PCIE_COUNT_BAD_TLP$/, 'Bad transaction layer packets on PCIe.'],
  [/^PCIE_COUNT_BAD_DLLP$/, 'Bad data link layer packets on PCIe.'],
  [/^PCIE_COUNT_NON_FATAL_ERROR$/, 'Errors on PCIe that are not fatal.'],
  [/^PCIE_COUNT_FATAL_ERROR$/, 'Fatal errors on PCIe.'],
  [/^PCIE_COUNT_UNSUPPORTED_REQ$/, 'Requests on PCIe that are not supported.'],
  [/^PCIE_COUNT_LCRC_ERROR$/, 'Link CRC errors on PCIe.'],
  [/^PCIE_COUNT_LANE_ERROR$/, 'Errors of one PCIe lane.'],
  [/^PCIE_COUNT_(TX|RX)_BYTES$/, 'Bytes {1} over PCIe.'],
  [/^IS_RESETLESS_MIG_SUPPORTED$/, 'Whether the MIG mode changes without a reset: 1, else 0.'],
  [
    /^IS_MIG_MODE_INDEPENDENT_MIG_QUERY_CAPABLE$/,
    'Whether MIG can be asked about while it is off: 1, else 0.',
  ],
  [/^POWER_AVERAGE$/, 'Power draw, averaged over a second, in mW.'],
  [/^POWER_INSTANT$/, 'Power draw at the moment, in mW.'],
  [/^POWER_(MIN|MAX)_LIMIT$/, 'The {1} power limit that can be set, in mW.'],
  [/^POWER_DEFAULT_LIMIT$/, 'Power limit after the driver was loaded, in mW.'],
  [/^POWER_CURRENT_LIMIT$/, 'Power limit that holds, in mW.'],
  [/^POWER_REQUESTED_LIMIT$/, 'Power limit that was asked for, in mW.'],
  [/^ENERGY$/, 'Energy since the driver was loaded, in mJ.'],
  [
    /^TEMPERATURE_(SHUTDOWN|SLOWDOWN|MEM_MAX|GPU_MAX)_TLIMIT$/,
    'Margin to the slowdown temperature (T.Limit), in °C, at which {1}.',
  ],
  [/^NVLINK_COUNT_(XMIT|RCV)_PACKETS$/, 'Packets {1} over NVLink.'],
  [/^NVLINK_COUNT_(XMIT|RCV)_BYTES$/, 'Bytes {1} over NVLink.'],
  [/^NVLINK_COUNT_VL15_DROPPED$/, 'Packets of the management lane (VL15) that were dropped.'],
  [/^NVLINK_COUNT_MALFORMED_PACKET_ERRORS$/, 'Malformed packets on NVLink.'],
  [/^NVLINK_COUNT_BUFFER_OVERRUN_ERRORS$/, 'Packets that found the receive buffer full.'],
  [/^NVLINK_COUNT_RCV_ERRORS$/, 'Packets received with errors.'],
  [/^NVLINK_COUNT_RCV_REMOTE_ERRORS$/, 'Packets that the other end had marked as bad.'],
  [/^NVLINK_COUNT_RCV_GENERAL_ERRORS$/, 'Other errors in what was received.'],
  [/^NVLINK_COUNT_LOCAL_LINK_INTEGRITY_ERRORS$/, 'How often the link had more errors than it may.'],
  [/^NVLINK_COUNT_XMIT_DISCARDS$/, 'Packets to be sent that were discarded.'],
  [/^NVLINK_COUNT_LINK_RECOVERY_SUCCESSFUL_EVENTS$/, 'Recoveries of the link that succeeded.'],
  [/^NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS$/, 'Recoveries of the link that failed.'],
  [/^NVLINK_COUNT_LINK_RECOVERY_EVENTS$/, 'Recoveries of the link.'],
  [/^NVLINK_COUNT_(?:RAW|EFFECTIVE|SYMBOL)_BER/, '{ber}'],
  [/^NVLINK_COUNT_RAW_ERRORS_LANE(\d)$/, 'Errors of lane {1} before correction.'],
  [/^NVLINK_COUNT_EFFECTIVE_ERRORS$/, 'Errors that correction left.'],
  [/^NVLINK_COUNT_SYMBOL_ERRORS$/, 'Wrong symbols on NVLink.'],
  [/^NVLINK_COUNT_FEC_HISTORY_(\d+)$/, 'Blocks in which {1} symbols were corrected.'],
  [/^NVLINK_PLR_XMIT_BLOCKS$/, 'Blocks sent by physical layer retransmission.'],
  [/^NVLINK_PLR_XMIT_RETRY_BLOCKS$/, 'Blocks sent again by physical layer retransmission.'],
  [/^RESET_STATUS$/, 'Whether the GPU must be reset: 1, else 0.'],
  [/^DRAIN_AND_RESET_STATUS$/, 'Whether the GPU should be reset once its work is done: 1, else 0.'],
  [/^PCIE_(OUTBOUND|INBOUND)_ATOMICS_MASK$/, 'Atomics over PCIe {1}: NVML_PCIE_ATOMICS_CAP_*, joined by |.'],
  [/^GET_GPU_RECOVERY_ACTION$/, 'What makes the GPU sound again: NVML_GPU_RECOVERY_ACTION_*.'],
  [/^CLOCKS_EVENT_REASON_SW_POWER_CAP$/, 'Time with lower clocks for the power limit, in ns.'],
  [/^CLOCKS_EVENT_REASON_SYNC_BOOST$/, 'Time with lower clocks for a sync boost group, in ns.'],
  [
    /^CLOCKS_EVENT_REASON_SW_THERM_SLOWDOWN$/,
    'Time in which the driver lowered the clocks for the temperature, in ns.',
  ],
  [
    /^CLOCKS_EVENT_REASON_HW_THERM_SLOWDOWN$/,
    'Time in which the hardware cut the clocks for the temperature, in ns.',
  ],
  [
    /^CLOCKS_EVENT_REASON_HW_POWER_BRAKE_SLOWDOWN$/,
    'Time in which a power brake signal cut the clocks, in ns.',
  ],
  [/^POWER_SYNC_BALANCING_FREQ$/, 'Frequency of power balancing between GPUs.'],
  [/^POWER_SYNC_BALANCING_AF$/, 'Activity factor of power balancing between GPUs.'],
  [/^EDPP_MULTIPLIER$/, 'Factor of the limit for peak currents (EDPp), in %.'],
  [/^MMA_STALL_PERCENT$/, 'Share of time in which matrix instructions wait, in %.'],
  [/^MCLK_SWITCH_TYPE$/, 'How the memory clock can change: NVML_MCLK_SWITCH_TYPE_*.'],
  [/^MCLK_MIN_SWITCH_INTERVAL_MILLISECONDS$/, 'Least time between two changes of the memory clock, in ms.'],
  [/^PWR_SMOOTHING_ENABLED$/, 'Whether power smoothing is on: 1, else 0.'],
  [
    /^PWR_SMOOTHING_SOC_POWER_SMOOTHING_ENABLED$/,
    'Whether power smoothing of the whole chip is on: 1, else 0.',
  ],
  [/^PWR_SMOOTHING_PRIV_LVL$/, 'What this user may set of power smoothing.'],
  [/^PWR_SMOOTHING_IMM_RAMP_DOWN_ENABLED$/, 'Whether the draw may fall at once: 1, else 0.'],
  [/^PWR_SMOOTHING_APPLIED_TMP_CEIL$/, 'Highest total power of the module that holds.'],
  [/^PWR_SMOOTHING_APPLIED_TMP_FLOOR$/, 'Lowest total power of the module that holds.'],
  [
    /^PWR_SMOOTHING_(MIN|MAX)_PERCENT_TMP_FLOOR_SETTING$/,
    'The {1} power floor that can be set, in % of the total power.',
  ],
  [
    /^PWR_SMOOTHING_HW_CIRCUITRY_PERCENT_LIFETIME_REMAINING$/,
    'What is left of the life of the circuit, in %.',
  ],
  [/^PWR_SMOOTHING_MAX_NUM_PRESET_PROFILES$/, 'How many preset profiles there are.'],
  [/^PWR_SMOOTHING_ACTIVE_PRESET_PROFILE$/, 'Number of the active preset profile.'],
  [/^PWR_SMOOTHING_(PRIMARY|SECONDARY)_POWER_FLOOR$/, 'The {1} power floor, in W.'],
  [
    /^PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_OFFSET$/,
    'Least distance from the primary floor to the draw that activates it, in W.',
  ],
  [/^PWR_SMOOTHING_MIN_PRIMARY_FLOOR_ACT_POINT$/, 'Least draw that activates the primary floor, in W.'],
  [/^PWR_SMOOTHING_WINDOW_MULTIPLIER$/, 'Length of the unit that windows are counted in, in ms.'],
  [/^PWR_SMOOTHING_DELAYED_PWR_SMOOTHING_SUPPORTED$/, 'Whether smoothing can be delayed: 1, else 0.'],
  [
    /^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_PERCENT_TMP_FLOOR$/,
    '{of} power floor, in % of the total power.',
  ],
  [
    /^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_RAMP_(UP|DOWN)_RATE$/,
    '{of} rate at which the draw may {1}, in mW/s.',
  ],
  [
    /^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_RAMP_DOWN_HYST_VAL$/,
    '{of} wait before the draw falls, in ms.',
  ],
  [/^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_SECONDARY_POWER_FLOOR$/, '{of} secondary power floor, in W.'],
  [
    /^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_PRIMARY_FLOOR_(ACT|TAR)_WIN_MULT$/,
    '{of} windows {1}, in units of the window multiplier.',
  ],
  [
    /^PWR_SMOOTHING_(?:PROFILE|ADMIN_OVERRIDE)_PRIMARY_FLOOR_ACT_OFFSET$/,
    '{of} distance from the primary floor to the draw that activates it, in W.',
  ],
  [/^MAX$/, 'One more than the highest field id.'],
];

const RATES: Readonly<Record<string, string>> = {
  RAW: 'Bit error rate before correction',
  EFFECTIVE: 'Bit error rate after correction',
  SYMBOL: 'Rate of wrong symbols',
};

/** 0x1A05 is 26e-5: see NVML_NVLINK_BER_*. */
function errorRate(name: string): string {
  const [, kind = '', lane] = /COUNT_(\w+?)_BER(?:_LANE(\d))?/.exec(name) ?? [];
  return `${RATES[kind]}${lane === undefined ? '' : ` of lane ${lane}`}: mantissa and exponent, see NVML_NVLINK_BER_*.`;
}

/** The comment of a constant, its unit and its scope included. */
export function fieldComment(constant: string, id: number): string {
  const name = constant.replace(/^NVML_FI_(DEV_)?/, '');
  const row = ROWS.find(([pattern]) => pattern.test(name));
  if (row === undefined)
    throw new Error(`${constant}: what is this field? tools/field-comments.ts does not say`);
  const [pattern, text] = row;
  const groups = pattern.exec(name) ?? [];
  const of = name.includes('ADMIN_OVERRIDE') ? "An administrator's" : "A profile's";
  const said = text
    .replace('{ber}', () => errorRate(name))
    .replace('{of}', of)
    .replace(/\{(\d)\}/g, (_, n) => PARTS[groups[n] ?? ''] ?? groups[n] ?? '');
  const scope = scopeOf(id);
  return scope === undefined ? said : `${said} Scope: ${scope}.`;
}
