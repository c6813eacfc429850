/** A table of questions, so longer than logic may be. `topo`: how the GPUs reach one another, NICs and disks, and what is near them. */
import type { Given, OptionSpec } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import type { Release } from '../base/release.js';
import { jsonDocument, type Parts } from '../format/document.js';
import * as render from '../format/topology.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusReason, statusWords } from '../nvml/status.js';
import type { Asking } from '../query/ask/asking.js';
import type { Surroundings } from '../query/ask/field-reader.js';
import { readFields, readFound } from '../query/ask/records.js';
import { bitRanges, bitsOf, setBits } from '../query/bits.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { type Field, nameOf } from '../query/field.js';
import { affinity, cpuAffinity, gpuNumaId, numaAffinity } from '../query/gpu/affinity.js';
import { gpuPairs, p2pFields, pairNvlinks, pairOf, pairPath, peer } from '../query/gpu-pairs.js';
import { count } from '../query/kind.js';
import { gpuNics, gpuNvmeDisks, nicPairs } from '../query/near-devices.js';
import type { Reading } from '../query/reading.js';
import type { Relation } from '../query/relation.js';
import * as topology from '../query/topology.js';
import { levelKind } from '../query/topology-words.js';
import { nodesOfCpus } from '../system/cpus.js';
import { nearbyDevices } from '../system/devices.js';
import type { SystemFiles } from '../system/files.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { lostAlone, lostLines, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';
import { topologyParts } from './topology-parts.js';
import { type Collected, collect, partsOf, type ShownGpu, type View, wantedOf } from './views.js';

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
  /** The GPUs of -i; none without it. */
  readonly chosen: readonly Gpu[];
  readonly given: TopoGiven;
  readonly release: Release;
}

/** What one sentence says. */
interface TopologyAnswer {
  readonly text: string;
  readonly parts: Parts;
}

type MatrixView = Omit<View, 'long' | 'help'>;

/** A matrix of all GPUs: records of relations, and the text that is made of them. */
interface Matrix {
  readonly views: (given: TopoGiven) => readonly MatrixView[];
  readonly text: (collected: Collected, scope: TopoScope) => string;
  /** The refusal up to 550 where a GPU has no handle (470, 525, 535 and 550 on the fake); 580 printed `-p2p` there. */
  readonly failure: string;
}

interface TopoView extends OptionSpec {
  /** Refuses a value that no machine could answer. */
  readonly check?: (given: TopoGiven) => void;
  /** Comes before all others: with -m beside it each of them was refused without a matrix (H100, 580.159.04). */
  readonly isFirst?: true;
  /** Answered also where -i names GPUs that no question is about, before that is refused (470 to 580 on the fake). */
  readonly ignoresId?: true;
  /** What is said where -i does not name the GPUs that it is about; left out where it is about none, and -i names too many. */
  readonly refusal?: string;
  /** What is shown: a matrix, or the answer to a question of its own. */
  readonly matrix?: Matrix;
  readonly answer?: (scope: TopoScope) => Asking<TopologyAnswer>;
}

type AboutGpus = Required<Pick<TopoView, 'refusal' | 'answer'>>;

/** nvidia-smi's refusals end with an empty line (H100, H200, 580.159.04). */
function aboutOne(what: string, answer: (scope: TopoScope, gpu: Gpu) => Asking<TopologyAnswer>): AboutGpus {
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

function* nearCpu(scope: TopoScope): Asking<TopologyAnswer> {
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
  return {
    text: render.cpuText(cpu, gpus),
    parts: { near_cpu: gpus.map((gpu) => ({ cpu: of(cpu), gpu: of(gpu) })) },
  };
}

/** The record of a pair of GPUs. */
const pairRecord = (gpu: number, other: number, level: Reading): Cells => ({
  gpu: of(gpu),
  peer: of(other),
  path: cell(levelKind, level),
});

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
    parts: { nearest: found.map((other) => pairRecord(gpu.index, other, level)) },
  };
});

