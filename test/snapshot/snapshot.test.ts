import { describe, expect, it } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import {
  type Call,
  call,
  type Driver,
  type Handle,
  isOut,
  type Out,
  SUBJECT,
  struct,
} from '../../src/nvml/call.js';
import { SnapshotError } from '../../src/nvml/failures.js';
import * as layouts from '../../src/nvml/generated/layouts.js';
import { ask } from '../../src/nvml/session.js';
import { recordedCalls } from '../../src/simulator/recorded-calls.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeOut } from '../../src/snapshot/answer-decode.js';
import { encodeOut } from '../../src/snapshot/answer-encode.js';
import { answerKey } from '../../src/snapshot/answer-key.js';
import { Recorder } from '../../src/snapshot/recorder.js';
import { formatSnapshot, parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import { handleNames } from '../nvml/handle-names.js';
import { handle, text, u32, u64 } from '../nvml/outs.js';

const fake = await buildFake();

describe('a snapshot that cannot be read', () => {
  const good = formatSnapshot(machine);
  const reasonOf = (text: string): string => {
    try {
      parseSnapshot(text, 'box.json');
    } catch (error) {
      if (error instanceof SnapshotError) return error.message;
      throw error;
    }
    throw new Error('it was read');
  };

  it.each([
    ['is empty', '', /^box\.json:1:1: not a snapshot: Unexpected end/],
    ['was cut off', good.slice(0, good.indexOf('"files"')), /^box\.json:7:3: not a snapshot: /],
    ['is no JSON', 'nvidia-smi 580', /^box\.json:1:2: not a snapshot: Unexpected token .*"nvidia-smi 580"/],
    [
      'has a word without quotes',
      good.replace('"made-up"', 'made-up'),
      /^box\.json:6:17: not a snapshot: .*made-up/,
    ],
    ['continues after its end', `${good}}`, /^box\.json:\d+:1: not a snapshot: /],
    [
      'has a comma too many',
      good.replace(/"version": 1,/, '"version": 1,,'),
      /^box\.json:3:16: not a snapshot: /,
    ],
    [
      'has a line break in a text',
      good.replace('GPUs', 'GP\nUs'),
      /^box\.json:4:27: not a snapshot: Bad control/,
    ],
    ['is compressed', '\u001f\u008b\u0008\u0000\u001b[31m', /^box\.json:1:1: not a snapshot: [ -~]+$/],
    ['is some other JSON', '{"format":"lshw"}', /^box\.json: format: /],
    ['is a list', '[]', /^box\.json: format: /],
    [
      'is of another version',
      good.replace('"version": 1,', '"version": 2,'),
      /^box\.json: version: 2 is not known/,
    ],
    [
      'has no calls',
      good.replace('"calls"', '"called"'),
      /^box\.json: calls: an object is needed, not nothing$/,
    ],
    [
      'has answers of a wrong type',
      good.replace(/"nvmlInit_v2": \{[^}]*\}/, '"nvmlInit_v2": 5'),
      /^box\.json: calls\.nvmlInit_v2: an object is needed, not 5$/,
    ],
    [
      'has a file that is no text',
      good.replace(/"files": \{\s*\}/, '"files": {"/proc/1/comm": 1}'),
      /^box\.json: files\[\/proc\/1\/comm\]: text is needed, not 1$/,
    ],
  ])('says in one line where the fault is when it %s', (_, text, reason) => {
    expect(text).not.toBe(good);
    expect(reasonOf(text)).toMatch(reason);
    expect(reasonOf(text)).not.toContain('\n');
  });

  it.each([
    ['a text for a number', '"many"', 'a number is needed, not "many"'],
    ['a fraction for a whole number', '0.5', 'a whole number is needed, not 0.5'],
    ['a negative number for a count', '-1', '-1 does not fit u32'],
    ['a number with too many bits', '4294967296', '4294967296 does not fit u32'],
    ['a number beyond all bounds', '1e300', '1e+300 does not fit u32'],
    ['such a number as a string', '"18446744073709551616"', '18446744073709551616 does not fit u32'],
    ['a status that NVML does not have', '{"error":"NVML_ERROR_TIRED"}', 'unknown status "NVML_ERROR_TIRED"'],
  ])('names the function and the inputs of an answer that is %s', (_, answer, reason) => {
    const text = good.replace(/("nvmlDeviceGetCount_v2": \{\s*"": )2/, `$1${answer}`);
    const driver = snapshotDriver(parseSnapshot(text, 'box.json'), 'box.json');
    expect(() => ask(driver, call('nvmlDeviceGetCount_v2', u32()))).toThrow(
      new SnapshotError(`box.json: calls.nvmlDeviceGetCount_v2[]: ${reason}`),
    );
  });

  const encoded = (out: Out, json: Json) => (): Buffer => encodeOut(out, json, handleNames());

  it('takes 64-bit numbers that JSON would round as strings only', () => {
    const out: Out = { out: 'scalar', name: '', type: 'u64' };
    const rounded = JSON.parse('18446744073709551615');
    expect(encoded(out, rounded)).toThrow('a number beyond 2^53 is written as a string, not as');
    expect(encoded(out, '18446744073709551615')().readBigUInt64LE(0)).toBe(2n ** 64n - 1n);
    expect(encoded(out, '18446744073709551616')).toThrow('does not fit u64');
    expect(encoded(out, -1)).toThrow('-1 does not fit u64');
    expect(encoded({ out: 'scalar', name: '', type: 'f64' }, JSON.parse('1e999'))).toThrow(
      'Infinity does not fit f64',
    );
  });

  it('takes no struct that says nothing', () => {
    const layout = layouts.nvmlMemory_v2_t;
    const out: Out = { out: 'struct', layout, set: { version: 33554472 } };
    expect(encoded(out, {})).toThrow('struct field total, free, used is missing');
    expect(encoded(out, { version: 33554472 })).toThrow(/is missing/);
    expect(encoded({ out: 'struct', layout: layouts.nvmlValue_t }, {})).toThrow(/is missing/);
  });

  it('takes a number that a struct leaves out for absent, never for zero', () => {
    const layout = layouts.nvmlMemory_t;
    const names = handleNames();
    const memory = encodeOut({ out: 'struct', layout }, { total: 5 }, names);
    expect(decodeOut({ out: 'struct', layout }, memory, names)).toEqual({
      total: 5,
      free: '18446744073709551615',
      used: '18446744073709551615',
    });
    expect(
      encoded(
        { out: 'struct', layout: layouts.nvmlPlatformInfo_v1_t },
        { ibGuid: [1], rackGuid: [], chassisPhysicalSlotNumber: 2 },
      ),
    ).toThrow('struct field computeSlotIndex is missing');
  });

  it('names the struct field that does not exist', () => {
    const calls = {
      nvmlDeviceGetHandleByIndex_v2: { '0': 'gpu0' },
      nvmlDeviceGetMemoryInfo: { gpu0: { totall: 1 } },
    };
    const driver = snapshotDriver({ ...machine, calls }, 'box.json');
    const { memory } = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', 0, handle()));
    const gpu = memory[0]?.readBigUInt64LE(0) as Handle;
    expect(() =>
      ask(driver, call('nvmlDeviceGetMemoryInfo', SUBJECT, struct(layouts.nvmlMemory_t)), gpu),
    ).toThrow('calls.nvmlDeviceGetMemoryInfo[gpu0]: unknown struct field totall');
  });
});

describe.skipIf(!fake.available)('a recording', () => {
  /** Every answer of the made-up machine, asked of a driver; handles first, so that they have names. */
  function record(driver: Driver): Snapshot {
    const recorder = new Recorder(driver);
    recorder.record(call('nvmlInit_v2'));
    const handles = new Map<string, Handle>();
    const givers = [
      'nvmlDeviceGetHandleByIndex_v2',
      'nvmlDeviceGetMigDeviceHandleByIndex',
      'nvmlDeviceGetGpuInstanceById',
    ];
    const order = Object.keys(machine.calls).sort((a, b) => givers.indexOf(b) - givers.indexOf(a));
    const placeholders = handleNames();
    for (const fn of [...givers, ...order.filter((name) => !givers.includes(name))]) {
      for (const one of recordedCalls({ [fn]: machine.calls[fn] ?? {} }, placeholders.handleOf)) {
        const args = one.args.map((arg) =>
          typeof arg === 'bigint' ? (handles.get(placeholders.nameOf(arg)) ?? arg) : arg,
        );
        const key = answerKey(one, placeholders.nameOf);
        const name = machine.calls[fn]?.[key];
        const bound = recorder.record(
          { fn: one.fn, args },
          undefined,
          typeof name === 'string' && givers.includes(fn) ? name : undefined,
        );
        if (typeof name === 'string' && givers.includes(fn))
          handles.set(name, bound?.memory[0]?.readBigUInt64LE(0) as Handle);
      }
    }
    for (const gpu of ['gpu0', 'gpu1']) {
      const keys = Object.keys(machine.calls.nvmlDeviceGetFieldValues ?? {}).filter((key) =>
        key.startsWith(`${gpu},`),
      );
      const ids = keys.map((key): [number, number] => {
        const [id, scope] = (key.split(',')[1] ?? '').split(':').map(Number);
        return [id ?? 0, scope ?? 0];
      });
      const fields: Call = { fn: 'nvmlDeviceGetFieldValues', args: [SUBJECT, { out: 'fields', ids }] };
      recorder.record(fields, handles.get(gpu));
    }
    return { ...machine, calls: recorder.result() };
  }

  it('of a library holds what the library answered, and answers the same again', () => {
    const driver = loadLibrary({ path: fake.with({ snapshot: machine }).path, env: {} });
    const recorded = record(driver);
    driver.close();
    expect(recorded.calls).toEqual(machine.calls);
    const again = record(snapshotDriver(parseSnapshot(formatSnapshot(recorded), 'again'), 'again'));
    expect(again.calls).toEqual(machine.calls);
  });

  it('gives the same readings as the library', () => {
    const library = loadLibrary({ path: fake.with({ snapshot: machine }).path, env: {} });
    const recording = snapshotDriver(machine, 'machine');
    const readings = (driver: Driver): unknown[] => {
      ask(driver, call('nvmlInit_v2'));
      const { memory } = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', 1, handle()));
      const gpu = memory[0]?.readBigUInt64LE(0) as Handle;
      const calls: readonly Call[] = [
        call('nvmlDeviceGetName', SUBJECT, text(96)),
        call('nvmlDeviceGetTotalEnergyConsumption', SUBJECT, u64()),
        call('nvmlDeviceGetUtilizationRates', SUBJECT, struct(layouts.nvmlUtilization_t)),
        call('nvmlDeviceGetSerial', SUBJECT, text(30)),
        call('nvmlDeviceGetTemperature', SUBJECT, 9, u32()),
        call('nvmlDeviceGetBrand', SUBJECT, u32()),
      ];
      return calls.map((one) => {
        const answer = ask(driver, one, gpu);
        const out = one.args.find(isOut);
        return answer.status === 0 && out !== undefined
          ? decodeOut(out, answer.memory[0] as Buffer, handleNames())
          : answer.status;
      });
    };
    expect(readings(library)).toEqual([
      'NVIDIA Größe 200',
      '18446744073709551614',
      { gpu: 97, memory: 41 },
      3,
      6,
      13,
    ]);
    expect(readings(recording)).toEqual(readings(library));
    library.close();
  });
});
