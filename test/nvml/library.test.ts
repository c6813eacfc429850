import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import { type Arg, call, type FieldId, type Handle, SUBJECT } from '../../src/nvml/call.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { nvmlFieldValue_t } from '../../src/nvml/generated/layouts.js';
import { readText } from '../../src/nvml/memory.js';
import { ask } from '../../src/nvml/session.js';
import { statusSymbol } from '../../src/nvml/status.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeFieldValue } from '../../src/snapshot/answer-decode.js';
import { api } from '../../tools/api.js';
import { machine } from '../fake-nvml/machine.js';
import { answer, fake, fields, loaded, prototyped } from './loaded.js';
import { scalar, text, u32 } from './outs.js';

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

  it('gives texts whose size is passed by pointer or not at all, or whose text is the result', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlVgpuTypeGetName', [17]))).toBe('GRID Made-Up 4Q');
    expect(answer(driver, prototyped('nvmlDeviceGetGspFirmwareVersion'), gpus[0])).toBe('580.00.01');
    expect(answer(driver, prototyped('nvmlErrorString', [3]))).toBe('Not Supported');
    expect(answer(driver, prototyped('nvmlErrorString', [15]))).toBe('NVML_ERROR_GPU_IS_LOST');
  });

  it('passes the size of a text again at every run', () => {
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

  it('leaves a failed value after field values, where NVML reads and would write', () => {
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
