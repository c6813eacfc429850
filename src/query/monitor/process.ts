/** Table: the columns of `pmon`, and the processes of some GPUs compiled to be asked about at every tick. */

import type { Gpu } from '../../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import type { Asker } from '../ask/asker.js';
import { type Asking, readOne, together } from '../ask/asking.js';
import { type Field, item } from '../field.js';
import { protectedUsage } from '../gpu/memory.js';
import { mebibytesOfProcess } from '../kind.js';
import { engineUse, listedFields } from '../process/gpu-processes.js';
import { nameOf, type ProcessRecord, processesOf } from '../process/processes.js';
import type { Reading } from '../reading.js';
import { type FieldHeading, type MonitorCell, WIDTH } from './column.js';
import { protectedMemory } from './process-memory.js';
import { type Engine, type EngineUse, ProcessUtilization } from './process-utilization.js';

/** What is known about a process at a tick. */
interface Facts {
  readonly use: EngineUse | undefined;
  readonly process: ProcessRecord;
  /** Bytes of protected memory. */
  readonly protectedMemory: Reading;
}

export interface ProcessColumn extends FieldHeading {
  readonly group: string;
  /** The text shows 0 as absent: seen on the H100 (580.159.04) and the RTX 2080 SUPER (591, 595). */
  readonly zeroIsAbsent?: true;
  readonly read: (facts: Facts) => MonitorCell;
}

const engine = (name: Engine): ProcessColumn => ({
  group: 'u',
  name,
  unit: '%',
  width: WIDTH,
  field: engineUse[name],
  zeroIsAbsent: true,
  read: ({ use }) => use?.[name] ?? NOT_SUPPORTED,
});

const memory = (name: string, field: Field, of: (facts: Facts) => Reading): ProcessColumn => ({
  group: 'm',
  name,
  unit: 'MB',
  width: WIDTH,
  field,
  shown: (bytes) => Number(mebibytesOfProcess.json(bytes)),
  read: (facts) => {
    const bytes = of(facts);
    return bytes instanceof Missing ? bytes : Number(bytes);
  },
});

const protectedUse: Field = {
  names: ['protected_memory.used'],
  help: 'Protected memory that the process uses.',
  kind: mebibytesOfProcess,
  source: item('protectedMemory'),
};

export const processColumns: readonly ProcessColumn[] = [
  engine('sm'),
  engine('mem'),
  engine('enc'),
  engine('dec'),
  { since: 550, ...engine('jpg') },
  { since: 550, ...engine('ofa') },
  memory('fb', listedFields.usedMemory, ({ process }) => process.usedMemory),
  { since: 535, ...memory('ccpm', protectedUse, (facts) => facts.protectedMemory) },
];

export const PROCESS_GROUPS: Readonly<Record<string, string>> = { u: 'utilization', m: 'memory' };

/** A process at a tick. */
export interface ProcessLine {
  readonly gpu: Gpu;
  readonly pid: number;
  readonly type: ProcessRecord['type'];
  readonly cells: readonly MonitorCell[];
  /** As NVML names it; missing of one that ended, or is out of sight in another container. */
  readonly name: Reading;
}

/** Every GPU has an entry, also one without processes, or whose processes cannot be listed. */
export interface MonitoredProcesses {
  readonly gpu: Gpu;
  readonly lines: readonly ProcessLine[] | Missing;
}

export interface ProcessSampler {
  /** Asks now. */
  sample(): Promise<readonly MonitoredProcesses[]>;
}

export function compileProcesses(
  asker: Asker,
  gpus: readonly Gpu[],
  columns: readonly ProcessColumn[],
): ProcessSampler {
  const wanted = (group: string): boolean => columns.some((column) => column.group === group);
  const utilization = new Map(
    gpus.filter(({ handle }) => handle !== undefined).map((gpu) => [gpu.index, new ProcessUtilization(gpu)]),
  );
  const names = new Names();
  /** Asks about each process only where the GPU as a whole uses protected memory, which is rare. */
  function* protectedOn(gpu: Gpu): Asking<(pid: number) => Reading> {
    const used = yield* readOne(protectedUsage, gpu, 'used');
    return Number(used) > 0 ? yield* protectedMemory(gpu) : () => used;
  }
  function* processesNow(gpu: Gpu): Asking<MonitoredProcesses> {
    const measured = wanted('u') ? utilization.get(gpu.index) : undefined;
    const use = measured === undefined ? undefined : yield* measured.sample();
    const protectedOf = wanted('m') ? yield* protectedOn(gpu) : () => NOT_SUPPORTED;
    const processes = yield* processesOf(gpu);
    if (processes instanceof Missing) return { gpu, lines: processes };
    const named = yield* together(processes.map(({ pid }) => names.of(pid)));
    const lines = processes.map((process, i): ProcessLine => {
      const { pid, type } = process;
      const facts = { use: use?.get(pid), process, protectedMemory: protectedOf(pid) };
      return { gpu, pid, type, cells: columns.map(({ read }) => read(facts)), name: named[i] as Reading };
    });
    return { gpu, lines };
  }
  return {
    sample: async () => {
      const ticks = await asker.start(together(gpus.map(processesNow)));
      names.forgetOthers();
      return ticks;
    },
  };
}

/** Names by pid, each asked once while its process is there: NVML opens files of /proc for each. */
class Names {
  private known = new Map<number, Reading>();
  private now = new Map<number, Reading>();

  *of(pid: number): Asking<Reading> {
    const name = this.known.get(pid) ?? this.now.get(pid) ?? (yield* nameOf(pid));
    this.now.set(pid, name);
    return name;
  }

  /** A pid that is gone may come back as another program. */
  forgetOthers(): void {
    this.known = this.now;
    this.now = new Map();
  }
}
