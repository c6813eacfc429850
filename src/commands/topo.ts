/** A table of questions, so longer than logic may be. `topo`: how the GPUs reach one another, NICs and disks, and what is near them. */
import type { Given, OptionSpec } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import type { Release } from '../base/release.js';
import { jsonDocument } from '../format/document.js';
import * as render from '../format/topology.js';
import {
  NVML_P2P_CAPS_INDEX_ATOMICS,
  NVML_P2P_CAPS_INDEX_NVLINK,
  NVML_P2P_CAPS_INDEX_PCI,
  NVML_P2P_CAPS_INDEX_READ,
  NVML_P2P_CAPS_INDEX_WRITE,
} from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusReason, statusWords } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { count } from '../query/kind.js';
import * as topology from '../query/topology.js';
import { nodesOfCpus } from '../system/cpus.js';
import type { SystemFiles } from '../system/files.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { lostLines, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, gpusNamed } from './select.js';
import * as matrices from './topology-matrix.js';
import { topologyParts } from './topology-parts.js';

/** The options with a value. */
interface TopoGiven {
  readonly id?: string;
  readonly cpu?: number;
  readonly nearest_gpus?: number;
  readonly p2pstatus?: string;
}

interface TopoScope {
  readonly session: Session;
  readonly files: SystemFiles;
  /** The GPUs of -i, in the order they were named; none without it. */
  readonly chosen: readonly Gpu[];
  readonly given: TopoGiven;
  readonly release: Release;
}

interface TopoView extends OptionSpec {
  /** Refuses a value that no machine could answer. */
  readonly check?: (given: TopoGiven) => void;
  /** Comes before all others: with -m beside it each of them was refused without a matrix (H100, 580.159.04). */
  readonly isFirst?: true;
  /** What is said where -i does not name the GPUs that it is about; left out where it is about none, and -i names too many. */
  readonly refusal?: string;
  readonly answer: (scope: TopoScope) => Asking<matrices.TopologyAnswer>;
}

type AboutGpus = Required<Pick<TopoView, 'refusal' | 'answer'>>;

/** nvidia-smi's refusals end with an empty line (H100, H200, 580.159.04). */
function aboutOne(
  what: string,
  answer: (scope: TopoScope, gpu: Gpu) => Asking<matrices.TopologyAnswer>,
): AboutGpus {
  const refusal = `${what} must be used in conjunction with the -i argument which must be a single identifier.\n`;
  return {
    refusal,
    *answer(scope) {
      const [gpu, ...more] = scope.chosen;
      if (gpu === undefined || more.length > 0) throw new UsageError(refusal);
      return yield* answer(scope, gpu);
    },
  };
}

const of = (index: number) => cell(count, index);
const gpuRecords = (gpus: readonly number[], rest: Cells): readonly Cells[] =>
  gpus.map((gpu) => ({ ...rest, gpu: of(gpu) }));

function* nearCpu(scope: TopoScope): Asking<matrices.TopologyAnswer> {
  const { cpu = 0 } = scope.given;
  const gpus = yield* topology.gpusNearCpu(scope.session.gpus, cpu);
  if (gpus instanceof Missing) {
    // Whatever the status: 550.163.01 with failing calls.
    throw new UsageError(
      'Failed to display GPUs with affinity for a given CPU information\n',
      EXIT.unknownOption,
      `nvmlSystemGetTopologyGpuSet: ${statusReason(gpus.status)}`,
    );
  }
  return { text: render.cpuText(cpu, gpus), parts: { near_cpu: gpuRecords(gpus, { cpu: of(cpu) }) } };
}

const nearest = aboutOne('Nearest GPUs argument', function* ({ session, given }, gpu) {
  const level = topology.TOPOLOGY_LEVELS[given.nearest_gpus ?? -1];
  const failure = (why?: string): UsageError =>
    new UsageError('Failed to display the nearest GPUs\n', EXIT.unknownOption, why);
  if (level === undefined) throw failure();
  const found = yield* topology.nearestGpus(session.gpus, gpu, level);
  if (found instanceof Missing) {
    throw failure(`nvmlDeviceGetTopologyNearestGpus: ${statusReason(found.status)}`);
  }
  return {
    text: render.nearestText(gpu.index, level, found),
    parts: { nearest: gpuRecords(found, { from: of(gpu.index), path: cell(matrices.levelKind, level) }) },
  };
});

