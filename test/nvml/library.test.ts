import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Json } from '../../src/nvml/answer.js';
import { decodeFieldValue, decodeOut } from '../../src/nvml/answer-decode.js';
import {
  type Arg,
  type Call,
  call,
  type Driver,
  type FieldId,
  type Handle,
  handle,
  isOut,
  list,
  SUBJECT,
  scalar,
  struct,
  text,
  u32,
} from '../../src/nvml/call.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_GPU_IS_LOST,
} from '../../src/nvml/generated/constants.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { nvmlFieldValue_t, nvmlMemory_v2_t, nvmlProcessInfo_t } from '../../src/nvml/generated/layouts.js';
import { prototypes } from '../../src/nvml/generated/prototypes.js';
import { loadLibrary } from '../../src/nvml/library.js';
import { readText } from '../../src/nvml/memory.js';
import { argsOf } from '../../src/nvml/prepare.js';
import { ask } from '../../src/nvml/session.js';
import { DeadLibrary, statusSymbol } from '../../src/nvml/status.js';
import { api } from '../../tools/api.js';
import { buildFake, compileLibrary, compileProgram, type FakeLibrary } from '../fake-nvml/build.js';
import { exportedSymbols } from '../fake-nvml/exported-symbols.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

const fake = await buildFake();

interface Loaded {
  readonly driver: Driver;
  readonly library: FakeLibrary;
  readonly gpus: readonly Handle[];
}

/** A loaded, initialised fake. Its GPUs' handles come from the library, as in life. */
function loaded(options: Machine = { snapshot: machine }, from = fake): Loaded {
  const library = from.with(options);
  const driver = loadLibrary({ path: library.path, env: {} });
  onTestFinished(() => driver.close());
  ask(driver, call('nvmlInit_v2'));
  const gpus = [0, 1].map((index) => {
    const { memory } = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', index, handle()));
    return (memory[0]?.readBigUInt64LE(0) ?? 0n) as Handle;
  });
  return { driver, library, gpus };
}

const noNames = { nameOf: String, handleOf: () => 0n as Handle };

/** Runs a call and decodes its outputs, or gives the status. */
function answer(driver: Driver, what: Call, subject?: Handle): Json {
  const { status, memory } = ask(driver, what, subject);
  if (status !== 0) return { error: statusSymbol(status) };
  const values = what.args.filter(isOut).map((out, i) => decodeOut(out, memory[i] as Buffer, noNames));
  return values.length === 1 ? (values[0] as Json) : values;
}

/** The call that the prototypes describe, about a subject. */
function prototyped(fn: FunctionName, inputs: readonly (number | string)[] = [], select = {}): Call {
  const rest = [...inputs];
  let subject = true;
  return call(
    fn,
    ...argsOf(
      prototypes[fn],
      (param) => {
        if (param[0] === 'handle' && subject) {
          subject = false;
          return SUBJECT;
        }
        return rest.shift() ?? 0;
      },
      (param) => (param[0] === 'struct' ? select : {}),
    ),
  );
}

const fields = (...ids: readonly FieldId[]): Call => ({
  fn: 'nvmlDeviceGetFieldValues',
  args: [SUBJECT, { out: 'fields', ids }],
});

