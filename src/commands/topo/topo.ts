/** `topo`: how the GPUs reach one another, NICs and disks, and what is near them. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { jsonDocument, type Parts } from '../../format/document.js';
import type { Asking } from '../../query/ask/asking.js';
import type { Surroundings } from '../../query/ask/field-reader.js';
import { releaseOf } from '../../query/driver-release.js';
import type { Field } from '../../query/field.js';
import { identity } from '../../query/identity.js';
import { p2pFields } from '../../query/topology/gpu-pairs.js';
import { nearbyDevices } from '../../system/devices.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { type Collected, collect, partsOf, thereIn, wantedOf } from '../runner/collect.js';
import { jsonOption } from '../runner/json-option.js';
import { IDENTITY } from '../runner/json-parts.js';
import { lostAlone, lostLines, statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { chosenGpus } from '../runner/select.js';
import { cpuNodes, memoryNodes, nearCpu, nearest, numaId, path } from './answers.js';
import { capabilityOf, matrixOf, nvmeMatrix, p2pMatrix } from './matrices.js';
import { topologyParts } from './parts.js';
import type { Matrix, TopoScope, TopoView } from './question.js';

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
    help: 'GPUs that the GPU of -i reaches through: 0 its own board, 1 one PCIe switch, 2 several PCIe switches, 3 a host bridge, 4 the link between host bridges, 5 the link between NUMA nodes.',
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
    help: 'NUMA node formed by the memory of the GPU of -i.',
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
    help: 'The GPU for -n, -C, -M and -gnid, or the two GPUs for -p.',
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

/** What is asked for matrices, with the fields by which GPUs are named, and the records of it. */
function* collected(
  matrices: readonly Matrix[],
  named: readonly Field[],
  { session, files, given, release }: TopoScope,
  isJson: boolean,
): Asking<{ readonly parts: Parts; readonly shown: Collected }> {
  const views = matrices.flatMap((matrix) => matrix.views(given));
  const wanted = wantedOf(
    views.map((view) => ({ long: '', help: '', ...view })),
    named,
    () => '',
    thereIn(release, isJson),
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
  return (
    matrix.text((yield* collected([matrix], [identity.gpu], scope, false)).shown, scope) + lostLines(gpus)
  );
}

function* partsOfAll(asked: readonly TopoView[], scope: TopoScope): Asking<Parts> {
  const matrices = asked.flatMap(({ matrix }) => matrix ?? []);
  const parts = matrices.length === 0 ? [] : [(yield* collected(matrices, IDENTITY, scope, true)).parts];
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
