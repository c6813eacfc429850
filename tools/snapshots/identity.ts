/** Who the GPUs of a built machine are: made-up UUIDs and serials, places on the bus, and NVML's ways to find a GPU by them. */
import type { Json } from '../../src/snapshot/answer.js';
import { pciPreset } from '../../src/snapshot/survey.js';
import type { Machine } from './machine.js';

export interface Identity {
  /** With eight digits of domain. */
  readonly busId: string;
  readonly minor: number;
  /** GeForce boards have none. */
  readonly serial?: false;
  /** Device in the high half, vendor in the low one, in hexadecimal; as recorded where left out. */
  readonly deviceId?: string;
  readonly subsystemId?: string;
  /** 0 for a controller with displays; 2, a 3D controller, where left out. */
  readonly subClass?: number;
}

/** The first group and the last carry the number. */
export const gpuUuid = (number: number): string =>
  `GPU-a0b1c2d${number}-${String(number + 1).repeat(4)}-4a4a-8b8b-5eed${String(number).padStart(8, '0')}`;

/** Functions that find a GPU, in the order in which snapshots list them. */
const LOOKUPS = [
  'nvmlDeviceGetHandleByIndex',
  'nvmlDeviceGetHandleByIndex_v2',
  'nvmlDeviceGetHandleByUUID',
  'nvmlDeviceGetHandleByUUIDV',
  'nvmlDeviceGetHandleBySerial',
  'nvmlDeviceGetHandleByPciBusId',
  'nvmlDeviceGetHandleByPciBusId_v2',
  'nvmlDeviceQueryDrainState',
];

/** Says who the GPUs are, and makes them found by it and by nothing else. */
export function introduce(machine: Machine, identities: readonly Identity[]): void {
  const [first] = machine.answers.get('nvmlDeviceGetPciInfo_v3')?.values() ?? [];
  for (const fn of LOOKUPS) {
    machine.answers.delete(fn);
    machine.answers.set(fn, new Map());
  }
  machine.set('nvmlDeviceGetCount', '', identities.length);
  machine.set('nvmlDeviceGetCount_v2', '', identities.length);
  identities.forEach((who, index) => {
    const gpu = `gpu${index}`;
    for (const [fn, answer] of Object.entries(answersOf(who, index, first as Numbers)))
      machine.set(fn, gpu, answer);
    for (const [fn, key] of waysTo(who, index)) machine.set(fn, key, gpu);
    const { busId, ...place } = pciPreset(who.busId);
    const drain = Object.entries({ ...place, busId }).map(([name, value]) => `${name}=${value}`);
    machine.set('nvmlDeviceQueryDrainState', drain.join(','), 0);
  });
}

type Numbers = Readonly<Record<string, number>>;

const legacy = (busId: string): string => busId.slice(4);
const serialOf = ({ serial }: Identity, index: number): string | undefined =>
  serial === false ? undefined : String(1650000000001 + index);
const idOf = (hex: string | undefined, recorded: number | undefined): number =>
  hex === undefined ? (recorded ?? 0) : Number(hex);

function answersOf(who: Identity, index: number, recorded: Numbers): Readonly<Record<string, Json>> {
  const { busId, minor, subClass = 2 } = who;
  const { domain, bus, device } = pciPreset(busId) as Record<'domain' | 'bus' | 'device', number>;
  const pciDeviceId = idOf(who.deviceId, recorded.pciDeviceId);
  const pciSubSystemId = idOf(who.subsystemId, recorded.pciSubSystemId);
  const place = { domain, bus, device, pciDeviceId, pciSubSystemId };
  const busIdLegacy = legacy(busId);
  return {
    nvmlDeviceGetIndex: index,
    nvmlDeviceGetMinorNumber: minor,
    nvmlDeviceGetUUID: gpuUuid(index),
    nvmlDeviceGetSerial: serialOf(who, index) ?? { error: 'NVML_ERROR_NOT_SUPPORTED' },
    // The board's number is its place on the bus: 0x6 for 00:06.0, 0xc00 for 0C:00.0.
    nvmlDeviceGetBoardId: bus * 256 + device,
    nvmlDeviceGetPciInfo: { busIdLegacy, ...place, pciSubSystemId: 0, busId: '' },
    nvmlDeviceGetPciInfo_v2: { busIdLegacy, ...place, busId },
    nvmlDeviceGetPciInfo_v3: { busIdLegacy, ...place, busId },
    nvmlDeviceGetPciInfoExt: { version: 16777280, ...place, baseClass: 3, subClass, busId },
  };
}

/** Functions that find a GPU by one input, and the input. */
export function waysTo(who: Identity, index: number): readonly (readonly [fn: string, key: string])[] {
  const uuid = gpuUuid(index);
  const serial = serialOf(who, index);
  return [
    ['nvmlDeviceGetHandleByIndex', String(index)],
    ['nvmlDeviceGetHandleByIndex_v2', String(index)],
    ['nvmlDeviceGetHandleByUUID', uuid],
    ['nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${uuid}`],
    ...(serial === undefined ? [] : [['nvmlDeviceGetHandleBySerial', serial] as const]),
    ['nvmlDeviceGetHandleByPciBusId', who.busId],
    ['nvmlDeviceGetHandleByPciBusId', legacy(who.busId)],
    ['nvmlDeviceGetHandleByPciBusId_v2', who.busId],
    ['nvmlDeviceGetHandleByPciBusId_v2', legacy(who.busId)],
  ];
}
