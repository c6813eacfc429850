/** Machines for the tests of doctor: two H200s with other answers, made-up trees of files, and how doctor is run on them. */
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { runOn } from '../commands/run-on.js';
import { SOUND, type Tree, withTree } from './tree.js';

export type Answers = Readonly<Record<string, Readonly<Record<string, Json>>>>;

/** Two H200s with some other answers. */
export function h200s(answers: Answers): Snapshot {
  const { calls, ...rest } = h200x2();
  const changed = Object.entries(answers).map(([fn, some]) => [fn, { ...(calls as Answers)[fn], ...some }]);
  return { ...rest, calls: { ...calls, ...Object.fromEntries(changed) } } as Snapshot;
}

export interface Machine {
  readonly tree?: Tree;
  readonly answers?: Answers;
  readonly recording?: string;
}

export const run = ({ tree = {}, answers, recording = 'h200-x2' }: Machine, argv: readonly string[]) =>
  withTree({ ...SOUND, ...tree }, (root) =>
    runOn(answers === undefined ? recording : h200s(answers), ['doctor', '--root', root, ...argv]),
  );

export const PERSISTENCE_OFF: Answers = { nvmlDeviceGetPersistenceMode: { gpu0: 0 } };
export const MODES = { nvmlDeviceGetFieldValues: { 'gpu1,2': { type: 1, value: 0 } } };
export const DOCKER: Tree = { '/.dockerenv': '' };
export const MOUNTS =
  '30 1 8:1 / /usr/lib/libnvidia-ml.so.1 ro - ext4 x\n31 1 8:1 / /dev/nvidiactl ro - tmpfs x\n';
export const WSL: Tree = { '/proc/sys/kernel/osrelease': '5.15.167.4-microsoft-standard-WSL2\n' };
export const INIT_FAILS: Answers = {
  nvmlInit_v2: { '': refused('DRIVER_NOT_LOADED') },
  nvmlInitWithFlags: { 0: refused('DRIVER_NOT_LOADED') },
};
export const VERSION_535 = 'NVRM version: NVIDIA UNIX x86_64 Kernel Module  535.54.03  Tue\n';
export const kmsg = (text: string): Tree => ({
  '/dev/kmsg': `6,0,0,-;Linux version 6.8\n4,1,5000000,-;${text}\n`,
});
export const GPU0 = '/sys/bus/pci/devices/0000:00:06.0';

/** A check with a verdict that it can have: why, and on which machine. */
export type Case = readonly [check: string, verdict: string, why: RegExp, machine: Machine];
