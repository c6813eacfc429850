/** GPUs that no recording has, built on the H100's from public outputs: what differs in the shape of a report. */
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { type ChangedCalls, refused, set } from '../commands/made-machine.js';
import { callsOf, h100 } from './scene.js';

const NOT_SUPPORTED = refused('NOT_SUPPORTED');

const field = (value: number, type = 1): Json => ({ type, value });

/** A value for all of a function's answers about the GPU. */
const all = (calls: ChangedCalls, fn: string, answer: Json): void => {
  for (const key of Object.keys(calls[fn] ?? {})) set(calls, fn, key, answer);
  set(calls, fn, 'gpu0', answer);
};

const fields = (calls: ChangedCalls, answers: Readonly<Record<string, Json>>): void => {
  for (const [id, answer] of Object.entries(answers))
    set(calls, 'nvmlDeviceGetFieldValues', `gpu0,${id}`, answer);
};

function built(title: string, change: (calls: ChangedCalls) => void): Snapshot {
  const base = h100();
  const calls = callsOf(base);
  change(calls);
  return { ...base, title, origin: 'built', calls };
}

const graphics = (pid: number, mebibytes: number): Json => ({
  pid,
  usedGpuMemory: mebibytes * 1024 * 1024,
  gpuInstanceId: 0xffffffff,
  computeInstanceId: 0xffffffff,
});

/** RTX 2080 SUPER, driver 595.71.05. */
export const geforce = (): Snapshot =>
  built('a GeForce with a fan', (calls) => {
    set(calls, 'nvmlDeviceGetName', 'gpu0', 'NVIDIA GeForce RTX 2080 SUPER');
    set(calls, 'nvmlDeviceGetBrand', 'gpu0', 5);
    set(calls, 'nvmlDeviceGetArchitecture', 'gpu0', 6);
    set(calls, 'nvmlDeviceGetFanSpeed', 'gpu0', 38);
    for (const fn of [
      'nvmlDeviceGetMigMode',
      'nvmlDeviceGetSerial',
      'nvmlDeviceGetBoardPartNumber',
      'nvmlDeviceGetC2cModeInfoV',
      'nvmlDeviceGetMarginTemperature',
      'nvmlDeviceGetRemappedRows_v2',
      'nvmlDeviceGetRemappedRows',
      'nvmlDeviceGetRowRemapperHistogram',
      'nvmlDeviceGetSramEccErrorStatus',
      'nvmlDeviceGetMemoryErrorCounter',
      'nvmlDeviceGetTotalEccErrors',
      'nvmlDeviceGetMaxCustomerBoostClock',
    ]) {
      all(calls, fn, NOT_SUPPORTED);
    }
    for (const fn of ['nvmlDeviceGetApplicationsClock', 'nvmlDeviceGetDefaultApplicationsClock']) {
      all(calls, fn, refused('DEPRECATED'));
    }
    set(calls, 'nvmlDeviceGetInforomVersion', 'gpu0,1', NOT_SUPPORTED);
    set(calls, 'nvmlDeviceGetVirtualizationMode', 'gpu0', 0);
    [100, 97, NOT_SUPPORTED, 89, 65, 84, 91].forEach((degrees, type) => {
      set(calls, 'nvmlDeviceGetTemperatureThreshold', `gpu0,${type}`, degrees);
    });
    fields(calls, {
      1: NOT_SUPPORTED,
      2: NOT_SUPPORTED,
      82: NOT_SUPPORTED,
      185: NOT_SUPPORTED,
      186: field(98550),
      '185:2': NOT_SUPPORTED,
      274: NOT_SUPPORTED,
    });
    set(calls, 'nvmlDeviceGetGraphicsRunningProcesses_v3', 'gpu0', [graphics(1696, 176), graphics(4584, 3)]);
    set(calls, 'nvmlDeviceGetComputeRunningProcesses_v3', 'gpu0', [graphics(5267, 230), graphics(5268, 370)]);
    set(calls, 'nvmlSystemGetProcessName', '1696', '/usr/bin/gnome-shell');
    set(calls, 'nvmlSystemGetProcessName', '4584', '/usr/bin/Xwayland');
    set(calls, 'nvmlSystemGetProcessName', '5267', 'ffmpeg');
    set(calls, 'nvmlSystemGetProcessName', '5268', 'ffmpeg');
  });

