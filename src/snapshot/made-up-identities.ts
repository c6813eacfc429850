/** Identities of the form they had, numbered in their order: the same one is made the same way wherever it occurs. */
import type { Json } from './answer.js';
import type { Snapshot } from './snapshot.js';

export type IdentityKind = 'uuid' | 'serial' | 'unit serial' | 'unit id' | 'vm';

export interface Identities {
  /** What is called so, is called this; undefined for an identity that no answer has given. */
  named(kind: IdentityKind, old: string): string | undefined;
  host(name: string): string;
  /** By the GPU's number in a subject's name, `gpu1` or `gpu1/mig0`. */
  pdi(subject: string): string;
}

/** A UUID made of a number: the first group carries it, and so does the last. */
const uuidOf = (number: number, mark: string): string =>
  `${mark}${(number & 0xf).toString(16)}-${(((number + 1) & 0xf).toString(16)).repeat(4)}-4a4a-8b8b-5eed${number.toString(16).padStart(8, '0')}`;

const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Where an answer has the text that identifies something. */
type IdentityPlace = (answer: Json) => Json | undefined;

const whole: IdentityPlace = (answer) => answer;
const first: IdentityPlace = (answer) => (Array.isArray(answer) ? answer[0] : undefined);
const member =
  (name: string): IdentityPlace =>
  (answer) =>
    isObject(answer) ? answer[name] : undefined;

type MakeIdentity = (old: string, next: (kind: string) => number) => string;

/** As long as it was, so that columns stay as wide: 1650000000001. */
const serialOf: MakeIdentity = ({ length }, next) => {
  const number = String(next('serial') + 1);
  return ('165'.padEnd(length - number.length, '0') + number).slice(-length);
};

const uuid =
  (kind: string, mark: string, before = ''): MakeIdentity =>
  (_, next) =>
    before + uuidOf(next(kind), mark);

const SOURCES: readonly (readonly [
  fn: string,
  place: IdentityPlace,
  kind: IdentityKind,
  make: MakeIdentity,
])[] = [
  [
    'nvmlDeviceGetUUID',
    whole,
    'uuid',
    (old, next) =>
      old.startsWith('MIG-')
        ? uuid('mig', 'b1c2d3e', 'MIG-')(old, next)
        : uuid('gpu', 'a0b1c2d', 'GPU-')(old, next),
  ],
  // Two boards that say the same serial number (0, or a placeholder) still say the same.
  ['nvmlDeviceGetSerial', whole, 'serial', (old, next) => (/^0*$/.test(old) ? old : serialOf(old, next))],
  ['nvmlGetExcludedDeviceInfoByIndex', member('uuid'), 'uuid', uuid('excluded', 'c2d3e4f', 'GPU-')],
  [
    'nvmlUnitGetUnitInfo',
    member('serial'),
    'unit serial',
    ({ length }, next) =>
      String(next('unit') + 1)
        .padStart(length, '0')
        .slice(-length),
  ],
  ['nvmlUnitGetUnitInfo', member('id'), 'unit id', (_, next) => `unit${next('unit id')}`],
  ['nvmlVgpuInstanceGetUUID', whole, 'uuid', uuid('vgpu', 'd3e4f5a')],
  ['nvmlVgpuInstanceGetMdevUUID', whole, 'uuid', uuid('mdev', 'e4f5a6b')],
  // Hypervisors that have no UUID for a virtual machine count them: a number identifies nothing.
  [
    'nvmlVgpuInstanceGetVmID',
    first,
    'vm',
    (old, next) => (/^\d{1,9}$/.test(old) ? old : uuid('vm', 'f5a6b7c')(old, next)),
  ],
];

export function identitiesOf(calls: Snapshot['calls']): Identities {
  const known = new Map<string, string>();
  const counters = new Map<string, number>();
  const next = (kind: string): number => {
    const number = counters.get(kind) ?? 0;
    counters.set(kind, number + 1);
    return number;
  };
  for (const [fn, place, kind, make] of SOURCES) {
    for (const answer of Object.values(calls[fn] ?? {})) {
      const old = place(answer);
      const name = `${kind} ${String(old)}`;
      if (typeof old === 'string' && old !== '' && !known.has(name)) known.set(name, make(old, next));
    }
  }
  const hosts = new Map<string, string>();
  return {
    named: (kind, old) => known.get(`${kind} ${old}`),
    host: (name) => {
      if (name === '') return '';
      if (!hosts.has(name)) hosts.set(name, `host${hosts.size}`);
      return hosts.get(name) ?? '';
    },
    pdi: (subject) => pdiOf(Number(/^gpu(\d+)/.exec(subject)?.[1] ?? 0)),
  };
}

/** A PDI as a decimal string: 64 bits that differ from GPU to GPU. */
function pdiOf(gpu: number): string {
  const mixed = BigInt.asUintN(64, (BigInt(gpu) + 1n) * 0x9e3779b97f4a7c15n);
  return (mixed | 0x8000000000000000n).toString();
}
