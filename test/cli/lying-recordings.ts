/** Recordings that lie: a seeded generator that changes one of the package's, in ways that a file may be wrong. */

/** A generator of numbers from 0 to 1 (mulberry32): the same seed gives the same ones. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Members that every object of JavaScript has, and others with a meaning of their own. */
const NAMES = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'length', 'error', 'version', ''];

const deep = (depth: number): unknown => {
  let json: unknown = 1;
  for (let i = 0; i < depth; i++) json = i % 2 === 0 ? [json] : { a: json };
  return json;
};

/** Values of every type, and of no size. */
const VALUES: readonly (() => unknown)[] = [
  () => null,
  () => true,
  () => 'text',
  () => '',
  () => 'constructor',
  () => 'evil\u001b[2J\n\u202ename',
  () => 'x'.repeat(5000),
  () => '99999999999999999999999999',
  () => '-1',
  () => 'NaN',
  () => 'Infinity',
  () => -1,
  () => 0,
  () => 0.5,
  () => 255,
  () => 4294967295,
  () => 2 ** 53,
  () => 1e308,
  () => [],
  () => ({}),
  () => [[]],
  () => [1, 'two', null],
  () => deep(500),
  () => ({ error: 'NVML_ERROR_GPU_IS_LOST' }),
  () => ({ error: 'NVML_ERROR_TIRED' }),
  () => ({ error: 5 }),
  () => ({ error: { error: {} } }),
  () => ({ version: 'two' }),
  () => JSON.parse('{"__proto__":{"error":"NVML_ERROR_UNKNOWN"}}'),
  () => 'gpu0',
];

/** Numbers of the right type that no machine has, and texts that no driver says. */
const NUMBERS = [0, 1, 2, 3, 7, 64, 255, 256, 65535, 2147483647, 4294967294, 4294967295];
const TEXTS = [
  '',
  '\u0000',
  '0',
  'a\nb',
  '\u202e',
  'MIG ',
  ':',
  'x'.repeat(3000),
  '00000000:ZZ:00.0',
  'MIG-GPU-',
];

type Holder = Record<string, unknown> | unknown[];

const isHolder = (json: unknown): json is Holder => typeof json === 'object' && json !== null;

/** Sets a member as JSON.parse does, `__proto__` too. */
const put = (holder: Holder, key: string, value: unknown): void => {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
};

/** A copy of a JSON value with some changes, as text: types swapped, keys renamed, members lost, the end cut off. */
export function lie(json: unknown, seed: number): string {
  const next = random(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const copy = JSON.parse(JSON.stringify(json));
  const changes = 1 + Math.floor(next() ** 3 * 60);
  for (let i = 0; i < changes; i++) {
    let holder: Holder = copy;
    // Few changes hit what is outside of the answers: a recording is refused for any of them.
    let depth = next() < 0.02 ? 3 : 0;
    const { calls } = copy as { calls?: unknown };
    for (
      let inner: unknown = depth === 0 ? calls : copy;
      isHolder(inner) && Object.keys(inner).length > 0;
    ) {
      holder = inner;
      if (depth++ > 1 && next() < 0.3) break;
      inner = (holder as Record<string, unknown>)[pick(Object.keys(holder))];
    }
    if (depth < 2) continue;
    const keys = Object.keys(holder);
    if (keys.length === 0) continue;
    const key = pick(keys);
    const value = (holder as Record<string, unknown>)[key];
    const kind = next();
    if (kind < 0.4 && typeof value === 'number') put(holder, key, pick(NUMBERS));
    else if (kind < 0.4 && typeof value === 'string') put(holder, key, pick(TEXTS));
    else if (kind < 0.6) put(holder, key, pick(VALUES)());
    else if (kind < 0.75) delete (holder as Record<string, unknown>)[key];
    else if (kind < 0.9 && !Array.isArray(holder)) {
      delete holder[key];
      put(holder, pick(NAMES), value);
    } else put(holder, key, [value, value]);
  }
  const text = JSON.stringify(copy);
  return next() < 0.05 ? text.slice(0, Math.floor(next() * text.length)) : text;
}
