/** Table: what each function that changes a GPU changes, as directives that state.c reads. */

import type { FunctionName } from '../nvml/generated/functions.js';
import * as l from '../nvml/generated/layouts.js';
import type { Layout } from '../nvml/layout.js';
import { fieldOf, SCALAR_SIZE } from '../nvml/memory.js';
import type { Status } from '../nvml/status.js';
import type { Json } from '../snapshot/answer.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** Setters change what getters answer. */
export interface Writable {
  /** Where what was set is kept, for the programs that load the library later; beside the library where it has no folder. */
  readonly journal: string;
  /** What every setter is refused with, such as NO_PERMISSION. */
  readonly refuse?: Status;
}

/** Where a value comes from: a parameter by value, a field of a pointer's struct, or a constant. */
type From = number | readonly [param: number, layout: Layout, field: string] | { readonly is: number };

interface SetterEffect {
  readonly getter: FunctionName;
  readonly from: From;
  /** The output of the getter: a parameter, and the field of its struct; or a field id. */
  readonly param: number;
  readonly at?: readonly [layout: Layout, field: string];
  readonly size?: number;
  /** Only answers of these inputs of the getter. */
  readonly where?: Readonly<Record<number, From>>;
}

interface Setter {
  /** A GPU's, the system's, that of the GPU at a PCI address, or one of MIG. */
  readonly of: 'd' | 's' | 'p' | 'm';
  readonly effects?: readonly SetterEffect[];
  /** The bounds of a value. */
  readonly check?: readonly [from: From, low: number, high: number];
  /** The value is a power limit in milliwatts. */
  readonly power?: From;
  readonly clocks?: true;
  readonly copies?: readonly (readonly [from: FunctionName, to: FunctionName])[];
  readonly empties?: FunctionName;
}

const FIELDS = 'nvmlDeviceGetFieldValues';

const to = (getter: FunctionName, param: number, from: From = 1): SetterEffect => ({ getter, from, param });

/** A setter of one enabled state. */
const state = (getter: FunctionName, param: number, most = 1): Setter => ({
  of: 'd',
  check: [1, 0, most],
  effects: [to(getter, param)],
});

const limits = (from: From): readonly SetterEffect[] => [
  to('nvmlDeviceGetPowerManagementLimit', 1, from),
  to('nvmlDeviceGetEnforcedPowerLimit', 1, from),
  to(FIELDS, 190, from),
  to(FIELDS, 192, from),
];

const clocks = (type: number, from: From): readonly SetterEffect[] => [
  { ...to('nvmlDeviceGetApplicationsClock', 2, from), where: { 1: { is: type } } },
  { ...to('nvmlDeviceGetClock', 3, from), where: { 1: { is: type }, 2: { is: 1 } } },
];

