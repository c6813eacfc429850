/** The machines of snapshots/: what they are made of, and that nothing nvsmi asks them is left without an answer. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRESENT } from '../../src/base/release.js';
import { main } from '../../src/cli/cli.js';
import type { Call, Driver, FieldId } from '../../src/nvml/call.js';
import { isOut } from '../../src/nvml/call.js';
import {
  NVML_DEC_UTILIZATION_SAMPLES,
  NVML_DEVICE_ARCH_HOPPER,
  NVML_ENC_UTILIZATION_SAMPLES,
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_LIB_RM_VERSION_MISMATCH,
  NVML_FI_DEV_POWER_AVERAGE,
  NVML_FI_DEV_POWER_INSTANT,
  NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION,
  NVML_GPU_UTILIZATION_SAMPLES,
  NVML_MEMORY_UTILIZATION_SAMPLES,
  NVML_TOTAL_POWER_SAMPLES,
  nvmlClocksEventReasonSwPowerCap,
} from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { openSession, type Session } from '../../src/nvml/session.js';
import { Missing } from '../../src/nvml/status.js';
import { Asker } from '../../src/query/ask/asker.js';
import type { Subject } from '../../src/query/ask/subject.js';
import { nameOf } from '../../src/query/field.js';
import { gpuTable } from '../../src/query/gpu/index.js';
import { migDevicesIn } from '../../src/query/mig/devices.js';
import { compilePlan } from '../../src/query/plan.js';
import { tableAt } from '../../src/query/relation.js';
import type { Json } from '../../src/snapshot/answer.js';
import { answerKey, fieldKey } from '../../src/snapshot/answer-key.js';
import { formatSnapshot, parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { recordedFiles } from '../../src/system/files.js';
import { kernelVersion } from '../../src/system/kernel.js';
import { momentsOf } from '../commands/moving-machine.js';
import { FakeIo } from '../fake-io.js';

const FOLDER = new URL('../../snapshots/', import.meta.url);
const names = readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''));
const textOf = (name: string): string => readFileSync(new URL(`${name}.json`, FOLDER), 'utf8');
const snapshots = new Map(names.map((name) => [name, parseSnapshot(textOf(name), name)]));
const snapshotOf = (name: string): Snapshot => snapshots.get(name) as Snapshot;
const open = (name: string): Session => openSession(snapshotDriver(snapshotOf(name), name));

/** The machines on which NVML starts. */
const alive = names.filter((name) => name !== 'mismatch');

const isRefused = (answer: unknown): boolean =>
  typeof answer === 'object' && answer !== null && 'error' in answer;

/** A driver that writes down which questions have no answer in the snapshot. */
function watched(snapshot: Snapshot, unanswered: string[]): Driver {
  const inner = snapshotDriver(snapshot, 'watched');
  const handles = new Map<bigint, string>();
  const nameHandles = (call: Call, memory: readonly Buffer[]): void => {
    const answer = snapshot.calls[call.fn]?.[answerKey(call, (h) => handles.get(h) ?? '')];
    if (typeof answer === 'string' && memory[0] !== undefined && memory[0].length >= 8) {
      handles.set(memory[0].readBigUInt64LE(0), answer);
    }
  };
  return {
    ...inner,
    bind(call, subject) {
      const bound = inner.bind(call, subject);
      const key = answerKey(call, (handle) => handles.get(handle) ?? '', subject);
      const answers = snapshot.calls[call.fn];
      const fields = call.args.find((arg) => isOut(arg) && arg.out === 'fields');
      if (fields !== undefined) {
        const { ids } = fields as { ids: readonly FieldId[] };
        const missing = ids.filter(
          (id) =>
            answers?.[key] === undefined &&
            answers?.[fieldKey(key, id)] === undefined &&
            !isRefused(answers?.[fieldKey(key, [id[0], 0])]),
        );
        unanswered.push(...missing.map((id) => fieldKey(`field ${key}`, id)));
      } else if (answers !== undefined && answers[key] === undefined) {
        unanswered.push(`${call.fn}[${key}]`);
      }
      const isHandle = call.fn.includes('Handle');
      if (bound !== undefined && isHandle && bound.run() === 0) nameHandles(call, bound.memory);
      return bound;
    },
  };
}

async function readEveryRow(session: Session, subjects: readonly Subject[]) {
  const { fields } = tableAt(gpuTable, PRESENT);
  const plan = compilePlan(fields, subjects, { asker: new Asker(session), now: () => 0 });
  await plan.sample();
  return plan.lines.map(({ readers }) => readers.map((read) => read()));
}