describe.skipIf(!fake.available)('calls through koffi', () => {
  it('gives a text, and cuts nothing in UTF-8', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetName'), gpus[1])).toBe('NVIDIA Größe 200');
  });

  it('says INSUFFICIENT_SIZE where a text has too little room', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, call('nvmlDeviceGetName', SUBJECT, text(8)), gpus[0])).toEqual({
      error: 'NVML_ERROR_INSUFFICIENT_SIZE',
    });
  });

  it('gives texts whose room goes in behind a pointer, is not told, or whose text is the result', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlVgpuTypeGetName', [17]))).toBe('GRID Made-Up 4Q');
    expect(answer(driver, prototyped('nvmlDeviceGetGspFirmwareVersion'), gpus[0])).toBe('580.00.01');
    expect(answer(driver, prototyped('nvmlErrorString', [3]))).toBe('Not Supported');
    expect(answer(driver, prototyped('nvmlErrorString', [15]))).toBe('NVML_ERROR_GPU_IS_LOST');
  });

  it('tells the room for a text anew at every run', () => {
    const calls = { ...machine.calls, nvmlVgpuTypeGetName: { '17': 'a name that is longer' } };
    const { driver } = loaded({ snapshot: machine, later: { after: 1, snapshot: { ...machine, calls } } });
    const bound = driver.bind(prototyped('nvmlVgpuTypeGetName', [17]));
    expect([bound?.run(), bound?.run()]).toEqual([0, 0]);
    expect(readText(bound?.memory[0] as Buffer, 0, 64)).toBe('a name that is longer');
  });

  it('gives 32-bit and 64-bit numbers, exact beyond 2^53', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[1])).toBe(699999);
    expect(answer(driver, prototyped('nvmlDeviceGetTotalEnergyConsumption'), gpus[0])).toBe(123456789012);
    expect(answer(driver, prototyped('nvmlDeviceGetTotalEnergyConsumption'), gpus[1])).toBe(
      '18446744073709551614',
    );
  });

  it('gives several outputs of one call in their order', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetCudaComputeCapability'), gpus[1])).toEqual([10, 3]);
    expect(answer(driver, prototyped('nvmlDeviceGetEncoderUtilization'), gpus[1])).toEqual([12, 16667]);
  });

  it('gives structs with text, nested structs and negative numbers', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetPciInfo_v3'), gpus[1])).toEqual(
      machine.calls.nvmlDeviceGetPciInfo_v3?.gpu1,
    );
    expect(answer(driver, prototyped('nvmlDeviceGetThermalSettings', [15]), gpus[0])).toEqual(
      machine.calls.nvmlDeviceGetThermalSettings?.['gpu0,15'],
    );
  });

  it('tells the library the version of a struct and what is asked in it', () => {
    const { driver, gpus } = loaded();
    const offsets = (type: number): Json =>
      answer(driver, prototyped('nvmlDeviceGetClockOffsets', [], { type, pstate: 0 }), gpus[0]);
    expect(offsets(0)).toMatchObject({ clockOffsetMHz: -15, maxClockOffsetMHz: 1000 });
    expect(offsets(2)).toEqual({ error: 'NVML_ERROR_NOT_SUPPORTED' });
    expect(offsets(1)).toEqual({ error: 'NVML_ERROR_NOT_FOUND' });
  });

  it('is told ARGUMENT_VERSION_MISMATCH where the version of a struct is another', () => {
    const { driver, gpus } = loaded();
    const version = nvmlMemory_v2_t.size | (9 << 24);
    const { status } = ask(
      driver,
      call('nvmlDeviceGetMemoryInfo_v2', SUBJECT, struct(nvmlMemory_v2_t, { version })),
      gpus[0],
    );
    expect(status).toBe(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
  });

  it('gives lists, empty ones too, with the array before or behind the count', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetSupportedMemoryClocks'), gpus[0])).toEqual([2619, 1593]);
    expect(answer(driver, prototyped('nvmlDeviceGetSupportedMemoryClocks'), gpus[1])).toEqual([]);
    expect(answer(driver, prototyped('nvmlDeviceGetProcessUtilization', [0]), gpus[1])).toEqual(
      machine.calls.nvmlDeviceGetProcessUtilization?.['gpu1,0'],
    );
  });

  it('makes room for a list that outgrows its buffer, and keeps the room', () => {
    const { driver, gpus, library } = loaded();
    const bound = driver.bind(
      call('nvmlDeviceGetComputeRunningProcesses_v3', SUBJECT, list(nvmlProcessInfo_t, 4)),
      gpus[1],
    );
    library.clearLog();
    expect(bound?.run()).toBe(0);
    expect(bound?.memory[0]?.readUInt32LE(0)).toBe(100);
    expect(library.log()).toHaveLength(2);
    expect(bound?.run()).toBe(0);
    expect(library.log()).toHaveLength(3);
    const out = bound?.call.args.find(isOut);
    if (out === undefined || bound?.memory[0] === undefined) throw new Error('no list');
    expect(decodeOut(out, bound.memory[0], noNames)).toEqual(
      machine.calls.nvmlDeviceGetComputeRunningProcesses_v3?.gpu1,
    );
  });

  it('makes room on a worker thread as well', async () => {
    const { driver, gpus } = loaded();
    const bound = driver.bind(
      call('nvmlDeviceGetComputeRunningProcesses_v3', SUBJECT, list(nvmlProcessInfo_t, 4)),
      gpus[1],
    );
    expect(await bound?.start()).toBe(0);
    expect(bound?.memory[0]?.readUInt32LE(0)).toBe(100);
  });

  it('makes room for an array that a struct points to', async () => {
    const { driver, gpus } = loaded();
    const what = prototyped('nvmlDeviceGetRunningProcessDetailList', [], { mode: 0 });
    const expected = machine.calls.nvmlDeviceGetRunningProcessDetailList?.['gpu1,mode=0'];
    expect(answer(driver, what, gpus[1])).toEqual(expected);
    const bound = driver.bind(what, gpus[1]);
    expect(await bound?.start()).toBe(0);
    const out = what.args.find(isOut);
    if (out === undefined || bound?.memory[0] === undefined) throw new Error('no struct');
    expect(decodeOut(out, bound.memory[0], noNames)).toEqual(expected);
  });

  it('gives two arrays that share a count, arrays told in bytes, and lists of handles', async () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetRetiredPages_v2', [0]), gpus[0])).toEqual(
      machine.calls.nvmlDeviceGetRetiredPages_v2?.['gpu0,0'],
    );
    expect(answer(driver, prototyped('nvmlDeviceGetSupportedPerformanceStates'), gpus[0])).toEqual(
      machine.calls.nvmlDeviceGetSupportedPerformanceStates?.gpu0,
    );
    const nearest = prototyped('nvmlDeviceGetTopologyNearestGpus', [50]);
    expect(answer(driver, nearest, gpus[0])).toEqual([String(gpus[1])]);
    const bound = driver.bind(nearest, gpus[0]);
    expect(await bound?.start()).toBe(0);
    expect(bound?.memory[0]?.readBigUInt64LE(8)).toBe(gpus[1]);
  });

  it('gives sets of 64-bit words, between other parameters too', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetCpuAffinity'), gpus[0])).toEqual([
      '18446744073709551615',
      4294967295,
    ]);
    expect(answer(driver, prototyped('nvmlDeviceGetMemoryAffinity', [0]), gpus[0])).toEqual([1]);
  });

  it('passes texts in and handles out', () => {
    const { driver, gpus } = loaded();
    const uuid = 'GPU-00000000-0000-4000-8000-000000000001';
    expect(answer(driver, prototyped('nvmlDeviceGetHandleByUUID', [uuid]))).toBe(String(gpus[1]));
    expect(answer(driver, prototyped('nvmlDeviceGetHandleByUUID', ['GPU-1']))).toEqual({
      error: 'NVML_ERROR_NOT_FOUND',
    });
  });

  it('passes a second handle by value', () => {
    const { driver, gpus } = loaded();
    const [first, second] = gpus;
    const ancestor = call('nvmlDeviceGetTopologyCommonAncestor', SUBJECT, second as Handle, u32());
    expect(answer(driver, ancestor, first)).toBe(50);
  });

  it('gives field values of every type, each with its own status', () => {
    const { driver, gpus } = loaded();
    const ids: readonly FieldId[] = [
      [52, 0],
      [83, 0],
      [186, 1],
      [20, 0],
      [21, 0],
      [22, 0],
      [23, 0],
      [24, 0],
    ];
    const { status, memory } = ask(driver, fields(...ids, [25, 0], [25, 3], [186, 0], [999, 0]), gpus[0]);
    expect(status).toBe(0);
    const values = ids.map((_, i) => decodeFieldValue(memory[0] as Buffer, i));
    expect(values.map((field) => field.status)).toEqual(ids.map(() => 0));
    expect(values.map((field) => (field.value as { value: Json }).value)).toEqual([
      31,
      '18446744073709551615',
      70000,
      0.5,
      4294967296,
      -5000000000,
      -5,
      65535,
    ]);
    expect([8, 9, 10, 11].map((i) => statusSymbol(decodeFieldValue(memory[0] as Buffer, i).status))).toEqual([
      'NVML_ERROR_NOT_SUPPORTED',
      'NVML_ERROR_NOT_SUPPORTED',
      'NVML_ERROR_NOT_FOUND',
      'NVML_ERROR_NOT_FOUND',
    ]);
  });

  it('leaves a failed value behind field values, where NVML looks and would write', () => {
    const { driver, gpus } = loaded();
    const { memory } = ask(driver, fields([1, 0]), gpus[0]);
    const behind = memory[0]?.subarray(nvmlFieldValue_t.size) ?? Buffer.alloc(0);
    expect(behind.length).toBe(nvmlFieldValue_t.size);
    expect(behind.every((byte) => byte === 0xff)).toBe(true);
  });

  it('passes every nvmlReturn_t through', async () => {
    const statuses = Object.values(api.enums.nvmlReturn_t ?? {});
    expect(statuses).toHaveLength(32);
    const faults = statuses.map((status, i) => ({
      fn: 'nvmlDeviceGetTemperature' as const,
      when: [undefined, i],
      status,
    }));
    const { driver, gpus } = loaded({ snapshot: machine, faults });
    const seen = statuses.map(
      (_, i) => ask(driver, prototyped('nvmlDeviceGetTemperature', [i]), gpus[0]).status,
    );
    expect(seen).toEqual(statuses);
    const started = await Promise.all(
      statuses.map((_, i) => driver.bind(prototyped('nvmlDeviceGetTemperature', [i]), gpus[0])?.start()),
    );
    expect(started).toEqual(statuses);
  });

  it('passes the arguments of all functions unharmed', () => {
    const calls = { nvmlDeviceGetHandleByIndex_v2: { '0': 'gpu0', '1': 'gpu1' } };
    const { driver, library, gpus } = loaded({ snapshot: { ...machine, calls } });
    const expected: { fn: string; key: string }[] = [];
    library.clearLog();
    for (const [name, letters] of Object.entries(signatures)) {
      if (['nvmlErrorString', 'nvmlShutdown', 'nvmlDeviceGetFieldValues'].includes(name)) continue;
      const fn = name as FunctionName;
      const params = api.functions[name]?.params ?? [];
      const key: string[] = [];
      const args = [...letters].map((letter, i): Arg => {
        const param = params[i];
        if (
          letter === 'p' &&
          param?.type.endsWith('_t') === true &&
          api.typedefs[param.type]?.endsWith('_st*')
        ) {
          key.push(param.type === 'nvmlDevice_t' ? 'gpu1' : 'gpu0');
          return (param.type === 'nvmlDevice_t' ? gpus[1] : gpus[0]) as Handle;
        }
        if (letter === 'p') return scalar('u64');
        if (letter === 's') {
          key.push(`text ${i}`);
          return `text ${i}`;
        }
        const room = params[i - 1]?.type === 'char*' || params[i + 1]?.type === 'unsigned long*';
        const value = letter === 'i' ? -1 - i : letter === 'q' ? 2 ** 52 + i : 0xfedc_ba00 + i;
        if (!room) key.push(String(value));
        return value;
      });
      driver.bind({ fn, args })?.run();
      expected.push({ fn: name, key: key.join(',') });
    }
    expect(expected).toHaveLength(410);
    expect(library.log()).toEqual(expected);
  });

  it('refuses to answer before nvmlInit and after nvmlShutdown', () => {
    const driver = loadLibrary({ path: fake.with({ snapshot: machine }).path, env: {} });
    onTestFinished(() => driver.close());
    const version = (): string =>
      statusSymbol(ask(driver, call('nvmlSystemGetDriverVersion', text(80))).status);
    expect(version()).toBe('NVML_ERROR_UNINITIALIZED');
    ask(driver, call('nvmlInit_v2'));
    expect(version()).toBe('NVML_SUCCESS');
    ask(driver, call('nvmlShutdown'));
    expect(version()).toBe('NVML_ERROR_UNINITIALIZED');
  });
});