/** Tesla T4, driver 595.91.07: it retires pages and remaps no rows. */
export const t4 = (): Snapshot => {
  const base = geforce();
  const calls = callsOf(base);
  set(calls, 'nvmlDeviceGetName', 'gpu0', 'Tesla T4');
  set(calls, 'nvmlDeviceGetSerial', 'gpu0', '1650000000001');
  set(calls, 'nvmlDeviceGetBoardPartNumber', 'gpu0', '900-2G183-A800-001');
  set(calls, 'nvmlDeviceGetInforomVersion', 'gpu0,1', '5.0');
  set(calls, 'nvmlDeviceGetVirtualizationMode', 'gpu0', 1);
  set(calls, 'nvmlDeviceGetMaxCustomerBoostClock', 'gpu0,0', 1590);
  for (const type of [4, 5, 6]) {
    set(calls, 'nvmlDeviceGetTemperatureThreshold', `gpu0,${type}`, NOT_SUPPORTED);
  }
  set(calls, 'nvmlDeviceGetFanSpeed', 'gpu0', NOT_SUPPORTED);
  all(calls, 'nvmlDeviceGetMemoryErrorCounter', 0);
  fields(calls, { 1: field(1, 3), 2: field(1, 3), 29: field(0), 30: field(0), 31: field(0) });
  for (const cause of [0, 1]) {
    set(calls, 'nvmlDeviceGetRetiredPages', `gpu0,${cause}`, []);
    set(calls, 'nvmlDeviceGetRetiredPages_v2', `gpu0,${cause}`, [[], []]);
  }
  set(calls, 'nvmlDeviceGetSupportedMemoryClocks', 'gpu0', [5001, 405]);
  set(calls, 'nvmlDeviceGetSupportedGraphicsClocks', 'gpu0,5001', [1590]);
  set(calls, 'nvmlDeviceGetSupportedGraphicsClocks', 'gpu0,405', [1590]);
  for (const fn of ['nvmlDeviceGetGraphicsRunningProcesses_v3', 'nvmlDeviceGetComputeRunningProcesses_v3']) {
    set(calls, fn, 'gpu0', []);
  }
  return { ...base, calls };
};

/** Quadro P2000: errors by the place that had them, as before Turing. */
export const pascal = (): Snapshot => {
  const base = geforce();
  const calls = callsOf(base);
  set(calls, 'nvmlDeviceGetArchitecture', 'gpu0', 4);
  return { ...base, calls };
};

interface MigDevice {
  readonly gi: number;
  readonly multiprocessors: number;
  readonly engines: number;
  readonly memory: readonly [total: number, used: number, free: number];
  readonly bar1: number;
}

const MIG: readonly MigDevice[] = [
  { gi: 2, multiprocessors: 60, engines: 3, memory: [40448, 11091, 29357], bar1: 24739 },
  { gi: 3, multiprocessors: 32, engines: 2, memory: [20096, 17, 20080], bar1: 12369.5 },
  { gi: 9, multiprocessors: 16, engines: 1, memory: [9984, 9, 9976], bar1: 6184.75 },
  { gi: 10, multiprocessors: 16, engines: 1, memory: [9984, 9, 9976], bar1: 6184.75 },
];

const MEBIBYTE = 1024 * 1024;

