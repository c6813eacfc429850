import { describe, expect, it } from 'vitest';
import { dcgmDialect } from '../../src/exporter/dialects/dcgm.js';
import { nvidiaSmiDialect } from '../../src/exporter/dialects/nvidia-smi.js';
import { families, nvsmiDialect } from '../../src/exporter/dialects/nvsmi.js';
import { familyOf } from '../../src/exporter/field.js';
import { allFields } from '../../src/exporter/fields.js';
import { collectedFrom, EVERYTHING, namesIn, valuesOf } from './collected.js';
import { DASHBOARD_NAMES, DCGM_DEFAULT_COUNTERS, DCGM_UNKNOWN } from './foreign-names.js';

const nvsmi = nvsmiDialect(['gpu', 'uuid'], 'node-1');

describe('our own names', () => {
  it('are the fields with a base unit, and total where they count', () => {
    const names = Object.fromEntries([...families].map(([field, { name }]) => [field, name]));
    expect(names).toMatchObject({
      'power.draw': 'nvsmi_power_draw_watts',
      'temperature.gpu': 'nvsmi_temperature_gpu_celsius',
      'memory.used': 'nvsmi_memory_used_bytes',
      'utilization.gpu': 'nvsmi_utilization_gpu_ratio',
      'clocks.current.sm': 'nvsmi_clocks_current_sm_hertz',
      'clocks_event_reasons_counters.sw_power_cap':
        'nvsmi_clocks_event_reasons_counters_sw_power_cap_seconds_total',
      'ecc.errors.corrected.volatile.total': 'nvsmi_ecc_errors_corrected_volatile_total',
      energy: 'nvsmi_energy_joules_total',
      'nvlink.errors.replay': 'nvsmi_nvlink_errors_replay_total',
      'nvlink.throughput.data.tx': 'nvsmi_nvlink_throughput_data_tx_bytes_total',
      'mig.memory.used': 'nvsmi_mig_memory_used_bytes',
      'process.used_memory': 'nvsmi_process_used_memory_bytes',
      'xid.errors': 'nvsmi_xid_errors_total',
    });
  });

  it('are names of Prometheus, each of one field with a help', () => {
    const names = allFields.flatMap((field) => familyOf(field)?.name ?? []);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => !/^nvsmi_[a-z][a-z0-9_]*$/.test(name))).toEqual([]);
    expect(allFields.filter(({ help }) => help === '')).toEqual([]);
  });

  it('have values in base units', async () => {
    const points = nvsmi.fold(await collectedFrom('hgx-h100-x8'));
    const first = (family: string): number | undefined => valuesOf(points, family, 'gpu')['0'];
    expect(first('nvsmi_power_draw_watts')).toBe(697.533);
    expect(first('nvsmi_utilization_gpu_ratio')).toBe(1);
    expect(first('nvsmi_clocks_current_sm_hertz')).toBe(1_620_000_000);
    expect(first('nvsmi_memory_used_bytes')).toBe(74_714_185_728);
    // The reading is the bit of a mask.
    expect(first('nvsmi_clocks_event_reasons_sw_power_cap')).toBe(1);
    expect(first('nvsmi_gpm_sm_util_ratio')).toBe(0.9353);
    expect(Object.keys(valuesOf(points, 'nvsmi_nvlink_active', 'link'))).toHaveLength(18);
  });

  it('leave out what a GPU does not have', async () => {
    const points = nvsmi.fold(await collectedFrom('rtx-4090'));
    expect(namesIn(points)).toContain('nvsmi_fan_speed_ratio');
    expect(namesIn(points)).not.toContain('nvsmi_temperature_memory_celsius');
    expect(namesIn(points)).not.toContain('nvsmi_ecc_errors_uncorrected_volatile_total');
    expect(namesIn(nvsmi.fold(await collectedFrom('h100-x1')))).not.toContain('nvsmi_fan_speed_ratio');
  });

  it('say of a lost GPU that it is lost, and nothing else', async () => {
    const collected = await collectedFrom('lost-gpu');
    const reachable = valuesOf(nvsmi.fold(collected), 'nvsmi_gpu_reachable', 'gpu');
    expect(Object.values(reachable)).toContain(0);
    expect(Object.values(reachable)).toContain(1);
    const [lost = ''] = Object.entries(reachable).find(([, value]) => value === 0) ?? [];
    expect(collected.records.filter(({ labels }) => labels.gpu === lost)).toHaveLength(1);
    expect(collected.errors).toHaveProperty('NVML_ERROR_GPU_IS_LOST');
  });

  it('distinguish MIG devices by UUID, instances and profile', async () => {
    const points = nvsmi.fold(await collectedFrom('a100-mig'));
    const info = [...points].find(([{ name }]) => name === 'nvsmi_mig_info')?.[1] ?? [];
    expect(info.length).toBeGreaterThan(1);
    expect(info.map(({ labels }) => labels.profile)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^\dg\.\d+gb$/)]),
    );
    const used = valuesOf(points, 'nvsmi_mig_memory_used_bytes', 'mig_uuid');
    expect(Object.keys(used)).toHaveLength(info.length);
  });

  it('ask nothing that is not wanted', async () => {
    const wish = { ...EVERYTHING, processes: false, has: (field: string) => field === 'power.draw' };
    const names = namesIn(nvsmi.fold(await collectedFrom('hgx-h100-x8', wish)));
    expect(names).toEqual(['nvsmi_gpu_info', 'nvsmi_power_draw_watts']);
  });
});