const SETTERS: Readonly<Partial<Record<FunctionName, Setter>>> = {
  nvmlDeviceSetPersistenceMode: state('nvmlDeviceGetPersistenceMode', 1),
  nvmlDeviceSetEccMode: state('nvmlDeviceGetEccMode', 2),
  nvmlDeviceClearEccErrorCounts: {
    of: 'd',
    check: [1, 0, 1],
    effects: [{ ...to('nvmlDeviceGetTotalEccErrors', 3, { is: 0 }), where: { 2: 1 }, size: 8 }],
  },
  nvmlDeviceSetComputeMode: state('nvmlDeviceGetComputeMode', 1, 3),
  nvmlDeviceSetGpuOperationMode: state('nvmlDeviceGetGpuOperationMode', 2, 2),
  nvmlDeviceSetPowerManagementLimit: { of: 'd', power: 1, effects: limits(1) },
  nvmlDeviceSetPowerManagementLimit_v2: {
    of: 'd',
    power: [1, l.nvmlPowerValue_v2_t, 'powerValueMw'],
    effects: limits([1, l.nvmlPowerValue_v2_t, 'powerValueMw']),
  },
  nvmlDeviceSetApplicationsClocks: {
    of: 'd',
    clocks: true,
    effects: [...clocks(2, 1), ...clocks(0, 2), ...clocks(1, 2)],
  },
  nvmlDeviceResetApplicationsClocks: {
    of: 'd',
    copies: [['nvmlDeviceGetDefaultApplicationsClock', 'nvmlDeviceGetApplicationsClock']],
  },
  nvmlDeviceSetGpuLockedClocks: { of: 'd' },
  nvmlDeviceResetGpuLockedClocks: { of: 'd' },
  nvmlDeviceSetMemoryLockedClocks: { of: 'd' },
  nvmlDeviceResetMemoryLockedClocks: { of: 'd' },
  nvmlDeviceSetAPIRestriction: {
    of: 'd',
    check: [2, 0, 1],
    effects: [{ ...to('nvmlDeviceGetAPIRestriction', 2, 2), where: { 1: 1 } }],
  },
  nvmlDeviceSetAutoBoostedClocksEnabled: state('nvmlDeviceGetAutoBoostedClocksEnabled', 1),
  nvmlDeviceSetDefaultAutoBoostedClocksEnabled: state('nvmlDeviceGetAutoBoostedClocksEnabled', 2),
  nvmlDeviceSetAccountingMode: state('nvmlDeviceGetAccountingMode', 1),
  nvmlDeviceClearAccountingPids: { of: 'd', empties: 'nvmlDeviceGetAccountingPids' },
  nvmlDeviceSetTemperatureThreshold: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceGetTemperatureThreshold', 2, [2, { size: 4, fields: { temp: ['u32', 0] } }, 'temp']),
        where: { 1: 1 },
      },
    ],
  },
  nvmlDeviceSetDriverModel: { of: 'd', effects: [to('nvmlDeviceGetDriverModel', 2)] },
  nvmlDeviceSetVirtualizationMode: { of: 'd', effects: [to('nvmlDeviceGetVirtualizationMode', 1)] },
  nvmlDeviceSetNvLinkDeviceLowPowerThreshold: {
    of: 'd',
    effects: [to(FIELDS, 168, [1, l.nvmlNvLinkPowerThres_t, 'lowPwrThreshold'])],
  },
  nvmlSystemSetNvlinkBwMode: {
    of: 's',
    check: [0, 0, 4],
    effects: [to('nvmlSystemGetNvlinkBwMode', 0, 0)],
  },
  nvmlDeviceSetNvlinkBwMode: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceGetNvlinkBwMode', 1, [1, l.nvmlNvlinkSetBwMode_v1_t, 'bwMode']),
        at: [l.nvmlNvlinkGetBwMode_v1_t, 'bwMode'],
      },
    ],
  },
  nvmlDeviceResetNvLinkErrorCounters: {
    of: 'd',
    effects: [{ ...to('nvmlDeviceGetNvLinkErrorCounter', 3, { is: 0 }), where: { 1: 1 }, size: 8 }],
  },
  nvmlDeviceModifyDrainState: {
    of: 'p',
    check: [1, 0, 1],
    effects: [to('nvmlDeviceQueryDrainState', 1)],
  },
  nvmlDeviceRemoveGpu_v2: { of: 'p' },
  nvmlDeviceDiscoverGpus: { of: 'p' },
  nvmlDeviceSetConfComputeUnprotectedMemSize: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceGetConfComputeMemSizeInfo', 1),
        at: [l.nvmlConfComputeMemSizeInfo_t, 'unprotectedMemSizeKib'],
      },
    ],
  },
  nvmlSystemSetConfComputeGpusReadyState: {
    of: 's',
    check: [0, 0, 1],
    effects: [to('nvmlSystemGetConfComputeGpusReadyState', 0, 0)],
  },
  nvmlSystemSetConfComputeKeyRotationThresholdInfo: {
    of: 's',
    effects: [
      {
        ...to('nvmlSystemGetConfComputeKeyRotationThresholdInfo', 0, [
          0,
          l.nvmlConfComputeSetKeyRotationThresholdInfo_v1_t,
          'maxAttackerAdvantage',
        ]),
        at: [l.nvmlConfComputeGetKeyRotationThresholdInfo_v1_t, 'attackerAdvantage'],
      },
    ],
  },
  nvmlGpmSetStreamingEnabled: state('nvmlGpmQueryIfStreamingEnabled', 1),
  nvmlDeviceWorkloadPowerProfileSetRequestedProfiles: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceWorkloadPowerProfileGetCurrentProfiles', 1, [
          1,
          { size: 8, fields: { first: ['u32', 4] } },
          'first',
        ]),
        at: [{ size: 40, fields: { first: ['u32', 36] } }, 'first'],
      },
    ],
  },
  nvmlDeviceWorkloadPowerProfileClearRequestedProfiles: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceWorkloadPowerProfileGetCurrentProfiles', 1, { is: 0 }),
        at: [{ size: 40, fields: { first: ['u32', 36] } }, 'first'],
      },
    ],
  },
  nvmlDeviceWorkloadPowerProfileUpdateProfiles_v1: {
    of: 'd',
    effects: [to('nvmlDeviceWorkloadPowerProfileGetCurrentProfiles', 9)],
  },
  nvmlDevicePowerSmoothingActivatePresetProfile: {
    of: 'd',
    effects: [to(FIELDS, 264, [1, l.nvmlPowerSmoothingProfile_v1_t, 'profileId'])],
  },
  nvmlDevicePowerSmoothingUpdatePresetProfileParam: { of: 'd' },
  nvmlDevicePowerSmoothingSetState: {
    of: 'd',
    check: [[1, l.nvmlPowerSmoothingState_v1_t, 'state'], 0, 1],
    effects: [to(FIELDS, 251, [1, l.nvmlPowerSmoothingState_v1_t, 'state'])],
  },
  nvmlDeviceSetHostname_v1: { of: 'd', effects: [to('nvmlDeviceGetHostname_v1', 9)] },
  nvmlDeviceSetDramEncryptionMode: {
    of: 'd',
    effects: [
      {
        ...to('nvmlDeviceGetDramEncryptionMode', 2, [1, l.nvmlDramEncryptionInfo_v1_t, 'encryptionState']),
        at: [l.nvmlDramEncryptionInfo_v1_t, 'encryptionState'],
      },
    ],
  },
  nvmlDeviceSetVgpuHeterogeneousMode: {
    of: 'd',
    effects: [to('nvmlDeviceGetVgpuHeterogeneousMode', 9)],
  },
  nvmlDeviceSetVgpuSchedulerState: { of: 'd', effects: [to('nvmlDeviceGetVgpuSchedulerState', 9)] },
  nvmlDeviceSetMigMode: { of: 'm', effects: [to('nvmlDeviceGetMigMode', 1)] },
  nvmlDeviceCreateGpuInstance: { of: 'm' },
  nvmlDeviceCreateGpuInstanceWithPlacement: { of: 'm' },
  nvmlGpuInstanceDestroy: { of: 'm' },
  nvmlGpuInstanceCreateComputeInstance: { of: 'm' },
  nvmlGpuInstanceCreateComputeInstanceWithPlacement: { of: 'm' },
  nvmlComputeInstanceDestroy: { of: 'm' },
};