/** An H100 that MIG divides in four, driver 590.48.01. NVML leaves gaps between the devices. */
export const mig = (): Snapshot =>
  built('an H100 with MIG devices', (calls) => {
    set(calls, 'nvmlDeviceGetMigMode', 'gpu0', [1, 1]);
    set(calls, 'nvmlDeviceGetMaxMigDeviceCount', 'gpu0', 7);
    for (const fn of [
      'nvmlDeviceGetUtilizationRates',
      'nvmlDeviceGetEncoderUtilization',
      'nvmlDeviceGetDecoderUtilization',
      'nvmlDeviceGetJpgUtilization',
      'nvmlDeviceGetOfaUtilization',
      'nvmlDeviceGetRemappedRows_v2',
      'nvmlDeviceGetRemappedRows',
    ]) {
      all(calls, fn, NOT_SUPPORTED);
    }
    fields(calls, { 274: field(100) });
    const places = [0, 1, 3, 6];
    for (let i = 0; i < 7; i++) {
      const place = places.indexOf(i);
      set(
        calls,
        'nvmlDeviceGetMigDeviceHandleByIndex',
        `gpu0,${i}`,
        place === -1 ? refused('NOT_FOUND') : `gpu0/mig${place}`,
      );
    }
    MIG.forEach(({ gi, multiprocessors, engines, memory: [total, used, free], bar1 }, i) => {
      const at = `gpu0/mig${i}`;
      set(calls, 'nvmlDeviceGetGpuInstanceId', at, gi);
      set(calls, 'nvmlDeviceGetComputeInstanceId', at, 0);
      set(calls, 'nvmlDeviceGetAttributes_v2', at, {
        multiprocessorCount: multiprocessors,
        sharedCopyEngineCount: engines,
        sharedDecoderCount: engines,
        sharedEncoderCount: 0,
        sharedJpegCount: engines,
        sharedOfaCount: 0,
        gpuInstanceSliceCount: engines,
        computeInstanceSliceCount: engines,
        memorySizeMB: total,
      });
      set(calls, 'nvmlDeviceGetMemoryErrorCounter', `${at},1,0,7`, 0);
      set(calls, 'nvmlDeviceGetMemoryInfo_v2', at, {
        version: 33554472,
        total: total * MEBIBYTE,
        reserved: 0,
        used: used * MEBIBYTE - 1,
        free: free * MEBIBYTE - 1,
      });
      set(calls, 'nvmlDeviceGetBAR1MemoryInfo', at, {
        bar1Total: bar1 * MEBIBYTE,
        bar1Used: 0,
        bar1Free: bar1 * MEBIBYTE,
      });
      for (const kind of ['Compute', 'Graphics', 'MPSCompute']) {
        set(calls, `nvmlDeviceGet${kind}RunningProcesses_v3`, at, []);
      }
    });
    const names: readonly (readonly [pid: number, mebibytes: number, name: string])[] = [
      [21180, 2296, '/data/tools/memhog'],
      [21181, 1272, '/data/tools/memhog'],
      [21198, 7484, './gpu_burn'],
    ];
    set(
      calls,
      'nvmlDeviceGetComputeRunningProcesses_v3',
      'gpu0/mig0',
      names.map(([pid, used]) => ({
        pid,
        usedGpuMemory: used * MEBIBYTE,
        gpuInstanceId: 2,
        computeInstanceId: 0,
      })),
    );
    for (const [pid, , name] of names) set(calls, 'nvmlSystemGetProcessName', String(pid), name);
  });

const NEVER = { year: 0, month: 0, day: 0, hour: 0, min: 0, sec: 0, status: 0 };