describe('the processes', () => {
  const pid = 81452;
  const id = 'c0ffee'.padEnd(64, '0');

  it.each([
    ['docker', `0::/system.slice/docker-${id}.scope`, { container_id: id.slice(0, 12) }],
    [
      'kubelet',
      `0::/kubepods.slice/kubepods-pod0a1b2c3d_0000_4000_8000_00000000000a.slice/cri-containerd-${id}.scope`,
      { container_id: id.slice(0, 12), pod_uid: '0a1b2c3d-0000-4000-8000-00000000000a' },
    ],
    ['Slurm', '0::/system.slice/slurmstepd.scope/job_4711/step_0/user/task_0', { job_id: '4711' }],
  ])('have the user, and what a control group of %s names, as labels', async (_, group, labels) => {
    const points = nvsmi.fold(
      await collectedFrom('hgx-h100-x8', EVERYTHING, {
        [`/proc/${pid}/status`]: 'Name:\tpython\nUid:\t1000\t1000\t1000\t1000\n',
        [`/proc/${pid}/cgroup`]: `${group}\n`,
        '/etc/passwd': 'root:x:0:0::/root:/bin/sh\nada:x:1000:1000::/home/ada:/bin/sh\n',
      }),
    );
    const [info = []] = [...points].flatMap(([{ name }, each]) =>
      name === 'nvsmi_process_info' ? [each] : [],
    );
    expect(info[0]?.labels).toMatchObject({ gpu: '0', pid: String(pid), type: 'C', user: 'ada', ...labels });
  });

  it('are not asked for without --processes', async () => {
    const { records } = await collectedFrom('hgx-h100-x8', { ...EVERYTHING, processes: false });
    expect(records.filter(({ relation }) => relation === 'process')).toEqual([]);
  });
});

