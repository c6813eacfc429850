/** Made-up machines for commands whose subject the recorded machines do not have. */
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { machineWith, recorded, refused } from './made-machine.js';

/** The bundled machine with two H200s, to be changed by a test. */
export const h200x2 = (): Snapshot => recorded('h200-x2');

const mask = (...ids: readonly number[]): Json => ({
  mask: ids.reduce<number[]>(
    (all, id) => all.map((bits, word) => (word === id >> 5 ? bits + 2 ** (id & 31) : bits)),
    [0, 0, 0, 0, 0, 0, 0, 0],
  ),
});

/** Two H200s of which the first answers otherwise, whatever it is asked with. */
export function h200sWhoseFirst(answers: Partial<Record<FunctionName, Json>>): Snapshot {
  const { calls, ...rest } = h200x2();
  const changed = Object.entries(answers).map(([fn, answer]) => [
    fn,
    Object.fromEntries(
      Object.entries(calls[fn as FunctionName] ?? {}).map(([key, old]) => [
        key,
        key.startsWith('gpu0') ? answer : old,
      ]),
    ),
  ]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } };
}

/** Two GB200s with the workload power profiles of a public listing of driver 580.65.06; one of them was asked for. */
export function gb200(): Snapshot {
  const ids = [0, 1, 2, 3, 5, 6, 7, 13];
  const perfProfile = Array.from({ length: 14 }, (_, id) => ({
    version: 0,
    profileId: ids.includes(id) ? id : 0,
    priority: ids.includes(id) ? 10 * (id + 1) : 0,
    conflictingMask: id === 0 ? mask(1, 5) : mask(),
  }));
  const info = { version: 16788472, perfProfilesMask: mask(...ids), perfProfile };
  const current = (...requested: readonly number[]): Json => ({
    version: 16777316,
    perfProfilesMask: mask(...ids),
    requestedProfilesMask: mask(...requested),
    enforcedProfilesMask: mask(...requested.slice(0, 1)),
  });
  return machineWith(2, 'NVIDIA GB200', {
    nvmlDeviceWorkloadPowerProfileGetProfilesInfo: { gpu0: info, gpu1: info },
    nvmlDeviceWorkloadPowerProfileGetCurrentProfiles: { gpu0: current(6, 13), gpu1: current() },
    nvmlDeviceGetFieldValues: {
      'gpu0,259': { type: 1, value: 2 },
      ...Object.fromEntries(
        [260, 261, 262, 263, 281, 282, 283].flatMap((field) =>
          [0, 1].map((profile) => [
            `gpu0,${field}${profile === 0 ? '' : ':1'}`,
            { type: 1, value: field * 10 + profile },
          ]),
        ),
      ),
      'gpu0,284': refused('NOT_SUPPORTED'),
      'gpu1,259': refused('NO_PERMISSION'),
    },
  });
}

/** A machine whose second of two GPUs fell off the bus. */
export function withLostGpu(machine: Snapshot): Snapshot {
  const calls: Snapshot['calls'] = {
    ...machine.calls,
    nvmlDeviceGetCount_v2: { '': 2 },
    nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0', 1: refused('GPU_IS_LOST') },
  };
  return { ...machine, calls };
}