describe.skipIf(!fake.available)('faults', () => {
  it('overlaps calls that wait when they are started together', async () => {
    const { driver, gpus } = loaded({
      snapshot: machine,
      faults: [{ fn: 'nvmlDeviceGetPcieThroughput', together: 2 }],
    });
    const calls = [0, 1].map((i) => driver.bind(prototyped('nvmlDeviceGetPcieThroughput', [i]), gpus[i]));
    const statuses = await Promise.all(calls.map((bound) => bound?.start()));
    expect(statuses).toEqual([0, 0]);
    expect(calls.map((bound) => bound?.memory[0]?.readUInt32LE(0))).toEqual([100, 400]);
  });

  it('lets calls wait for each other where a machine has a lock', async () => {
    const { driver, gpus } = loaded({
      snapshot: machine,
      delays: { nvmlDeviceGetPowerUsage: 60_000 },
      locked: new Set(['nvmlDeviceGetPowerUsage']),
    });
    const before = performance.now();
    await Promise.all(
      gpus.map((gpu) => driver.bind(call('nvmlDeviceGetPowerUsage', SUBJECT, u32()), gpu)?.start()),
    );
    expect(performance.now() - before).toBeGreaterThanOrEqual(119);
  });

  it('makes more calls on worker threads than koffi takes at a time', async () => {
    const { driver, gpus } = loaded();
    const bound = Array.from({ length: 600 }, () =>
      driver.bind(call('nvmlDeviceGetPowerUsage', SUBJECT, u32()), gpus[0]),
    );
    const statuses = await Promise.all(bound.map((each) => each?.start()));
    expect(statuses.every((status) => status === 0)).toBe(true);
  });

  it('takes the time that a benchmark gives a call', () => {
    const { driver, gpus } = loaded({ snapshot: machine, delays: { nvmlDeviceGetPowerUsage: 300 } });
    const bound = driver.bind(prototyped('nvmlDeviceGetPowerUsage'), gpus[0]);
    bound?.run();
    const begin = performance.now();
    for (let i = 0; i < 10; i++) bound?.run();
    const took = performance.now() - begin;
    expect(bound?.status).toBe(0);
    expect(took).toBeGreaterThanOrEqual(3);
  });

  it('lets one GPU vanish between two runs of the same call', () => {
    const lost = NVML_ERROR_GPU_IS_LOST;
    const { driver, gpus } = loaded({
      snapshot: machine,
      faults: [{ fn: '*', when: ['gpu1'], status: lost, after: 2 }],
    });
    const [one, other] = gpus.map((gpu) => driver.bind(prototyped('nvmlDeviceGetPowerUsage'), gpu));
    expect([1, 2, 3, 4].map(() => one?.run())).toEqual([0, 0, 0, 0]);
    expect([1, 2, 3, 4].map(() => other?.run())).toEqual([0, 0, lost, lost]);
  });

  it('lets a fault pass, and answers change from one tick to the next', () => {
    const later = {
      ...machine,
      calls: {
        ...machine.calls,
        nvmlDeviceGetPowerUsage: { gpu0: 80000, gpu1: { error: 'NVML_ERROR_GPU_IS_LOST' } },
      },
    };
    const { driver, gpus } = loaded({
      snapshot: machine,
      later: { after: 1, snapshot: later },
      faults: [{ fn: 'nvmlDeviceGetTemperature', status: 10, times: 1 }],
    });
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[0]))).toEqual([
      71234, 80000,
    ]);
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[1]))).toEqual([
      699999,
      { error: 'NVML_ERROR_GPU_IS_LOST' },
    ]);
    expect([1, 2].map(() => answer(driver, prototyped('nvmlDeviceGetTemperature', [0]), gpus[0]))).toEqual([
      { error: 'NVML_ERROR_TIMEOUT' },
      31,
    ]);
  });
});

