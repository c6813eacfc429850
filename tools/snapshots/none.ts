/** A driver that is loaded and found no GPU: what the recording of an H100 answers without one. */
import type { Snapshot } from '../../src/nvml/snapshot.js';
import { withoutHopper } from './board.js';
import { Machine } from './machine.js';

export function none(): Snapshot {
  const machine = Machine.like('h100-x1');
  machine.forgetHandle('gpu0');
  machine.introduce([]);
  machine.forgetPciFiles();
  withoutHopper(machine);
  return machine.built('no GPU, driver 580.159.04; built from a recording of an H100');
}