describe('the names of nvidia_gpu_exporter', () => {
  it('are all that its two dashboards ask for, but for Xids before the first', async () => {
    const machines = await Promise.all(
      ['hgx-h100-x8', 'a100-mig', 'rtx-4090'].map((name) => collectedFrom(name)),
    );
    const names = new Set(machines.flatMap((each) => namesIn(nvidiaSmiDialect(true).fold(each))));
    const missing = DASHBOARD_NAMES.filter((name) => !names.has(name));
    // No recording has a MIG device on a GPU that counts GPM metrics, and in none an Xid happens.
    expect(missing).toEqual([
      'nvidia_smi_mig_sm_activity_ratio',
      'nvidia_smi_mig_tensor_activity_ratio',
      'nvidia_smi_xid_errors_total',
      'nvidia_smi_xid_last_timestamp_seconds',
    ]);
  });

  it('have its labels and units', async () => {
    const points = nvidiaSmiDialect(true).fold(await collectedFrom('hgx-h100-x8'));
    const uuid = 'a0b1c2d0-1111-4a4a-8b8b-5eed00000000';
    const first = (family: string): number | undefined => valuesOf(points, family, 'uuid')[uuid];
    expect(first('nvidia_smi_power_draw_watts')).toBe(697.533);
    expect(first('nvidia_smi_clocks_current_graphics_clock_hz')).toBe(1_620_000_000);
    expect(first('nvidia_smi_temperature_gpu')).toBe(63);
    expect(first('nvidia_smi_clocks_event_reasons_sw_power_cap')).toBe(1);
    expect(first('nvidia_smi_compute_apps')).toBe(1);
    const info = [...points].find(([{ name }]) => name === 'nvidia_smi_gpu_info')?.[1][0];
    expect(info?.labels).toMatchObject({
      uuid,
      index: '0',
      name: 'NVIDIA H100 80GB HBM3',
      cuda_version: '13.0',
    });
  });

  it('show the memory of a GPU instance once, however many compute instances it has', async () => {
    const collected = await collectedFrom('a100-mig');
    const [mig] = collected.records.filter(({ relation }) => relation === 'mig');
    if (mig === undefined) throw new Error('the recording has no MIG device');
    const twin = { ...mig, labels: { ...mig.labels, mig_uuid: 'MIG-twin', compute_instance_id: '9' } };
    const counts = (records: typeof collected.records): readonly number[] => {
      const points = nvidiaSmiDialect(false).fold({ ...collected, records });
      return ['nvidia_smi_mig_info', 'nvidia_smi_mig_memory_used_bytes'].map(
        (family) => [...points].find(([{ name }]) => name === family)?.[1].length ?? 0,
      );
    };
    const [devices = 0, instances = 0] = counts(collected.records);
    expect(counts([...collected.records, twin])).toEqual([devices + 1, instances]);
  });
});

describe('the names of dcgm-exporter', () => {
  it('are its default counters, but for those that NVML has no answer for', async () => {
    const names = namesIn(dcgmDialect('node-1').fold(await collectedFrom('hgx-h100-x8')));
    expect(DCGM_DEFAULT_COUNTERS.filter((name) => !names.includes(name))).toEqual(DCGM_UNKNOWN);
  });

  it('have its labels and units', async () => {
    const points = dcgmDialect('node-1').fold(await collectedFrom('hgx-h100-x8'));
    const first = (family: string): number | undefined => valuesOf(points, family, 'gpu')['0'];
    expect(first('DCGM_FI_DEV_POWER_USAGE')).toBe(697.533);
    expect(first('DCGM_FI_DEV_SM_CLOCK')).toBe(1620);
    expect(first('DCGM_FI_DEV_FB_USED')).toBe(71_253);
    expect(first('DCGM_FI_DEV_GPU_UTIL')).toBe(100);
    expect(first('DCGM_FI_PROF_GR_ENGINE_ACTIVE')).toBe(0.995);
    const [[, [point] = []] = []] = [...points];
    expect(point?.labels).toMatchObject({
      gpu: '0',
      UUID: expect.stringMatching(/^GPU-/),
      pci_bus_id: '00000000:1B:00.0',
      device: 'nvidia0',
      modelName: 'NVIDIA H100 80GB HBM3',
      hostname: 'node-1',
      DCGM_FI_DRIVER_VERSION: '580.159.04',
    });
  });

  it('show a GPU instance with its profile and its number', async () => {
    const points = dcgmDialect('node-1').fold(await collectedFrom('a100-mig'));
    const used = [...points].find(([{ name }]) => name === 'DCGM_FI_DEV_FB_USED')?.[1] ?? [];
    expect(used.some(({ labels }) => /^\dg\./.test(labels.GPU_I_PROFILE ?? ''))).toBe(true);
    expect(used.some(({ labels }) => labels.GPU_I_PROFILE === undefined)).toBe(true);
  });
});