describe.skipIf(!fake.available)('libraries of other drivers', () => {
  it('answers FUNCTION_NOT_FOUND for a symbol that the library lacks', async () => {
    const old = await buildFake({ without: ['nvmlDeviceGetMemoryInfo_v2', 'nvmlDeviceGetTemperatureV'] });
    const { driver, gpus } = loaded({ snapshot: machine }, old);
    expect(driver.bind(prototyped('nvmlDeviceGetMemoryInfo_v2'), gpus[0])).toBeUndefined();
    expect(answer(driver, prototyped('nvmlDeviceGetMemoryInfo_v2'), gpus[0])).toEqual({
      error: 'NVML_ERROR_FUNCTION_NOT_FOUND',
    });
    expect(answer(driver, prototyped('nvmlDeviceGetMemoryInfo'), gpus[0])).toMatchObject({
      total: 85899345920,
    });
  });

  it('works with a library that has only every other function', async () => {
    const needed = ['nvmlInit_v2', 'nvmlShutdown', 'nvmlDeviceGetHandleByIndex_v2'];
    const names = Object.keys(signatures) as FunctionName[];
    const without = names.filter((name, i) => i % 2 === 1 && !needed.includes(name));
    const half = await buildFake({ without });
    const { driver } = loaded({ snapshot: machine }, half);
    const missing = names.filter((fn) => driver.bind({ fn, args: [] }) === undefined);
    expect(missing).toEqual(without);
  });

  it('tells why a file cannot be loaded, in status 12', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-test-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'libnvidia-ml.so.1');
    writeFileSync(path, 'this is no library\n');
    expect(deathOf(path)).toMatchObject({ status: 12, hint: expect.stringContaining(`${path}: `) });
    expect(deathOf(path).hint).toMatch(/invalid ELF header|file too short/);
    expect(deathOf(join(folder, 'nothing.so')).hint).toMatch(/nothing\.so: .*No such file/);
  });

  it('refuses a library that is not NVML', () => {
    const path = compileLibrary('int answer(void) { return 42; }\n');
    expect(deathOf(path)).toMatchObject({ status: 12, hint: expect.stringContaining('nvmlShutdown') });
  });

  it('finds the library by the search of the loader', () => {
    const { folder } = fake.with({ snapshot: machine });
    const script = fileURLToPath(new URL('./load-by-name.ts', import.meta.url));
    const source = execFileSync(process.execPath, ['--import', 'tsx', script], {
      env: { PATH: process.env.PATH, LD_LIBRARY_PATH: folder },
      encoding: 'utf8',
    });
    expect(source).toBe('libnvidia-ml.so.1 580.00.01\n');
  });
});