const path: AboutGpus = {
  // "conjection" is nvidia-smi's (H100, H200, 580.159.04).
  refusal:
    'Path command line flag must be used in conjection with the -i argument which must be two GPU identifiers.\n',
  *answer({ chosen }) {
    const [from, to, ...more] = chosen;
    if (from === undefined || to === undefined || more.length > 0) throw new UsageError(path.refusal);
    const level = (yield* topology.ancestors([from, to]))[0]?.[1] ?? NOT_SUPPORTED;
    if (level instanceof Missing) {
      throw new UsageError(
        `The path between GPU ${from.index} and GPU ${to.index} is not known: ${statusWords(level.status)}`,
        level.status,
      );
    }
    return {
      text: render.pathText(from.index, to.index, Number(level)),
      parts: { path: { from: of(from.index), to: of(to.index), path: cell(matrices.levelKind, level) } },
    };
  },
};

const CAPABILITIES: ReadonlyMap<string, number> = new Map([
  ['r', NVML_P2P_CAPS_INDEX_READ],
  ['w', NVML_P2P_CAPS_INDEX_WRITE],
  ['n', NVML_P2P_CAPS_INDEX_NVLINK],
  ['a', NVML_P2P_CAPS_INDEX_ATOMICS],
  ['p', NVML_P2P_CAPS_INDEX_PCI],
]);

function capabilityOf({ p2pstatus = '' }: TopoGiven): number {
  const capability = CAPABILITIES.get(p2pstatus);
  if (capability !== undefined) return capability;
  throw new UsageError('Invalid p2p capability index specified at the command-line');
}

const p2p = ({ session, given }: TopoScope): Asking<matrices.TopologyAnswer> =>
  matrices.p2pMatrix(session.gpus, capabilityOf(given));

const nearbyNodes = (
  kind: 'CPU' | 'memory',
  nodes: (scope: TopoScope, gpu: Gpu) => Asking<readonly number[] | Missing>,
): AboutGpus =>
  aboutOne(`NUMA ID of nearest ${kind}`, function* (scope, gpu) {
    const found = matrices.rangesCell(yield* nodes(scope, gpu));
    return {
      text: render.nodesText(kind, cellText(found)),
      parts: { [`nearest_${kind.toLowerCase()}`]: { gpu: of(gpu.index), numa_nodes: found } },
    };
  });

const cpuNodes = nearbyNodes('CPU', function* ({ files }, gpu) {
  const { cpus } = yield* topology.affinityOf(gpu);
  return cpus instanceof Missing ? cpus : nodesOfCpus(files, cpus);
});

const memoryNodes = nearbyNodes('memory', function* (_, gpu) {
  return (yield* topology.affinityOf(gpu)).memoryNodes;
});

const gpuNumaId = aboutOne('GPU NUMA ID', function* (_, gpu) {
  const id = cell(count, (yield* topology.affinityOf(gpu)).numaNode);
  return { text: `${cellText(id)}\n`, parts: { gpu_numa_id: { gpu: of(gpu.index), gpu_numa_id: id } } };
});