const path: AboutGpus = {
  // "conjection" is nvidia-smi's (H100, H200, 580.159.04).
  refusal:
    'Path command line flag must be used in conjection with the -i argument which must be two GPU identifiers.\n',
  *answer({ chosen }) {
    const [from, to, ...more] = chosen;
    if (from === undefined || to === undefined || more.length > 0) throw new UsageError(path.refusal);
    const [pair] = yield* readFound([pairOf(to)], [pairPath], from);
    const [level = NOT_SUPPORTED] = pair?.readings ?? [];
    if (level instanceof Missing) {
      throw new UsageError(
        `The path between GPU ${from.index} and GPU ${to.index} is not known: ${statusWords(level.status)}`,
        level.status,
      );
    }
    return {
      text: render.pathText(from.index, to.index, Number(level)),
      parts: { path: pairRecord(from.index, to.index, level) },
    };
  },
};

function capabilityOf({ p2pstatus = '' }: TopoGiven): Field {
  const capability = p2pFields.get(p2pstatus);
  if (capability !== undefined) return capability;
  throw new UsageError('Invalid p2p capability index specified at the command-line');
}

/** The GPUs with their records of a relation, as a matrix has them. */
const rowsOf = (gpus: readonly ShownGpu[], relation: Relation) =>
  gpus.map(({ cells, recordsOf }) => ({ cells, pairs: listOf(recordsOf(relation)) }));

const listOf = (records: readonly Cells[] | Missing): readonly Cells[] =>
  records instanceof Missing ? [] : records;

const NO_MATRIX = 'Failed to run topology matrix\n';

const matrixOf = (withNvlinks: boolean): Matrix => ({
  views: () => [
    { gpuFields: affinity },
    { relation: gpuPairs, fields: withNvlinks ? [peer, pairPath, pairNvlinks] : [peer, pairPath] },
    { relation: gpuNics },
    { relation: nicPairs },
  ],
  text: ({ gpus, systemRecordsOf }, { release }) => {
    const rows = rowsOf(gpus, gpuPairs).map((row, i) => ({
      ...row,
      nics: listOf(gpus[i]?.recordsOf(gpuNics) ?? []),
    }));
    return render.matrixText(rows, systemRecordsOf(nicPairs), withNvlinks, release);
  },
  failure: NO_MATRIX,
});

const p2pMatrix: Matrix = {
  views: (given) => [{ relation: gpuPairs, fields: [peer, capabilityOf(given)] }],
  text: ({ gpus }, { given }) => render.p2pText(rowsOf(gpus, gpuPairs), nameOf(capabilityOf(given))),
  failure: 'Failed to display p2p capability matrix for the specified p2p Index\n',
};

const nvmeMatrix: Matrix = {
  views: () => [{ relation: gpuNvmeDisks }],
  text: ({ gpus }) => render.nvmeText(rowsOf(gpus, gpuNvmeDisks)),
  failure: NO_MATRIX,
};

/** One field of the GPU of -i. */
function* readOfGpu(field: Field, gpu: Gpu): Asking<Reading> {
  const [reading = NOT_SUPPORTED] = yield* readFields([field], gpu);
  return reading;
}

const nearbyNodes = (
  kind: 'CPU' | 'memory',
  nodes: (scope: TopoScope, gpu: Gpu) => Asking<Reading>,
): AboutGpus =>
  aboutOne(`NUMA ID of nearest ${kind}`, function* (scope, gpu) {
    const found = cell(bitRanges, yield* nodes(scope, gpu));
    return {
      text: render.nodesText(kind, cellText(found)),
      parts: { [`nearest_${kind.toLowerCase()}`]: { gpu: of(gpu.index), numa_nodes: found } },
    };
  });

const cpuNodes = nearbyNodes('CPU', function* ({ files }, gpu) {
  const cpus = yield* readOfGpu(cpuAffinity, gpu);
  return cpus instanceof Missing ? cpus : bitsOf(nodesOfCpus(files, setBits(cpus)));
});

const memoryNodes = nearbyNodes('memory', (_, gpu) => readOfGpu(numaAffinity, gpu));

const numaId = aboutOne('GPU NUMA ID', function* (_, gpu) {
  const id = cell(count, yield* readOfGpu(gpuNumaId, gpu));
  return { text: `${cellText(id)}\n`, parts: { gpu_numa_id: { gpu: of(gpu.index), gpu_numa_id: id } } };
});