describe.skipIf(!fake.available)('a front of another library', () => {
  it('forwards what it does not answer, with the handles of the other', async () => {
    const back = fake.with({ snapshot: machine });
    const calls = {
      nvmlDeviceGetPowerUsage: { gpu1: 1 },
      nvmlDeviceGetFieldValues: { 'gpu0,52': { type: 1, value: 99 } },
    };
    const { driver, gpus, library } = loaded({
      snapshot: { ...machine, calls },
      real: back.path,
      faults: [{ fn: 'nvmlDeviceGetName', when: ['gpu0'], status: 999 }],
    });
    expect(answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[0])).toBe(71234);
    expect(answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[1])).toBe(1);
    expect(answer(driver, prototyped('nvmlDeviceGetName'), gpus[0])).toEqual({ error: 'NVML_ERROR_UNKNOWN' });
    expect(answer(driver, prototyped('nvmlDeviceGetName'), gpus[1])).toBe('NVIDIA Größe 200');
    const { memory } = ask(driver, fields([52, 0], [24, 0]), gpus[0]);
    expect([0, 1].map((i) => decodeFieldValue(memory[0] as Buffer, i).value)).toEqual([
      { type: 1, value: 99 },
      { type: 6, value: 65535 },
    ]);
    expect(library.log().slice(3, 5)).toEqual([
      { fn: 'nvmlDeviceGetPowerUsage', key: 'gpu0' },
      { fn: 'nvmlDeviceGetPowerUsage', key: 'gpu1' },
    ]);
    expect(back.log().map(({ fn }) => fn)).not.toContain('nvmlDeviceGetBrand');
  });

  it('has every function of NVML, each exported once', () => {
    const names = exportedSymbols(fake.with({}).path);
    expect([...names].sort()).toEqual(Object.keys(signatures).sort());
  });

  it('hands symbols that no header declares to the other', async () => {
    const back = compileLibrary(
      'int nvmlShutdown(void) { return 0; }\nlong nvmlInternalGetExportTable(long a, long b) { return a - b; }\n',
    );
    const front = await buildFake({ also: ['nvmlInternalGetExportTable'] });
    const { path } = front.with({ real: back });
    const program = `
      #include <dlfcn.h>
      #include <stdio.h>
      int main(void) {
        void *library = dlopen("${path}", RTLD_NOW);
        long (*table)(long, long) = (long (*)(long, long))dlsym(library, "nvmlInternalGetExportTable");
        printf("%ld", table(44, 2));
        return 0;
      }`;
    expect(execFileSync(compileProgram(program), { encoding: 'utf8' })).toBe('42');
  });
});

function deathOf(path: string): DeadLibrary {
  try {
    loadLibrary({ path, env: {} }).close();
  } catch (error) {
    if (error instanceof DeadLibrary) return error;
    throw error;
  }
  throw new Error(`${path} was loaded`);
}
