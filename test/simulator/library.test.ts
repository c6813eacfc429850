/** The library of a simulated machine, as programs in C call it. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_INSUFFICIENT_SIZE,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_LIB_RM_VERSION_MISMATCH,
  NVML_ERROR_NO_PERMISSION,
  NVML_ERROR_NOT_SUPPORTED,
  NVML_ERROR_TIMEOUT,
  NVML_ERROR_UNINITIALIZED,
  NVML_FI_DEV_MEMORY_TEMP,
  NVML_GPM_METRIC_GRAPHICS_UTIL,
  NVML_GPM_METRIC_SM_UTIL,
  NVML_GPM_METRICS_GET_VERSION,
  nvmlEventTypeXidCriticalError,
} from '../../src/nvml/generated/constants.js';
import {
  nvmlFieldValue_t,
  nvmlGpmMetric_t,
  nvmlGpmMetricsGet_t,
  nvmlMemory_v2_t,
  nvmlProcessInfo_t,
} from '../../src/nvml/generated/layouts.js';
import { neededGlibc } from '../../tools/simulator/build.js';
import { FUNCTIONS } from '../../tools/simulator/source.js';
import { exportedSymbols } from '../fake-nvml/exported-symbols.js';
import { type Loaded, library, loaded, numberOf, recorded } from './simulated.js';

const load = recorded('h200-x2-load');

describe.skipIf(library === undefined)('the library of a simulated machine', () => {
  it('has every function of NVML, and needs no glibc newer than 2.28', () => {
    const path = library as string;
    const exported = new Set(exportedSymbols(path));
    expect(FUNCTIONS.filter((name) => !exported.has(name))).toEqual([]);
    const needed = neededGlibc(readFileSync(path));
    expect(needed.length).toBeGreaterThan(0);
    for (const version of needed) expect(Number(version.split('.')[1])).toBeLessThanOrEqual(28);
  });

  it('is uninitialised until nvmlInit, as a driver is', () => {
    const machine = loaded({ snapshot: recorded('t4') });
    const gpu = machine.gpu(0);
    expect(machine.call('nvmlShutdown')).toBe(0);
    expect(machine.call('nvmlDeviceGetPowerUsage', gpu, Buffer.alloc(4))).toBe(NVML_ERROR_UNINITIALIZED);
    expect(machine.call('nvmlInitWithFlags', 2)).toBe(0);
    expect(machine.call('nvmlDeviceGetPowerUsage', gpu, Buffer.alloc(4))).toBe(0);
  });

  it('refuses every nvmlInit where the driver does', () => {
    const machine = loaded({ snapshot: recorded('mismatch') });
    for (const fn of ['nvmlInit', 'nvmlInit_v2']) {
      expect(machine.call(fn)).toBe(NVML_ERROR_LIB_RM_VERSION_MISMATCH);
    }
    expect(machine.call('nvmlInitWithFlags', 1)).toBe(NVML_ERROR_LIB_RM_VERSION_MISMATCH);
  });

  it('refuses what changes a GPU as a driver refuses it to others than root', () => {
    const machine = loaded({ snapshot: load });
    expect(machine.call('nvmlDeviceSetPersistenceMode', machine.gpu(0), 0)).toBe(NVML_ERROR_NO_PERMISSION);
    expect(machine.call('nvmlDeviceSetPowerManagementLimit', machine.gpu(1), 300_000)).toBe(
      NVML_ERROR_NO_PERMISSION,
    );
    expect(machine.call('nvmlGpmSampleAlloc', Buffer.alloc(8))).toBe(NVML_ERROR_NOT_SUPPORTED);
  });

  it('computes the GPM metrics of a recording from two samples, as they move', () => {
    const machine = loaded({
      snapshot: recorded('hgx-h100-x8'),
      rules: ['fail gpu1 nvmlGpmSampleGet TIMEOUT'],
    });
    const allocated = [0, 1].map(() => {
      const out = Buffer.alloc(8);
      expect(machine.call('nvmlGpmSampleAlloc', out)).toBe(0);
      return out.readBigUInt64LE(0);
    });
    const asked = Buffer.alloc(nvmlGpmMetricsGet_t.size);
    const ids = [NVML_GPM_METRIC_GRAPHICS_UTIL, NVML_GPM_METRIC_SM_UTIL, 332];
    const at = (i: number): number => nvmlGpmMetricsGet_t.fields.metrics[1] + i * nvmlGpmMetric_t.size;
    asked.writeUInt32LE(NVML_GPM_METRICS_GET_VERSION, 0);
    asked.writeUInt32LE(ids.length, nvmlGpmMetricsGet_t.fields.numMetrics[1]);
    allocated.forEach((sample, i) => {
      asked.writeBigUInt64LE(sample, nvmlGpmMetricsGet_t.fields[i === 0 ? 'sample1' : 'sample2'][1]);
    });
    ids.forEach((id, i) => {
      asked.writeUInt32LE(id, at(i));
    });
    expect(machine.call('nvmlGpmMetricsGet', asked)).toBe(NVML_ERROR_INVALID_ARGUMENT);
    for (const sample of allocated) expect(machine.call('nvmlGpmSampleGet', machine.gpu(0), sample)).toBe(0);
    expect(machine.call('nvmlGpmMetricsGet', asked)).toBe(0);
    const status = (i: number): number => asked.readUInt32LE(at(i) + nvmlGpmMetric_t.fields.nvmlReturn[1]);
    const value = (i: number): number => asked.readDoubleLE(at(i) + nvmlGpmMetric_t.fields.value[1]);
    expect(ids.map((_, i) => status(i))).toEqual([0, 0, NVML_ERROR_NOT_SUPPORTED]);
    for (const i of [0, 1]) expect(value(i)).toBeGreaterThan(50);
    expect(value(0)).toBeLessThanOrEqual(100);
    // Rules are for them, too.
    expect(machine.call('nvmlGpmSampleGet', machine.gpu(1), allocated[0] as bigint)).toBe(NVML_ERROR_TIMEOUT);
    for (const sample of allocated) expect(machine.call('nvmlGpmSampleFree', sample)).toBe(0);
  });

  it('keeps a change as state where that is asked for, also for programs that come later', () => {
    const writable = { journal: 'state' };
    const machine = loaded({ snapshot: load, writable });
    const limit = (one: Loaded): number => numberOf(one, 'nvmlDeviceGetPowerManagementLimit', one.gpu(1));
    expect(machine.call('nvmlDeviceSetPowerManagementLimit', machine.gpu(1), 300_000)).toBe(0);
    expect(limit(machine)).toBe(300_000);
    expect(numberOf(machine, 'nvmlDeviceGetPowerManagementLimit', machine.gpu(0))).toBe(700_000);
    expect(machine.call('nvmlDeviceSetPowerManagementLimit', machine.gpu(1), 4)).toBe(
      NVML_ERROR_INVALID_ARGUMENT,
    );
    const state = readFileSync(join(machine.folder, 'state'), 'utf8');
    expect(state).toContain('nvmlDeviceSetPowerManagementLimit');
    const later = loaded({ snapshot: load, writable }, { state: `nonsense 1\n${state}` });
    expect(limit(later)).toBe(300_000);
    // What keeps no state is refused all the same.
    expect(machine.call('nvmlDeviceClearEccErrorCounts', 1n, 0)).not.toBe(0);
  });

  it('takes a struct of its version, and says where another is wanted', () => {
    const machine = loaded({ snapshot: load });
    const memory = Buffer.alloc(nvmlMemory_v2_t.size);
    memory.writeUInt32LE(1, 0);
    expect(machine.call('nvmlDeviceGetMemoryInfo_v2', machine.gpu(0), memory)).toBe(
      NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
    );
    memory.writeUInt32LE(0x02000028, 0);
    expect(machine.call('nvmlDeviceGetMemoryInfo_v2', machine.gpu(0), memory)).toBe(0);
    expect(memory.readBigUInt64LE(nvmlMemory_v2_t.fields.total[1])).toBe(150_754_820_096n);
  });

  it('says how much room a list of processes needs', () => {
    const machine = loaded({ snapshot: load });
    const count = Buffer.alloc(4);
    const fn = 'nvmlDeviceGetComputeRunningProcesses_v3';
    expect(machine.call(fn, machine.gpu(0), count, null)).toBe(NVML_ERROR_INSUFFICIENT_SIZE);
    expect(count.readUInt32LE(0)).toBe(1);
    const list = Buffer.alloc(nvmlProcessInfo_t.size);
    expect(machine.call(fn, machine.gpu(0), count, list)).toBe(0);
    expect(list.readUInt32LE(0)).toBe(634);
  });

  it('lists the processes of a MIG device', () => {
    const machine = loaded({ snapshot: recorded('a100-mig') });
    const handle = Buffer.alloc(8);
    expect(machine.call('nvmlDeviceGetMigDeviceHandleByIndex', machine.gpu(0), 0, handle)).toBe(0);
    const count = Buffer.from([8, 0, 0, 0]);
    const list = Buffer.alloc(8 * nvmlProcessInfo_t.size);
    const fn = 'nvmlDeviceGetComputeRunningProcesses_v3';
    expect(machine.call(fn, handle.readBigUInt64LE(0), count, list)).toBe(0);
    expect([count.readUInt32LE(0), list.readUInt32LE(0)]).toEqual([1, 41208]);
  });

  it('fills a list of GPU instances without reading how much room there is', () => {
    const machine = loaded({ snapshot: recorded('a100-mig') });
    const [key, answer] = Object.entries(recorded('a100-mig').calls.nvmlDeviceGetGpuInstances ?? {}).find(
      ([, answer]) => Array.isArray(answer) && answer.length > 0,
    ) ?? ['', []];
    const [count, instances] = [Buffer.alloc(4), Buffer.alloc(7 * 8)];
    const profile = Number(key.split(',')[1]);
    expect(machine.call('nvmlDeviceGetGpuInstances', machine.gpu(0), profile, instances, count)).toBe(0);
    expect(count.readUInt32LE(0)).toBe((answer as readonly unknown[]).length);
    expect(instances.readBigUInt64LE(0)).not.toBe(0n);
  });

  it('writes nothing after the values of nvmlDeviceGetFieldValues', () => {
    const machine = loaded({ snapshot: load });
    const { size, fields } = nvmlFieldValue_t;
    const values = Buffer.alloc(2 * size);
    values.writeUInt32LE(NVML_FI_DEV_MEMORY_TEMP, 0);
    expect(machine.call('nvmlDeviceGetFieldValues', machine.gpu(0), 1, values)).toBe(0);
    expect(values.readUInt32LE(fields.value[1])).toBeGreaterThan(30);
    expect(values.subarray(size).every((byte) => byte === 0)).toBe(true);
  });
});

describe.skipIf(library === undefined)('the rules of a simulated machine', () => {
  it('let a function fail in all its versions, for one GPU alone', () => {
    const machine = loaded({ snapshot: load, rules: ['fail gpu1 nvmlDeviceGetMemoryInfo GPU_IS_LOST'] });
    const memory = Buffer.alloc(nvmlMemory_v2_t.size);
    memory.writeUInt32LE(0x02000028, 0);
    expect(machine.call('nvmlDeviceGetMemoryInfo_v2', machine.gpu(1), memory)).toBe(NVML_ERROR_GPU_IS_LOST);
    expect(machine.call('nvmlDeviceGetMemoryInfo', machine.gpu(1), memory)).toBe(NVML_ERROR_GPU_IS_LOST);
    expect(machine.call('nvmlDeviceGetMemoryInfo', machine.gpu(0), memory)).toBe(0);
  });

  it('of the control file are followed while the program runs', async () => {
    const machine = loaded({ snapshot: load, control: 'control' });
    const status = (): number => machine.call('nvmlDeviceGetPowerUsage', machine.gpu(0), Buffer.alloc(4));
    expect(status()).toBe(0);
    writeFileSync(join(machine.folder, 'control'), '# lost\nfail gpu0 * GPU_IS_LOST\n');
    await expect.poll(status).toBe(NVML_ERROR_GPU_IS_LOST);
    writeFileSync(join(machine.folder, 'control'), '');
    await expect.poll(status).toBe(0);
  });
});

describe.skipIf(library === undefined)('the events of a simulated machine', () => {
  function watching(control = '') {
    const machine = loaded({ snapshot: load, control: 'control' });
    writeFileSync(join(machine.folder, 'control'), control);
    const set = Buffer.alloc(8);
    expect(machine.call('nvmlEventSetCreate', set)).toBe(0);
    const events = set.readBigUInt64LE(0);
    const register = (types: bigint): number =>
      machine.call('nvmlDeviceRegisterEvents', machine.gpu(1), types, events);
    const data = Buffer.alloc(32);
    const wait = (milliseconds: number) => {
      const status = machine.call('nvmlEventSetWait_v2', events, data, milliseconds);
      return status === 0
        ? [data.readBigUInt64LE(0) === machine.gpu(1), Number(data.readBigUInt64LE(16))]
        : status;
    };
    return { machine, register, wait };
  }

  it('are the Xid lines of the control file, each once, of the GPUs that are watched', () => {
    const { machine, register, wait } = watching('xid gpu0 13\nxid gpu1 79\n');
    expect(register(BigInt(nvmlEventTypeXidCriticalError))).toBe(0);
    expect(wait(1000)).toEqual([true, 79]);
    expect(wait(0)).toBe(NVML_ERROR_TIMEOUT);
    appendFileSync(join(machine.folder, 'control'), 'xid gpu1 94\n');
    expect(wait(1000)).toEqual([true, 94]);
    expect(wait(30)).toBe(NVML_ERROR_TIMEOUT);
    writeFileSync(join(machine.folder, 'control'), 'xid gpu1 79\n');
    expect(wait(1000)).toEqual([true, 79]);
  });

  it('of types that the GPU does not have are not supported', () => {
    expect(watching().register(1n << 60n)).toBe(NVML_ERROR_NOT_SUPPORTED);
  });
});
