/** The HGX board with one GPU off the bus: NVML counts it, and has no handle for it. */
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { IDENTITIES } from './hgx-h100-x8.js';
import { Machine, refusal } from './machine.js';

const LOST = 5;

export function lostGpu(): Snapshot {
  const machine = Machine.like('hgx-h100-x8');
  const who = IDENTITIES[LOST];
  if (who === undefined) throw new Error(`there is no GPU ${LOST} to lose`);
  machine.forgetHandle(`gpu${LOST}`);
  const lookups: readonly (readonly [FunctionName, string])[] = [
    ['nvmlDeviceGetHandleByIndex', String(LOST)],
    ['nvmlDeviceGetHandleByIndex_v2', String(LOST)],
    ['nvmlDeviceGetHandleByUUID', who.uuid],
    ['nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${who.uuid}`],
    ['nvmlDeviceGetHandleBySerial', who.serial],
    ['nvmlDeviceGetHandleByPciBusId', who.busId],
    ['nvmlDeviceGetHandleByPciBusId_v2', who.busId],
  ];
  for (const [fn, key] of lookups) machine.set(fn, key, refusal('GPU_IS_LOST'));
  return machine.built(
    '8 x NVIDIA H100 80GB HBM3 of which one is lost, driver 580.159.04; built from hgx-h100-x8',
  );
}