/** They are answered in this order, but for those that come first. */
const QUESTIONS = [
  {
    short: ['m'],
    long: 'matrix',
    help: 'Connections between GPUs and NICs, with CPU and NUMA affinity.',
    matrix: matrixOf(true),
  },
  {
    short: ['mp'],
    long: 'matrix_pci',
    help: 'The same for PCIe only, without NVLinks.',
    matrix: matrixOf(false),
  },
  {
    short: ['c'],
    long: 'cpu',
    value: 'required',
    number: true,
    argument: 'CPU',
    help: 'The GPUs near this CPU.',
    ignoresId: true,
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
    ignoresId: true,
    values: { words: [...p2pFields.keys()] },
    help: 'P2P capabilities of every pair of GPUs: read (r), write (w), NVLink (n), atomics (a), PCIe (p).',
    check: capabilityOf,
    matrix: p2pMatrix,
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
    ...numaId,
  },
  {
    short: ['nvme'],
    long: 'matrix_nvme',
    since: 551,
    help: 'Connections between GPUs and NVMe disks.',
    matrix: nvmeMatrix,
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

/** What is asked for matrices, and the records of it. */
function* collected(
  matrices: readonly Matrix[],
  { session, files, given }: TopoScope,
): Asking<{ readonly parts: Parts; readonly shown: Collected }> {
  const views = matrices.flatMap((matrix) => matrix.views(given));
  const wanted = wantedOf(
    views.map((view) => ({ long: '', help: '', ...view })),
    [],
    () => '',
  );
  const around: Partial<Surroundings> = { gpus: session.gpus, devices: nearbyDevices(files) };
  const shown = yield* collect(wanted, session.gpus, () => true, around);
  return { parts: partsOf(wanted, shown), shown };
}

/** The text of one question. Throws UsageError where nvidia-smi refuses. */
function* textOf({ matrix, answer }: TopoView, scope: TopoScope): Asking<string> {
  if (matrix === undefined) return answer === undefined ? '' : (yield* answer(scope)).text;
  const { gpus } = scope.session;
  if (scope.release < 580 && statusOf(gpus) !== EXIT.ok) {
    throw new UsageError(matrix.failure, EXIT.unknownOption, lostLines(gpus).trimEnd());
  }
  return matrix.text((yield* collected([matrix], scope)).shown, scope) + lostLines(gpus);
}

function* partsOfAll(asked: readonly TopoView[], scope: TopoScope): Asking<Parts> {
  const matrices = asked.flatMap(({ matrix }) => matrix ?? []);
  const parts = matrices.length === 0 ? [] : [(yield* collected(matrices, scope)).parts];
  for (const { answer } of asked) if (answer !== undefined) parts.push((yield* answer(scope)).parts);
  return Object.assign({}, ...parts);
}

const ID_REFUSED = new UsageError(
  'The -i command line argument must be used in conjunction with -n or -p.\n',
  EXIT.unknownOption,
);

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const asked = questionsOf(given);
  const [first] = asked;
  const { session, asker, files } = await machineOf(context);
  const gpus = await chosenGpus(session, undefined);
  const chosen = given.id === undefined ? [] : await chosenGpus(session, given.id);
  const release = await asker.start(releaseOf(session, (words) => context.io.err(words)));
  const lost = chosen.find(({ handle }) => handle === undefined);
  // Before all else that may be wrong (470 to 550 on the fake).
  if (lost !== undefined && !given.json) {
    throw new UsageError(`${lostAlone(lost, release)}\n\n`, statusOf([lost]));
  }
  first?.check?.(given);
  const isIdRefused = chosen.length > 0 && asked.every(({ refusal }) => refusal === undefined);
  if (isIdRefused && given.json) throw ID_REFUSED;
  const scope: TopoScope = { session, files, chosen, given, release };
  if (given.json) {
    context.io.out(jsonDocument(await asker.start(partsOfAll(asked, scope)), context.source));
  } else {
    // One at a time: what was answered before a refusal stays (topo -p -n 1 -i 0 on the H100).
    for (const one of asked) {
      if (!isIdRefused || one.ignoresId) context.io.out(await asker.start(textOf(one, scope)));
    }
    if (isIdRefused) throw ID_REFUSED;
  }
  // A GPU that is lost is no matter where others are asked (470 to 580 on the fake).
  return statusOf(asked.some(({ matrix }) => matrix !== undefined) ? gpus : chosen);
}

export const spec: CommandSpec = command({
  options,
  isBareHelp: true,
  json: topologyParts,
  opensMachine,
  run,
});
