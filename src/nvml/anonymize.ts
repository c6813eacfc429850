/**
 * Replaces what identifies a machine in a recording by made-up values of the same form, wherever it occurs:
 * UUIDs, serial numbers, PDIs, fabric and platform ids, virtual machines, host names, home folders. The GPUs of every
 * anonymized machine have the same identities, so that recordings compare well. Of a process only its program's path is left.
 */
import type { Json } from './answer.js';
import type { Snapshot } from './snapshot.js';

export function anonymize(snapshot: Snapshot): Snapshot {
  const replace = replacements(snapshot);
  const calls = Object.fromEntries(
    Object.entries(snapshot.calls).map(([fn, answers]) => [
      fn,
      Object.fromEntries(
        Object.entries(answers).map(([key, answer]) => [
          replace.text(key),
          ownAnswer(fn, key, answer, replace) ?? replaceIn(answer, replace),
        ]),
      ),
    ]),
  );
  const files = Object.fromEntries(
    Object.entries(snapshot.files).map(([path, text]) => [replace.text(path), replace.text(text)]),
  );
  return { ...snapshot, identities: 'made-up', files, calls };
}

interface Replacements {
  text(text: string): string;
  host(name: string): string;
  /** The GPU's number of a subject's name, `gpu1` or `gpu1/mig0`. */
  pdi(subject: string): string;
}

const isObject = (json: Json | undefined): json is { readonly [key: string]: Json } =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** A UUID made of a number: the first group carries it, and so does the last. */
const uuidOf = (number: number, mark: string): string =>
  `${mark}${(number & 0xf).toString(16)}-${(((number + 1) & 0xf).toString(16)).repeat(4)}-4a4a-8b8b-5eed${number.toString(16).padStart(8, '0')}`;

/** Where an answer has the text that identifies something. */
type Place = (answer: Json) => Json | undefined;

const whole: Place = (answer) => answer;
const first: Place = (answer) => (Array.isArray(answer) ? answer[0] : undefined);
const member =
  (name: string): Place =>
  (answer) =>
    isObject(answer) ? answer[name] : undefined;

function replacements(snapshot: Snapshot): Replacements {
  const known = new Map<string, string>();
  const learn = (fn: string, place: Place, make: (old: string) => string): void => {
    for (const answer of Object.values(snapshot.calls[fn] ?? {})) {
      const old = place(answer);
      if (typeof old === 'string' && old !== '' && !known.has(old)) known.set(old, make(old));
    }
  };
  const counters = new Map<string, number>();
  const next = (kind: string): number => {
    const number = counters.get(kind) ?? 0;
    counters.set(kind, number + 1);
    return number;
  };
  learn('nvmlDeviceGetUUID', whole, (old) =>
    old.startsWith('MIG-')
      ? `MIG-${uuidOf(next('mig'), 'b1c2d3e')}`
      : `GPU-${uuidOf(next('gpu'), 'a0b1c2d')}`,
  );
  // Two boards that say the same serial number (0, or a placeholder) go on saying the same.
  learn('nvmlDeviceGetSerial', whole, (old) =>
    /^0*$/.test(old)
      ? old
      : String(10 ** (old.length - 1) + 65 * 10 ** Math.max(0, old.length - 3) + next('serial') + 1).slice(
          0,
          old.length,
        ),
  );
  learn(
    'nvmlGetExcludedDeviceInfoByIndex',
    member('uuid'),
    () => `GPU-${uuidOf(next('excluded'), 'c2d3e4f')}`,
  );
  learn('nvmlUnitGetUnitInfo', member('serial'), ({ length }) =>
    String(next('unit') + 1).padStart(length, '0'),
  );
  learn('nvmlVgpuInstanceGetUUID', whole, () => uuidOf(next('vgpu'), 'd3e4f5a'));
  learn('nvmlVgpuInstanceGetMdevUUID', whole, () => uuidOf(next('mdev'), 'e4f5a6b'));
  // Hypervisors that have no UUID for a virtual machine count them: a number tells nothing, and is the key of other answers.
  learn('nvmlVgpuInstanceGetVmID', first, (old) => (old.includes('-') ? uuidOf(next('vm'), 'f5a6b7c') : old));
  // A host may be called like anything else, gpu0 too, so its name is replaced in its own place only.
  const hosts = new Map<string, string>();

  const olds = [...known.keys()].sort((a, b) => b.length - a.length);
  const text = (value: string): string => {
    let out = value;
    for (const old of olds) {
      // A serial number inside a longer number is another number.
      if (out === old || old.length >= 8) out = out.replaceAll(old, known.get(old) ?? old);
    }
    return out.replace(/\/home\/[^/\0\s]+/g, '/home/user').replace(/\/Users\/[^/\0\s]+/g, '/Users/user');
  };
  return {
    text,
    host: (name) => {
      if (!hosts.has(name)) hosts.set(name, `host${hosts.size}`);
      return hosts.get(name) ?? name;
    },
    pdi: (subject) => pdiOf(Number(/^gpu(\d+)/.exec(subject)?.[1] ?? 0)),
  };
}

/** A PDI as a decimal string: 64 bits that differ from GPU to GPU. */
function pdiOf(gpu: number): string {
  const mixed = BigInt.asUintN(64, (BigInt(gpu) + 1n) * 0x9e3779b97f4a7c15n);
  return (mixed | 0x8000000000000000n).toString();
}

/** Answers that have to be made up in a way of their own, by function. */
function ownAnswer(fn: string, key: string, answer: Json, replace: Replacements): Json | undefined {
  if (fn === 'nvmlSystemGetProcessName' && typeof answer === 'string') return replace.text(programOf(answer));
  if (!isObject(answer) || 'error' in answer) return undefined;
  if (fn === 'nvmlDeviceGetHostname_v1') {
    return { ...answer, value: answer.value ? replace.host(String(answer.value)) : '' };
  }
  if (fn === 'nvmlDeviceGetPdi') return { ...answer, value: replace.pdi(key) };
  if (fn.startsWith('nvmlDeviceGetGpuFabricInfo'))
    return { ...answer, clusterUuid: sameLength(answer.clusterUuid) };
  if (fn === 'nvmlDeviceGetPlatformInfo') {
    const ids = ['ibGuid', 'rackGuid', 'chassisSerialNumber'].filter((name) => name in answer);
    return { ...answer, ...Object.fromEntries(ids.map((name) => [name, sameLength(answer[name])])) };
  }
  return undefined;
}

/** Bytes counted up; none stay none. */
const sameLength = (bytes: Json | undefined): Json =>
  Array.isArray(bytes) ? bytes.map((_, i) => (0xa0 + i) & 0xff) : (bytes ?? []);

function replaceIn(json: Json, replace: Replacements): Json {
  if (typeof json === 'string') return replace.text(json);
  if (Array.isArray(json)) return json.map((item: Json) => replaceIn(item, replace));
  if (!isObject(json)) return json;
  return Object.fromEntries(Object.entries(json).map(([name, value]) => [name, replaceIn(value, replace)]));
}

/**
 * The program in the name of a process. Programs that set their own title (Chrome, PostgreSQL, Ray) have their arguments or
 * anything else behind it. A path with a space in it ends there too: what follows might be an argument, and a secret.
 */
const programOf = (name: string): string => name.split(/\s/, 1)[0] ?? '';