/** They are answered in this order, but for those that come first. */
const QUESTIONS = [
  {
    short: ['m'],
    long: 'matrix',
    help: 'Connections between GPUs and NICs, with CPU and NUMA affinity.',
    answer: ({ session, files, release }) => matrices.matrix(session.gpus, files, true, release),
  },
  {
    short: ['mp'],
    long: 'matrix_pci',
    help: 'The same for PCIe only, without NVLinks.',
    answer: ({ session, files, release }) => matrices.matrix(session.gpus, files, false, release),
  },
  {
    short: ['c'],
    long: 'cpu',
    value: 'required',
    number: true,
    argument: 'CPU',
    help: 'The GPUs near this CPU.',
    answer: nearCpu,
  },
  {
    short: ['n'],
    long: 'nearest_gpus',
    value: 'required',
    number: true,
    isFirst: true,
    argument: '0-5',
    help: 'The GPUs that the GPU of -i reaches by: 0 its own board, 1 one PCIe switch, 2 several, 3 a host bridge, 4 the link between host bridges, 5 the link between NUMA nodes.',
    ...nearest,
  },
  {
    short: ['p'],
    long: 'gpu_path',
    isFirst: true,
    help: 'The PCIe path between the two GPUs of -i.',
    ...path,
  },
  {
    short: ['p2p'],
    long: 'p2pstatus',
    value: 'required',
    isFirst: true,
    values: { words: [...CAPABILITIES.keys()] },
    help: 'P2P capabilities of every pair of GPUs: read (r), write (w), NVLink (n), atomics (a), PCIe (p).',
    check: capabilityOf,
    answer: p2p,
  },
  {
    short: ['C'],
    long: 'get-numa-id-of-nearby-cpu',
    since: 525,
    help: 'NUMA nodes of the CPUs near the GPU of -i.',
    ...cpuNodes,
  },
  {
    short: ['M'],
    long: 'get-numa-id-of-nearby-mem',
    since: 525,
    help: 'NUMA nodes of the memory near the GPU of -i.',
    ...memoryNodes,
  },
  {
    short: ['gnid'],
    long: 'gpu-numa-id',
    since: 535,
    help: 'NUMA node that the memory of the GPU of -i forms.',
    ...gpuNumaId,
  },
  {
    short: ['nvme'],
    long: 'matrix_nvme',
    since: 551,
    help: 'Connections between GPUs and NVMe disks.',
    answer: ({ session, files }) => matrices.nvmeMatrix(session.gpus, files),
  },
] as const satisfies readonly TopoView[];

const options = [
  ...QUESTIONS,
  {
    short: ['i'],
    long: 'id',
    value: 'required',
    argument: 'GPU,...',
    help: 'The GPU that -n, -C, -M and -gnid are about, or the two of -p.',
  },
  jsonOption,
] as const satisfies readonly OptionSpec[];

async function chosenInOrder(session: Session, ids: string | undefined): Promise<readonly Gpu[]> {
  if (ids === undefined) return [];
  await chosenGpus(session, ids);
  const names = ids.split(',').filter((id) => id.trim() !== '');
  const named = await Promise.all(names.map((id) => gpusNamed(session, id)));
  return [...new Set(named.flat())];
}

/** The questions of a command line in the order in which they are answered. */
function questionsOf(given: Given<typeof options>): readonly TopoView[] {
  const asked: readonly TopoView[] = QUESTIONS.filter(({ long }) => given[long] !== undefined);
  return [...asked.filter(({ isFirst }) => isFirst), ...asked.filter(({ isFirst }) => !isFirst)];
}

/** Of several questions only the first is looked at: the answers before a refusal are shown. */
function opensMachine(given: Given<typeof options>): boolean {
  const [first] = questionsOf(given);
  if (given.id !== undefined) return true;
  first?.check?.(given);
  if (first?.refusal !== undefined) throw new UsageError(first.refusal);
  return true;
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const asked = questionsOf(given);
  const [first] = asked;
  const { session, asker, files } = await machineOf(context);
  const gpus = await chosenGpus(session, undefined);
  const chosen = await chosenInOrder(session, given.id);
  first?.check?.(given);
  if (chosen.length > 0 && asked.every(({ refusal }) => refusal === undefined)) {
    throw new UsageError(
      'The -i command line argument must be used in conjunction with -n or -p.\n',
      EXIT.unknownOption,
    );
  }
  const release = await asker.start(releaseOf(session, (words) => context.io.err(words)));
  const scope: TopoScope = { session, files, chosen, given, release };
  if (given.json) {
    // The first to name a part keeps it: -m has all that -mp has.
    const answers = await asker.start(together(asked.map(({ answer }) => answer(scope))));
    const parts = answers.map((answer) => answer.parts).reverse();
    context.io.out(jsonDocument(Object.assign({}, ...parts), context.source));
  } else {
    // One at a time: what was answered before a refusal stays (topo -p -n 1 -i 0 on the H100).
    for (const { answer } of asked) context.io.out((await asker.start(answer(scope))).text);
    context.io.out(lostLines(gpus));
  }
  return statusOf(gpus);
}

export const spec: CommandSpec = command({
  options,
  isBareHelp: true,
  json: topologyParts,
  opensMachine,
  run,
});
