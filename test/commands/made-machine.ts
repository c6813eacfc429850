/** A made-up machine of equal GPUs, from which the others are made. */

import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Answers } from '../../src/snapshot/answer-key.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

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
  return {
    format: 'nvsmi-snapshot',
    version: 1,
    title: `${gpus} made-up ${name}`,
    origin: 'built',
    identities: 'made-up',
    files: {},
    calls: all as Snapshot['calls'],
  };
}