/** A vGPU guest: much of the GPU is hidden from it, and it needs a license. */
export const vgpuGuest = (state: number, expiry: Readonly<Record<string, number>>): Snapshot =>
  built('a vGPU guest', (calls) => {
    set(calls, 'nvmlDeviceGetName', 'gpu0', 'NVIDIA RTXA6000-24Q');
    set(calls, 'nvmlDeviceGetBrand', 'gpu0', 10);
    set(calls, 'nvmlDeviceGetArchitecture', 'gpu0', 7);
    set(calls, 'nvmlDeviceGetVirtualizationMode', 'gpu0', 2);
    for (const fn of [
      'nvmlDeviceGetCurrentClocksEventReasons',
      'nvmlDeviceGetCurrentClocksThrottleReasons',
      'nvmlDeviceGetRemappedRows_v2',
      'nvmlDeviceGetRemappedRows',
      'nvmlDeviceGetMarginTemperature',
      'nvmlDeviceGetTemperatureThreshold',
      'nvmlDeviceGetPcieThroughput',
    ]) {
      all(calls, fn, NOT_SUPPORTED);
    }
    set(calls, 'nvmlDeviceGetGridLicensableFeatures_v4', 'gpu0', {
      isGridLicenseSupported: 1,
      licensableFeaturesCount: 2,
      gridLicensableFeatures: [
        {
          featureCode: 1,
          featureState: 0,
          licenseInfo: '',
          productName: 'NVIDIA Virtual PC',
          featureEnabled: 0,
          licenseExpiry: NEVER,
        },
        {
          featureCode: 2,
          featureState: state,
          licenseInfo: '',
          productName: 'NVIDIA RTX Virtual Workstation',
          featureEnabled: 1,
          licenseExpiry: { ...NEVER, ...expiry },
        },
      ],
    });
  });

/** GB300, driver 580.173.02: a place in a rack, a module with a CPU, a fabric with its health. */
export const gb300 = (): Snapshot =>
  built('a GB300', (calls) => {
    set(calls, 'nvmlDeviceGetName', 'gpu0', 'NVIDIA GB300');
    set(calls, 'nvmlDeviceGetArchitecture', 'gpu0', 10);
    set(calls, 'nvmlDeviceGetVirtualizationMode', 'gpu0', 0);
    set(calls, 'nvmlDeviceGetC2cModeInfoV', 'gpu0', { isC2cEnabled: 1 });
    for (const fn of ['nvmlDeviceGetPciInfo_v3', 'nvmlDeviceGetPciInfoExt']) {
      set(calls, fn, 'gpu0', {
        domain: 8,
        bus: 6,
        device: 0,
        pciDeviceId: 0x31c210de,
        busId: '00000008:06:00.0',
      });
    }
    const platform = {
      version: 33554476,
      ibGuid: [0, 0, 0, 0, 0, 0, 0, 1],
      chassisSerialNumber: [...Buffer.from('1820000000001')],
      slotNumber: 25,
      trayIndex: 15,
      hostId: 1,
      peerType: 1,
      moduleId: 2,
    };
    calls.nvmlDeviceGetPlatformInfo = { gpu0: platform };
    set(calls, 'nvmlDeviceGetModuleId', 'gpu0', 2);
    set(calls, 'nvmlDeviceGetLastBBXFlushTime', 'gpu0', [
      new Date(2026, 7, 20, 21, 55, 48, 288).getTime() * 1000 + 7,
      69751,
    ]);
    calls.nvmlDeviceGetGpuFabricInfoV = {
      gpu0: {
        version: 50331688,
        clusterUuid: [0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        status: 0,
        cliqueId: 32766,
        state: 3,
        healthMask: 0x1aa,
        healthSummary: 1,
      },
    };
    fields(calls, {
      229: field(63),
      '185:1': field(488290),
      '190:1': field(2_900_000),
      275: refused('NO_PERMISSION'),
    });
  });

/** All shapes, with the licensed vGPU. */
export const SHAPES: readonly { readonly name: string; readonly machine: () => Snapshot }[] = [
  { name: 'a GeForce', machine: geforce },
  { name: 'a Tesla T4', machine: t4 },
  { name: 'a Quadro before Turing', machine: pascal },
  { name: 'an H100 with MIG devices', machine: mig },
  {
    name: 'a vGPU guest',
    machine: () => vgpuGuest(1, { year: 2026, month: 7, day: 7, hour: 16, min: 1, sec: 44, status: 2 }),
  },
  { name: 'a GB300', machine: gb300 },
];
