import { afterAll, describe, expect, it } from 'vitest';
import { type Nvsmi, open, UnknownField } from '../../src/index.js';

const nvsmi = open({ snapshot: 'h200-x2' });
afterAll(() => nvsmi.close());

type Ask = (...args: readonly unknown[]) => unknown;

/** A method that takes whatever it is given. */
const method = (name: 'query' | 'watch' | 'report' | 'processes' | 'deviceWatch'): Ask =>
  (nvsmi[name] as Ask).bind(nvsmi);

describe('what a question is asked with', () => {
  const everyMs = 1;
  it.each([
    ['query', ['name'], "query: fields must be an array of names, ['name'], not the string 'name'"],
    [
      'query',
      ['name, memory.used'],
      "query: fields must be an array of names, ['name', 'memory.used'], not the string 'name, memory.used'",
    ],
    ['query', [], "query: fields must be an array of names, ['name', 'memory.used'], not undefined"],
    ['query', [[true]], 'query: fields[0] must be the name or number of a field, not true'],
    ['query', [['name'], [0]], 'query: the options must be an object, { gpus }, not array'],
    ['query', [['name'], { gpu: [0] }], 'query: there is no option gpu; there is gpus'],
    [
      'query',
      [['name'], { gpus: 0 }],
      'query: gpus must be an array of indexes, UUIDs, PCI bus ids or serial numbers, not 0',
    ],
    [
      'query',
      [['name'], { gpus: [{}] }],
      'query: gpus[0] must be an index, a UUID, a PCI bus id or a serial number, not object',
    ],
    [
      'watch',
      ['name', { everyMs }],
      "watch: fields must be an array of names, ['name'], not the string 'name'",
    ],
    ['watch', [['name']], 'watch: the options must be an object, { everyMs, signal, gpus }, not undefined'],
    [
      'watch',
      [['name'], { everyMs: '100' }],
      'watch: everyMs must be a number of milliseconds above 0, not string',
    ],
    ['watch', [['name'], { everyMs, signal: 'SIGINT' }], 'watch: signal must be an AbortSignal, not string'],
    [
      'watch',
      [['name'], { everyMs, signal: new AbortController() }],
      'watch: signal must be an AbortSignal, not object',
    ],
    ['watch', [['name'], { ms: 5 }], 'watch: there is no option ms; there are everyMs, signal, gpus'],
    ['deviceWatch', ['name'], 'deviceWatch: the options must be an object, { everyMs: 1000 }, not undefined'],
    ['deviceWatch', ['name', { everyMs, signal: 5 }], 'deviceWatch: signal must be an AbortSignal, not 5'],
    ['processes', [[0]], 'processes: the options must be an object, { gpus }, not array'],
  ] as const)('is refused by %s(%j)', (name, args, message) => {
    expect(() => method(name)(...args)).toThrow(new TypeError(message));
  });

  it.each([
    [
      { groups: 'MEMORY' },
      TypeError,
      "report: groups must be an array of names, ['MEMORY', 'ECC'], not the string 'MEMORY'",
    ],
    [{ groups: [5] }, TypeError, 'report: groups[0] must be the name of a group, not 5'],
    [{ groups: ['MEM'] }, RangeError, "report: 'MEM' is not a group; there are MEMORY, UTILIZATION, ECC, "],
    [{ groups: ['MEMORY,ECC'] }, RangeError, "report: 'MEMORY,ECC' is not a group"],
    [{ group: ['ECC'] }, TypeError, 'report: there is no option group; there are groups, gpus'],
    ['MEMORY', TypeError, 'report: the options must be an object, { groups, gpus }, not string'],
  ])('is refused by report(%j)', async (options, kind, message) => {
    const asked = method('report')(options) as ReturnType<Nvsmi['report']>;
    await expect(asked).rejects.toThrow(kind);
    await expect(asked).rejects.toThrow(message);
  });

  it('is refused by watch() of a query, too', () => {
    const query = nvsmi.query(['name']);
    const watch = query.watch.bind(query) as Ask;
    expect(() => watch()).toThrow(TypeError);
    expect(() => watch({ everyMs: 0 })).toThrow(RangeError);
    expect(() => watch({ everyMs, gpus: [0] })).toThrow('watch: there is no option gpus');
    expect(() => watch({ everyMs, signal: null })).toThrow('signal must be an AbortSignal, not null');
  });

  it('names the unknown fields of a query', () => {
    expect(() => method('watch')(['memory.usd'], { everyMs })).toThrow(UnknownField);
  });
});