/** The setters that keep state. */
export const KEPT: readonly string[] = Object.keys(SETTERS);

function spelled(from: From): string {
  if (typeof from === 'number') return `a${from}`;
  if ('is' in from) return `c${from.is}`;
  const [param, layout, field] = from;
  return `b${param}.${placeOf(layout, field).join('.')}`;
}

function placeOf(layout: Layout, field: string): readonly [offset: number, size: number] {
  const [type, offset] = fieldOf(layout, field);
  if (typeof type !== 'string' || type === 'text') throw new Error(`${field} is no number`);
  return [offset, SCALAR_SIZE[type]];
}

function effectLine(name: string, { getter, from, param, at, size, where = {} }: SetterEffect): string {
  const [offset, length] = at === undefined ? [0, size ?? 4] : placeOf(...at);
  const inputs = Object.entries(where).map(([input, value]) => `${input}=${spelled(value)}`);
  return `!effect ${name} ${spelled(from)} ${getter} ${inputs.join(',') || '-'} ${param} ${offset} ${length}`;
}

function setterLines(name: string, setter: Setter): string[] {
  const { of, effects = [], check, power, clocks: pair, copies = [], empties } = setter;
  return [
    `!setter ${name} ${of}`,
    ...(check === undefined ? [] : [`!check ${name} ${spelled(check[0])} ${check[1]} ${check[2]}`]),
    ...(power === undefined ? [] : [`!power ${name} ${spelled(power)}`]),
    ...(pair === undefined ? [] : [`!clocks ${name}`]),
    ...copies.map(([from, getter]) => `!copies ${name} ${from} ${getter}`),
    ...(empties === undefined ? [] : [`!empties ${name} ${empties}`]),
    ...effects.map((effect) => effectLine(name, effect)),
  ];
}

type Instance = Readonly<{ id: number; profileId: number; placement: { start: number; size: number } }>;

const isInstance = (answer: Json): boolean =>
  typeof answer === 'object' && answer !== null && 'placement' in answer;

/** The instances that were recorded: state.c answers of them from then on. */
function instanceLines({ calls }: Snapshot): string[] {
  const lines = (fn: FunctionName, what: string): string[] =>
    Object.entries(calls[fn] ?? {}).flatMap(([key, answer]) => {
      if (!isInstance(answer)) return [];
      const { id, profileId, placement } = answer as Instance;
      return [
        `${what} ${key.slice(0, key.lastIndexOf('/'))} ${key} ${id} ${profileId} ${placement.start} ${placement.size}`,
      ];
    });
  const gis = lines('nvmlGpuInstanceGetInfo', '!gi');
  const cis = lines('nvmlComputeInstanceGetInfo_v2', '!ci');
  const migs = Object.entries(calls.nvmlDeviceGetMigDeviceHandleByIndex ?? {}).flatMap(([, mig]) => {
    if (typeof mig !== 'string') return [];
    const gi = calls.nvmlDeviceGetGpuInstanceId?.[mig];
    const ci = calls.nvmlDeviceGetComputeInstanceId?.[mig];
    return typeof gi === 'number' && typeof ci === 'number'
      ? [`!mig ${mig.slice(0, mig.lastIndexOf('/'))}/gi${gi}/ci${ci} ${mig}`]
      : [];
  });
  return [...gis, ...cis, ...migs];
}

/** The directives of a fake whose setters change it. They follow the handles. */
export const stateLines = ({ journal, refuse }: Writable, snapshot: Snapshot | undefined): string[] => [
  `!writable ${journal}`,
  ...(refuse === undefined ? [] : [`!refuse ${refuse}`]),
  ...Object.entries(SETTERS).flatMap(([name, setter]) => setterLines(name, setter)),
  ...(snapshot === undefined ? [] : instanceLines(snapshot)),
];
