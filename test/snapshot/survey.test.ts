import { describe, expect, it } from 'vitest';
import { call, type Handle, struct } from '../../src/nvml/call.js';
import { type FunctionName, signatures } from '../../src/nvml/generated/functions.js';
import { nvmlClockOffset_v1_t } from '../../src/nvml/generated/layouts.js';
import { changing, prototypes } from '../../src/nvml/generated/prototypes.js';
import { ask } from '../../src/nvml/session.js';
import { anonymize } from '../../src/snapshot/anonymize.js';
import { decodeFieldValue } from '../../src/snapshot/answer-decode.js';
import { formatSnapshot, parseSnapshot } from '../../src/snapshot/snapshot.js';
import { snapshotDriver } from '../../src/snapshot/snapshot-driver.js';
import { survey } from '../../src/snapshot/survey.js';
import { NOT_SUPPORTED, TinyDriver } from '../nvml/tiny-driver.js';

/** Needs samples, certificates, privileges, or structs that only a vGPU host gives. */
const LEFT_OUT: readonly string[] = [
  'nvmlDeviceGetConfComputeGpuCertificate',
  'nvmlDeviceGetConfComputeGpuAttestationReport',
  'nvmlSystemGetCPER_v1',
  'nvmlGetVgpuCompatibility',
  'nvmlGpmMetricsGet',
  'nvmlDeviceReadPRMCounters_v1',
];

/** About instances of a partitioned GPU, which the tiny driver has not. */
const aboutInstances = (fn: string): boolean =>
  /^nvml(GpuInstance|ComputeInstance)|GpuInstance(ById|PossiblePlacements|RemainingCapacity)|GetDeviceHandleFromMig/.test(
    fn,
  );

describe('the survey', () => {
  const driver = new TinyDriver();
  const calls = survey(driver, { cpus: 2 });

  it('asks every function that only reads, and none that changes something', () => {
    const reading = Object.keys(signatures).filter((fn) => !changing.has(fn as FunctionName));
    const missed = reading.filter((fn) => !(fn in calls) && !LEFT_OUT.includes(fn) && !aboutInstances(fn));
    expect(missed).toEqual([]);
    expect([...driver.asked.keys()].filter((fn) => changing.has(fn))).toEqual([]);
  });

  it('asks with every value of an enum, every memory clock, every process, every pair of GPUs', () => {
    expect(Object.keys(calls.nvmlDeviceGetClockInfo ?? {})).toEqual(
      expect.arrayContaining(['gpu0,0', 'gpu0,1', 'gpu0,2', 'gpu0,3', 'gpu1,3', 'gpu0/mig0,0']),
    );
    expect(calls.nvmlDeviceGetSupportedGraphicsClocks).toHaveProperty(['gpu1,2619']);
    expect(calls.nvmlSystemGetProcessName).toHaveProperty('4242');
    expect(calls.nvmlDeviceGetTopologyCommonAncestor).toHaveProperty(['gpu1,gpu0']);
    expect(calls.nvmlDeviceGetClockOffsets).toHaveProperty(['gpu0,type=2,pstate=15']);
    expect(calls.nvmlDeviceGetHandleByUUID?.['GPU-256-real']).toBe('');
  });

  it('writes down field values by id and scope, and a refusal without a scope once', () => {
    const fields = calls.nvmlDeviceGetFieldValues ?? {};
    expect(fields['gpu0,139']).toEqual({ type: 1, value: 139 });
    expect(fields['gpu1,139:17']).toEqual({ type: 1, value: 1139 });
    expect(fields['gpu0,138']).toEqual({ error: 'NVML_ERROR_NOT_SUPPORTED' });
    expect(fields).not.toHaveProperty(['gpu0,138:17']);
  });

  it('records again what it recorded, from its own snapshot', () => {
    const text = formatSnapshot({
      format: 'nvsmi-snapshot',
      version: 1,
      title: 'tiny',
      origin: 'recorded',
      identities: 'kept',
      files: {},
      calls,
    });
    const again = survey(snapshotDriver(parseSnapshot(text, 'tiny'), 'tiny'), { cpus: 2 });
    // Handles that the tiny driver made up out of nothing have no names.
    expect(Object.keys(again)).toEqual(Object.keys(calls));
    expect(again.nvmlDeviceGetClockOffsets).toEqual(calls.nvmlDeviceGetClockOffsets);
    expect(again.nvmlDeviceGetFieldValues).toEqual(calls.nvmlDeviceGetFieldValues);
    expect(again.nvmlDeviceGetRunningProcessDetailList).toEqual(calls.nvmlDeviceGetRunningProcessDetailList);
  });

  it('answers a scope that was not written down with the refusal of the field', () => {
    const driverOf = snapshotDriver(
      anonymize({
        format: 'nvsmi-snapshot',
        version: 1,
        title: '',
        origin: 'recorded',
        identities: 'kept',
        files: {},
        calls,
      }),
      'tiny',
    );
    const gpu = ask(
      driverOf,
      call('nvmlDeviceGetHandleByIndex_v2', 0, { out: 'scalar', name: 'h', type: 'ptr' }),
    );
    const subject = gpu.memory[0]?.readBigUInt64LE(0) as Handle;
    const { memory } = ask(
      driverOf,
      call('nvmlDeviceGetFieldValues', subject, {
        out: 'fields',
        ids: [
          [138, 17],
          [139, 17],
        ],
      }),
    );
    expect(decodeFieldValue(memory[0] as Buffer, 0).status).toBe(NOT_SUPPORTED);
    expect(decodeFieldValue(memory[0] as Buffer, 1)).toEqual({ status: 0, value: { type: 1, value: 139 } });
    const offsets = struct(nvmlClockOffset_v1_t, { version: 16777240, type: 0, pstate: 3 });
    expect(ask(driverOf, call('nvmlDeviceGetClockOffsets', subject, offsets)).status).toBe(0);
  });

  it('describes every function with as many C parameters as its signature has', () => {
    for (const [fn, prototype] of Object.entries(prototypes)) {
      const count = prototype.reduce((sum, param) => {
        if (param[0] === 'text') return sum + (param[3] === 'result' ? 0 : param[3] === 'none' ? 1 : 2);
        if (param[0] === 'list') return sum + (param[3].beside === undefined ? 2 : 3);
        if (param[0] === 'struct') return sum + (param[3]?.room === undefined ? 1 : 2);
        return sum + (['sized', 'words', 'fields'].includes(param[0]) ? 2 : 1);
      }, 0);
      expect({ fn, count }).toEqual({ fn, count: signatures[fn as FunctionName].length });
    }
  });
});
