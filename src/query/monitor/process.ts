/** Table: the columns of `pmon`, and the processes of some GPUs compiled to be asked about at every tick. */

import { readText } from '../../nvml/memory.js';
import { ask, type Gpu, type Session } from '../../nvml/session.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import type { Reading } from '../bound-probe.js';
import { protectedUsage } from '../gpu/memory.js';
import { mebibytes } from '../kind.js';
import { Questions } from '../plan.js';
import {
  computeProcesses,
  type GpuProcess,
  graphicsProcesses,
  isPid,
  mpsProcesses,
  processesOf,
  processName,
} from '../processes.js';
import { type Cell, type Heading, WIDTH } from './column.js';
import { ProtectedMemory } from './process-memory.js';
import { type Engine, type EngineUse, ProcessUtilization } from './process-utilization.js';

/** What is known about a process at a tick. */
interface Facts {
  readonly use: EngineUse | undefined;
  readonly process: GpuProcess;
  /** Bytes of protected memory. */
  readonly protectedMemory: Reading;
}

export interface ProcessColumn extends Heading {
  readonly group: string;
  readonly help: string;
  /** The text shows 0 as absent: seen on the H100 (580.159.04) and the RTX 2080 SUPER (591, 595). */
  readonly zeroIsAbsent?: true;
  readonly read: (facts: Facts) => Cell;
}

const engine = (name: Engine, help: string): ProcessColumn => ({
  group: 'u',
  name,
  unit: '%',
  width: WIDTH,
  help,
  zeroIsAbsent: true,
  read: ({ use }) => use?.[name] ?? NOT_SUPPORTED,
});

const memory = (name: string, help: string, of: (facts: Facts) => Reading): ProcessColumn => ({
  group: 'm',
  name,
  unit: 'MB',
  width: WIDTH,
  help,
  read: (facts) => {
    const bytes = of(facts);
    return bytes instanceof Missing ? bytes : Number(mebibytes.json(bytes));
  },
});

export const processColumns: readonly ProcessColumn[] = [
  engine('sm', 'Time in which a kernel of the process ran.'),
  engine('mem', 'Time in which the process read or wrote memory.'),
  engine('enc', 'Use of the video encoders.'),
  engine('dec', 'Use of the video decoders.'),
  engine('jpg', 'Use of the JPEG decoders.'),
  engine('ofa', 'Use of the optical flow engine.'),
  memory('fb', 'Memory that the process uses, in MiB.', ({ process }) => process.usedMemory),
  memory('ccpm', 'Protected memory that the process uses, in MiB.', (facts) => facts.protectedMemory),
];

export const PROCESS_GROUPS: Readonly<Record<string, string>> = { u: 'utilization', m: 'memory' };

/** A process at a tick. */
export interface ProcessLine {
  readonly gpu: Gpu;
  readonly pid: number;
  readonly type: GpuProcess['type'];
  readonly cells: readonly Cell[];
  /** The last part of the program's path; undefined for one that ended, or is out of sight in another container. */
  readonly command: string | undefined;
}

export interface ProcessSampler {
  /** Asks now. Every GPU has an entry, also one without processes, or whose processes cannot be listed. */
  sample(): readonly { readonly gpu: Gpu; readonly lines: readonly ProcessLine[] | Missing }[];
}

const LISTS = [computeProcesses, graphicsProcesses, mpsProcesses];

export function compileProcesses(
  session: Session,
  gpus: readonly Gpu[],
  columns: readonly ProcessColumn[],
): ProcessSampler {
  const questions = new Questions(session);
  const wanted = (group: string): boolean => columns.some((column) => column.group === group);
  const probes = wanted('m') ? [...LISTS, protectedUsage] : LISTS;
  for (const gpu of gpus) for (const probe of probes) questions.ask(probe, gpu);
  const { driver } = session;
  const reached = gpus.flatMap(({ index, handle }) => (handle === undefined ? [] : [{ index, handle }]));
  const utilization = new Map(
    reached.map(({ index, handle }) => [index, new ProcessUtilization(driver, handle)]),
  );
  const details = new Map(reached.map(({ index, handle }) => [index, new ProtectedMemory(driver, handle)]));
  const names = new Names(session);
  /** Asks about each process only where the GPU as a whole uses protected memory, which is rare. */
  const protectedMemory = (gpu: Gpu): ((pid: number) => Reading) => {
    const used = questions.ask(protectedUsage, gpu).read('used');
    const own = details.get(gpu.index);
    return Number(used) > 0 && own !== undefined ? own.sample() : () => used;
  };
  return {
    sample: () => {
      void questions.run();
      const ticks = gpus.map((gpu) => {
        const use = wanted('u') ? utilization.get(gpu.index)?.sample() : undefined;
        const protectedOf = wanted('m') ? protectedMemory(gpu) : () => NOT_SUPPORTED;
        const processes = processesOf(gpu, (probe) => questions.ask(probe, gpu));
        if (processes instanceof Missing) return { gpu, lines: processes };
        const lines = processes.map((process): ProcessLine => {
          const facts = {
            use: use?.get(process.pid),
            process,
            protectedMemory: protectedOf(process.pid),
          };
          return {
            gpu,
            pid: process.pid,
            type: process.type,
            cells: columns.map(({ read }) => read(facts)),
            command: names.of(process.pid),
          };
        });
        return { gpu, lines };
      });
      names.forgetOthers();
      return ticks;
    },
  };
}

const NAME_ROOM = 1024;

/** Names by pid, each asked once while its process is there: NVML opens files of /proc for each. */
class Names {
  private known = new Map<number, string | undefined>();
  private now = new Map<number, string | undefined>();

  constructor(private readonly session: Session) {}

  of(pid: number): string | undefined {
    const name = this.known.has(pid)
      ? this.known.get(pid)
      : this.now.has(pid)
        ? this.now.get(pid)
        : this.read(pid);
    this.now.set(pid, name);
    return name;
  }

  /** A pid that is gone may come back as another program. */
  forgetOthers(): void {
    this.known = this.now;
    this.now = new Map();
  }

  private read(pid: number): string | undefined {
    const [question] = processName(pid).calls;
    if (question === undefined || !isPid(pid)) return undefined;
    const { status, memory: answer } = ask(this.session.driver, question);
    if (status !== 0 || answer[0] === undefined) return undefined;
    const path = readText(answer[0], 0, NAME_ROOM);
    // Windows paths too: the driver there tells C:\...\dwm.exe, which pmon shows as dwm.exe (591).
    return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  }
}
