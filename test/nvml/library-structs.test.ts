import { describe, expect, it } from 'vitest';
import { type Bound, call, isOut, SUBJECT, struct } from '../../src/nvml/call.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_TIMEOUT,
} from '../../src/nvml/generated/constants.js';
import { nvmlMemory_v2_t, nvmlProcessInfo_t } from '../../src/nvml/generated/layouts.js';
import { ask } from '../../src/nvml/session.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeOut } from '../../src/snapshot/answer-decode.js';
import { machine } from '../fake-nvml/machine.js';
import { answer, fake, loaded, noNames, prototyped } from './loaded.js';
import { list } from './outs.js';

const SESSION = {
  vgpuInstance: 0,
  codecType: 0,
  hResolution: 1920,
  vResolution: 1080,
  averageFps: 30,
  averageLatency: 900,
};

describe.skipIf(!fake.available)('calls through koffi', () => {
  it('gives structs with text, nested structs and negative numbers', () => {
    const { driver, gpus } = loaded();
    expect(answer(driver, prototyped('nvmlDeviceGetPciInfo_v3'), gpus[1])).toEqual(
      machine.calls.nvmlDeviceGetPciInfo_v3?.gpu1,
    );
    expect(answer(driver, prototyped('nvmlDeviceGetThermalSettings', [15]), gpus[0])).toEqual(
      machine.calls.nvmlDeviceGetThermalSettings?.['gpu0,15'],
    );
  });

  it('passes the version and the selectors of a struct to the library', () => {
    const { driver, gpus } = loaded();
    const offsets = (type: number): Json =>
      answer(driver, prototyped('nvmlDeviceGetClockOffsets', [], { type, pstate: 0 }), gpus[0]);
    expect(offsets(0)).toMatchObject({ clockOffsetMHz: -15, maxClockOffsetMHz: 1000 });
    expect(offsets(2)).toEqual({ error: 'NVML_ERROR_NOT_SUPPORTED' });
    expect(offsets(1)).toEqual({ error: 'NVML_ERROR_NOT_FOUND' });
  });

  it('receives ARGUMENT_VERSION_MISMATCH where the version of a struct is another', () => {
    const { driver, gpus } = loaded();
    const version = nvmlMemory_v2_t.size | (9 << 24);
    const { status } = ask(
      driver,
      call('nvmlDeviceGetMemoryInfo_v2', SUBJECT, struct(nvmlMemory_v2_t, { version })),
      gpus[0],
    );
    expect(status).toBe(NVML_ERROR_ARGUMENT_VERSION_MISMATCH);
  });

  it('gives lists, empty ones too, with the array before or after the count', () => {
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

  describe('of a list whose count is asked first', () => {
    const sessions = (count: number): Json =>
      Array.from({ length: count }, (_, i) => ({ ...SESSION, sessionId: i + 1, pid: 4000 + i }));
    const machineWith = (gpu0: Json) => ({
      ...machine,
      calls: { ...machine.calls, nvmlDeviceGetEncoderSessions: { gpu0 } },
    });
    const what = prototyped('nvmlDeviceGetEncoderSessions');
    const waysOf = (bound: Bound | undefined) => [() => bound?.run(), () => bound?.start()] as const;
    const itemsOf = (bound: Bound | undefined): Json => {
      const out = what.args.find(isOut);
      if (out === undefined || bound?.memory[0] === undefined) throw new Error('no list');
      return decodeOut(out, bound.memory[0], noNames);
    };

    it('asks for the count alone where there is nothing, or no answer', async () => {
      for (const [gpu0, status] of [
        [[], 0],
        [{ error: 'NVML_ERROR_NOT_SUPPORTED' }, NVML_ERROR_NOT_SUPPORTED],
      ] as const) {
        const { driver, gpus, library } = loaded({ snapshot: machineWith(gpu0) });
        const bound = driver.bind(what, gpus[0]);
        library.clearLog();
        for (const ask of waysOf(bound)) expect(await ask()).toBe(status);
        expect(library.log()).toHaveLength(2);
        expect(itemsOf(bound)).toEqual([]);
      }
    });

    it('counts again where the list grew in between, and gives as many as there are then', async () => {
      for (const way of [0, 1] as const) {
        for (const [before, after] of [
          [2, 3],
          [33, 40],
          [5, 1],
        ] as const) {
          const { driver, gpus } = loaded({
            snapshot: machineWith(sessions(before)),
            later: { after: 1, snapshot: machineWith(sessions(after)) },
          });
          const bound = driver.bind(what, gpus[0]);
          expect(await waysOf(bound)[way]()).toBe(0);
          expect(itemsOf(bound)).toEqual(sessions(after));
        }
      }
    });

    it('gives the list again after a refusal, and forgets it where it is gone', async () => {
      const { driver, gpus } = loaded({
        snapshot: machineWith(sessions(3)),
        later: { after: 5, snapshot: machineWith([]) },
        faults: [{ fn: 'nvmlDeviceGetEncoderSessions', status: NVML_ERROR_TIMEOUT, times: 1 }],
      });
      const bound = driver.bind(what, gpus[0]);
      expect(bound?.run()).toBe(NVML_ERROR_TIMEOUT);
      expect(await bound?.start()).toBe(0);
      expect(itemsOf(bound)).toEqual(sessions(3));
      expect([bound?.run(), bound?.run()]).toEqual([0, 0]);
      expect(itemsOf(bound)).toEqual([]);
    });
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

  it('gives two arrays that share a count, arrays sized in bytes, and lists of handles', async () => {
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
});
