/** The machines of tests: made-up ones of equal GPUs, and bundled recordings to be changed. The others are made from these. */
import { readFileSync } from 'node:fs';

import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { SnapshotName } from '../../src/nvml/generated/snapshots.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Answers } from '../../src/snapshot/answer-key.js';
import { SNAPSHOT_VERSION, type Snapshot } from '../../src/snapshot/snapshot.js';

export type Calls = Partial<Record<FunctionName, Answers>>;

export const refused = (symbol: string): Json => ({ error: `NVML_ERROR_${symbol}` });

const uuid = (gpu: number): string =>
  `GPU-a0b1c2d${gpu}-${String(gpu + 1).repeat(4)}-4a4a-8b8b-5eed0000000${gpu}`;
const busId = (gpu: number): string => `00000000:0${gpu + 1}:00.0`;

/** A machine of equal GPUs that answers what it is given. */
export function machineWith(gpus: number, name: string, calls: Calls): Snapshot {
  const each = (answer: (gpu: number) => Json): Answers =>
    Object.fromEntries(Array.from({ length: gpus }, (_, i) => [`gpu${i}`, answer(i)]));
  const all: Calls = {
    nvmlInit_v2: { '': [] },
    nvmlDeviceGetCount_v2: { '': gpus },
    nvmlDeviceGetHandleByIndex_v2: Object.fromEntries(
      Array.from({ length: gpus }, (_, i) => [String(i), `gpu${i}`]),
    ),
    nvmlDeviceGetName: each(() => name),
    nvmlDeviceGetUUID: each(uuid),
    nvmlSystemGetDriverVersion: { '': '580.126.09' },
    nvmlDeviceGetPciInfo_v3: each((gpu) => ({
      busIdLegacy: `0000:0${gpu + 1}:00.0`,
      domain: 0,
      bus: gpu + 1,
      device: 0,
      pciDeviceId: 0x20b010de,
      pciSubSystemId: 0x134f10de,
      busId: busId(gpu),
    })),
    ...calls,
  };
  return snapshotOf(`${gpus} made-up ${name}`, all);
}

/** A snapshot that answers these calls and no others. */
export const snapshotOf = (title: string, calls: Calls): Snapshot => ({
  format: 'nvsmi-snapshot',
  version: SNAPSHOT_VERSION,
  title,
  origin: 'built',
  identities: 'made-up',
  files: {},
  calls: calls as Snapshot['calls'],
});

/** Calls that a test changes. */
export type ChangedCalls = Record<string, Record<string, Json>>;

/** A bundled recording, to be changed. */
export const recorded = (name: SnapshotName): Snapshot & { calls: ChangedCalls } =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

/** Sets an answer; of a struct only the members that are given. */
export function set(calls: ChangedCalls, fn: string, key: string, answer: Json): void {
  calls[fn] ??= {};
  const answers = calls[fn];
  const known = answers[key];
  const isChange = [known, answer].every(
    (each) => typeof each === 'object' && each !== null && !Array.isArray(each) && !('error' in each),
  );
  answers[key] = isChange ? { ...(known as object), ...(answer as object) } : answer;
}

/** Makes a GPU that answers as the first one does: `gpu1`. */
export function copyGpu(calls: ChangedCalls, name: string): void {
  for (const answers of Object.values(calls)) {
    for (const [key, answer] of Object.entries(answers)) {
      const words = key.split(',');
      if (words[0] === 'gpu0') answers[[name, ...words.slice(1)].join(',')] = structuredClone(answer);
    }
  }
  set(calls, 'nvmlDeviceGetHandleByIndex_v2', name.slice('gpu'.length), name);
}