describe.each(names)('the machine %s', (name) => {
  it('is written as a recording is, one answer a line', () => {
    expect(formatSnapshot(snapshotOf(name))).toBe(textOf(name));
  });

  it('has a title that says what it is, and has made-up identities', () => {
    const { title, origin, identities } = snapshotOf(name);
    expect(title).toMatch(origin === 'built' ? /; built from / : /driver \d{3}\.\d+/);
    expect(identities).toBe('made-up');
    const uuids = textOf(name).match(/(GPU|MIG)-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? [];
    expect(uuids.filter((uuid) => !uuid.includes('-4a4a-8b8b-5eed'))).toEqual([]);
  });

  it('has nothing of a process but the path of its program', () => {
    const { files, calls } = snapshotOf(name);
    expect(Object.keys(files).filter((path) => /^\/proc\/\d/.test(path))).toEqual([]);
    const programs = [calls, ...(snapshotOf(name).ticks ?? []).map((tick) => tick.calls)].flatMap((moment) =>
      Object.values(moment.nvmlSystemGetProcessName ?? {}),
    );
    expect(programs.filter((program) => /\s/.test(String(program)))).toEqual([]);
  });
});

describe.each(alive)('every row of --query-gpu on %s', (name) => {
  it('has a value, or a reason that a driver would give', async () => {
    const unanswered: string[] = [];
    const session = openSession(watched(snapshotOf(name), unanswered));
    const lines = await readEveryRow(session, session.gpus);
    const implausible = lines.flatMap((readings, gpu) =>
      readings.flatMap((reading, i) => {
        const status = reading instanceof Missing ? reading.status : 0;
        const expected =
          session.gpus[gpu]?.status === 0 ? [0, 3, 26, 27] : [NVML_ERROR_GPU_IS_LOST, 0, 3, 26];
        const row = tableAt(gpuTable, PRESENT).fields[i];
        return expected.includes(status) || row === undefined ? [] : [`gpu${gpu} ${nameOf(row)}: ${status}`];
      }),
    );
    expect(implausible).toEqual([]);
    // The recordings were taken before the newest probes were written; built machines have no such excuse.
    if (snapshotOf(name).origin === 'built') expect([...new Set(unanswered)]).toEqual([]);
  });
});

describe.each(alive.filter((name) => name !== 'lost-gpu' && name !== 'none'))('the report on %s', (name) => {
  it('has no reading that was not found', async () => {
    const io = new FakeIo();
    expect(await main(['-q', '--snapshot', name], io)).toBe(0);
    const lost = io.output.split('\n').filter((line) => /Not Found|Unknown Error|ERR!/.test(line));
    expect(io.output.split('\n').length).toBeGreaterThan(200);
    if (snapshotOf(name).origin === 'built') expect(lost).toEqual([]);
  });
});

describe('the recorded machines', () => {
  it('h200-x2 has two GPUs that are joined by 18 links each', () => {
    const { calls } = snapshotOf('h200-x2');
    expect(calls.nvmlDeviceGetSerial).toEqual({ gpu0: '1650000000001', gpu1: '1650000000002' });
    const states = Object.entries(calls.nvmlDeviceGetNvLinkState ?? {});
    expect(states).toHaveLength(36);
    expect(states.every(([, state]) => state === 1)).toBe(true);
    expect(calls.nvmlDeviceGetTopologyCommonAncestor?.['gpu0,gpu1']).toBe(30);
  });
});

/** Samples by nvmlSamplingType_t, and the reading that they are of. */
const SAMPLED: readonly (readonly [type: number, fn: FunctionName, at: string | number | undefined])[] = [
  [NVML_TOTAL_POWER_SAMPLES, 'nvmlDeviceGetPowerUsage', undefined],
  [NVML_GPU_UTILIZATION_SAMPLES, 'nvmlDeviceGetUtilizationRates', 'gpu'],
  [NVML_MEMORY_UTILIZATION_SAMPLES, 'nvmlDeviceGetUtilizationRates', 'memory'],
  [NVML_ENC_UTILIZATION_SAMPLES, 'nvmlDeviceGetEncoderUtilization', 0],
  [NVML_DEC_UTILIZATION_SAMPLES, 'nvmlDeviceGetDecoderUtilization', 0],
];

describe.each(alive.filter((name) => snapshotOf(name).origin === 'built'))('the built machine %s', (name) => {
  const { calls } = snapshotOf(name);
  const gpus = Object.keys(calls.nvmlDeviceGetArchitecture ?? {}).filter((key) => /^gpu\d+$/.test(key));

  it('can do confidential computing only with Hopper', () => {
    const hopper = gpus.some((gpu) => calls.nvmlDeviceGetArchitecture?.[gpu] === NVML_DEVICE_ARCH_HOPPER);
    expect(calls.nvmlSystemGetConfComputeCapabilities?.['']).toMatchObject({ gpusCaps: hopper ? 1 : 0 });
    expect(isRefused(calls.nvmlSystemGetConfComputeKeyRotationThresholdInfo?.[''])).toBe(!hopper);
    expect(isRefused(calls.nvmlSystemGetNvlinkBwMode?.[''])).toBe(!hopper);
  });

  const moments = momentsOf(snapshotOf(name));

  it.each(moments)('has samples of what its readings are, and none of what it cannot read', (calls) => {
    const facts = gpus.flatMap((gpu) =>
      SAMPLED.map(([type, fn, at]) => {
        const reading = calls[fn]?.[gpu] as Json;
        const samples = calls.nvmlDeviceGetSamples?.[`${gpu},${type},0`] as Json;
        if (isRefused(reading)) return { gpu, type, fits: isRefused(samples) };
        const value = at === undefined ? reading : (reading as { readonly [key: string]: Json })[at];
        const [, list] = samples as unknown as [number, { sampleValue: { ullVal: number } }[]];
        return { gpu, type, fits: list.every(({ sampleValue }) => sampleValue.ullVal === value) };
      }),
    );
    expect(facts.filter(({ fits }) => !fits)).toEqual([]);
  });

  it.each(moments)('counts the same processes everywhere', (calls) => {
    for (const [mode, kind] of ['Compute', 'Graphics', 'MPSCompute'].entries()) {
      for (const gpu of gpus) {
        const list = calls[`nvmlDeviceGet${kind}RunningProcesses_v3` as FunctionName]?.[gpu] as Json[];
        const details = calls.nvmlDeviceGetRunningProcessDetailList?.[`${gpu},mode=${mode}`];
        expect(details).toMatchObject({ procArray: list as object[] });
      }
    }
  });
});

describe('the built machines', () => {
  it('a100-mig has no C2C links, and no average power, which GA100 lacks', async () => {
    const { calls } = snapshotOf('a100-mig');
    expect(isRefused(calls.nvmlDeviceGetC2cModeInfoV?.gpu0)).toBe(true);
    expect(isRefused(calls.nvmlDeviceGetFieldValues?.[`gpu0,${NVML_FI_DEV_POWER_AVERAGE}`])).toBe(true);
  });

  it('hgx-h100-x8 has eight GPUs on two sockets, every pair of them joined', () => {
    const { calls, files } = snapshotOf('hgx-h100-x8');
    expect(open('hgx-h100-x8').gpus).toHaveLength(8);
    const pairs = Object.entries(calls.nvmlDeviceGetP2PStatus ?? {}).filter(([key]) => key.endsWith(',2'));
    expect(pairs).toHaveLength(64);
    expect(pairs.filter(([, status]) => status !== 0)).toHaveLength(8);
    expect(files['/sys/devices/system/node/node1/cpulist']).toBe('56-111,168-223\n');
    expect(textOf('hgx-h100-x8').length).toBeLessThan(1_200_000);
  });

  describe('hgx-h100-x8, second by second', () => {
    const { ticks = [] } = snapshotOf('hgx-h100-x8');
    const moments = momentsOf(snapshotOf('hgx-h100-x8'));
    const gpus = Array.from({ length: 8 }, (_, i) => `gpu${i}`);
    /** What a GPU answers at each moment. */
    const over = <T = number>(fn: FunctionName, key: string): readonly T[] =>
      moments.map((moment) => moment[fn]?.[key] as T);
    const field = (gpu: string, id: number): readonly number[] =>
      over<{ readonly value: number }>('nvmlDeviceGetFieldValues', `${gpu},${id}`).map(({ value }) => value);
    const steps = (numbers: readonly number[]): readonly number[] =>
      numbers.slice(1).map((number, i) => number - (numbers[i] as number));

    it('works for 20 seconds', () => {
      expect(ticks.map(({ ms }) => ms)).toEqual(Array.from({ length: 20 }, (_, i) => (i + 1) * 1000));
      const busy = over('nvmlDeviceGetPowerUsage', 'gpu0');
      expect(Math.max(...busy) - Math.min(...busy)).toBeGreaterThan(400_000);
    });

    it.each(gpus)('never takes more than its power limit: %s', (gpu) => {
      const all = [...over('nvmlDeviceGetPowerUsage', gpu), ...field(gpu, NVML_FI_DEV_POWER_INSTANT)];
      expect(Math.max(...all)).toBeLessThan(700_000);
    });

    it.each(gpus.slice(0, 4))('has a lower clock where power holds it back, and only there: %s', (gpu) => {
      const reasons = over('nvmlDeviceGetCurrentClocksEventReasons', gpu);
      const clocks = over('nvmlDeviceGetClockInfo', `${gpu},0`);
      expect(clocks.map((clock) => clock < 1755)).toEqual(
        reasons.map((mask) => mask === Number(nvmlClocksEventReasonSwPowerCap)),
      );
    });

    it.each(gpus)('becomes hotter and cooler by few degrees a second: %s', (gpu) => {
      const moved = steps(over('nvmlDeviceGetTemperature', `${gpu},0`)).map(Math.abs);
      expect(Math.max(...moved)).toBeLessThanOrEqual(5);
    });

    it.each(gpus)('counts the energy of its power: %s', (gpu) => {
      const energy = over('nvmlDeviceGetTotalEnergyConsumption', gpu);
      const watts = over('nvmlDeviceGetPowerUsage', gpu).slice(1);
      for (const [i, joules] of steps(energy).entries()) {
        expect(Math.abs(joules - (watts[i] as number))).toBeLessThan(1500);
      }
      expect(field(gpu, NVML_FI_DEV_TOTAL_ENERGY_CONSUMPTION)).toEqual(energy);
    });

    it.each(gpus)('never counts back: %s', (gpu) => {
      const traffic = [138, 139, 140, 141].map((id) => field(gpu, id));
      const status = over<{ readonly violationTime: number }>('nvmlDeviceGetViolationStatus', `${gpu},0`);
      const violated = status.map(({ violationTime }) => violationTime);
      for (const counts of [...traffic, violated])
        expect(Math.min(...steps(counts))).toBeGreaterThanOrEqual(0);
    });

    it.each(gpus)('keeps its processes: %s', (gpu) => {
      const lists = over<readonly { readonly pid: number }[]>('nvmlDeviceGetComputeRunningProcesses_v3', gpu);
      const pids = lists.map((list) => list.map(({ pid }) => pid));
      expect(new Set(pids.map(String)).size).toBe(1);
    });
  });

  it('a100-mig has four MIG devices in three of its four GPU instances', () => {
    const session = open('a100-mig');
    const [gpu] = session.gpus;
    if (gpu === undefined) throw new Error('no GPU');
    expect(new Asker(session).run(migDevicesIn(gpu))).toHaveLength(4);
    const { calls } = snapshotOf('a100-mig');
    expect(Object.keys(calls.nvmlGpuInstanceGetInfo ?? {})).toHaveLength(4);
    expect(Object.keys(calls.nvmlComputeInstanceGetInfo_v2 ?? {})).toHaveLength(4);
    const taken = Object.values(calls.nvmlGpuInstanceGetInfo ?? {}).map(
      (info) => (info as { placement: { start: number; size: number } }).placement,
    );
    const slices = taken.flatMap(({ start, size }) => Array.from({ length: size }, (_, i) => start + i));
    expect(slices.sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('a MIG device of a100-mig knows its memory and says why all else is absent', async () => {
    const session = open('a100-mig');
    const [gpu] = session.gpus;
    if (gpu === undefined) throw new Error('no GPU');
    const [mig] = new Asker(session).run(migDevicesIn(gpu)) as readonly [Subject];
    const [readings] = await readEveryRow(session, [mig]);
    const at = (field: string) =>
      readings?.[tableAt(gpuTable, PRESENT).fields.findIndex((row) => nameOf(row) === field)];
    expect(at('memory.total')).toBe(20096 * 1024 * 1024);
    expect(at('temperature.gpu')).toEqual(Missing.of(3));
  });

  it('lost-gpu counts eight GPUs and has no handle for one of them', () => {
    const { gpus } = open('lost-gpu');
    expect(gpus.map(({ status }) => status)).toEqual([0, 0, 0, 0, 0, NVML_ERROR_GPU_IS_LOST, 0, 0]);
    expect(textOf('lost-gpu')).not.toMatch(/"gpu5/);
  });

  it('none has a driver and no GPU', () => {
    expect(open('none').gpus).toEqual([]);
  });

  it('mismatch refuses to start, and names both versions', () => {
    const files = recordedFiles(snapshotOf('mismatch').files);
    const start = () =>
      openSession(snapshotDriver(snapshotOf('mismatch'), 'mismatch'), () => kernelVersion(files));
    expect(start).toThrow(expect.objectContaining({ status: NVML_ERROR_LIB_RM_VERSION_MISMATCH }));
    expect(start).toThrow(
      expect.objectContaining({
        message: 'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.159',
        hint: expect.stringMatching(/580\.159\.04.*575\.57\.08/),
      }),
    );
  });
});
