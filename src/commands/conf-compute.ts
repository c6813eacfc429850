/** `conf-compute`: the getters and setters of confidential computing. */
import { CONF_COMPUTE_SETTERS, setConfCompute } from '../act/conf-compute.js';
import { dated, type Given, type OptionSpec, setterOf } from '../base/argv.js';
import { EXIT } from '../base/errors.js';
import * as render from '../format/conf-compute.js';
import { jsonDocument, type Part } from '../format/document.js';
import { NVML_DEVICE_ARCH_AMPERE } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, ask, read, readOne, together, want } from '../query/ask/asking.js';
import { type Cell, cell } from '../query/cell.js';
import * as cc from '../query/conf-compute.js';
import type { Reading } from '../query/reading.js';
import { architectureProbe } from '../query/report/board.js';
import { actingOptions, beginActing } from './acting.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { identityOf } from './named.js';
import { chosenGpus, idOption } from './select.js';

type ReadGetter = (getter: cc.Getter) => Cell;

interface ConfComputeView extends OptionSpec {
  readonly getters: readonly cc.Getter[];
  readonly print: (read: ReadGetter) => string;
}

const single = <const Long extends string>(
  short: string,
  long: Long,
  label: string,
  getter: cc.Getter,
  help: string,
  print = render.line,
): ConfComputeView & { readonly long: Long } => ({
  short: [short],
  long,
  help,
  action: true,
  getters: [getter],
  print: (read) => print(label, read(getter)),
});

const LOG: readonly (readonly [string, cc.Getter])[] = [
  ['CC State', cc.ccState],
  ['Multi-GPU Mode', cc.multiGpuMode],
  ['CPU CC Capabilities', cc.cpuCaps],
  ['GPU CC Capabilities', cc.gpuCaps],
  ['CC GPUs Ready State', cc.gpusReady],
];

/** The long names of -q, -mgm and -gkr are ours: none was seen. */
const ACTIONS = [
  single(
    'gc',
    'get-cpu-caps',
    'CPU CC capabilities',
    cc.cpuCaps,
    'Confidential computing capabilities of the CPU.',
  ),
  single(
    'gg',
    'get-gpus-caps',
    'GPU CC capabilities',
    cc.gpuCaps,
    'Confidential computing capabilities of the GPUs.',
  ),
  single(
    'd',
    'get-devtools-mode',
    'DevTools Mode',
    cc.devTools,
    'Whether developer tools are allowed (DevTools mode).',
  ),
  single(
    'e',
    'get-environment',
    'CC Environment',
    cc.environment,
    'The environment of confidential computing.',
  ),
  single('f', 'get-cc-feature', 'CC status', cc.ccState, 'Whether confidential computing is enabled.'),
  single(
    'grs',
    'get-gpus-ready-state',
    'Confidential Compute GPUs Ready state',
    { ...cc.gpusReady, kind: cc.readySmall },
    'Whether the GPUs accept work.',
    render.spacedLine,
  ),
  dated(
    550,
    single(
      'gkr',
      'get-key-rotation',
      'Confidential Compute Key Rotation Threshold Attacker Advantage',
      cc.attackerAdvantage,
      'Key rotation threshold: the attacker advantage at which keys are rotated.',
      render.spacedLine,
    ),
  ),
  dated(
    550,
    single(
      'mgm',
      'get-multigpu-mode',
      'Multi-GPU Mode',
      cc.multiGpuMode,
      'Multi-GPU mode of confidential computing.',
    ),
  ),
  {
    short: ['q'],
    long: 'query-conf-compute',
    action: true,
    since: 551,
    help: 'State, modes and capabilities together.',
    getters: LOG.map(([, getter]) => getter),
    print: (read) => render.log(LOG.map(([label, getter]) => [label, read(getter)])),
  },
] as const satisfies readonly ConfComputeView[];

const MEMORY = 'get-mem-size-info';

const SETTERS = [
  {
    ...setterOf(
      'sm',
      'set-unprotected-mem-size',
      'KIB',
      'Set the size of the unprotected memory of each GPU.',
    ),
    number: true,
  },
  { ...setterOf('srs', 'set-gpus-ready-state', '0|1', 'Let the GPUs accept work, or not.'), number: true },
  {
    since: 550,
    ...setterOf(
      'skr',
      'set-key-rotation-max-attacker-advantage',
      'NUMBER',
      'Set the attacker advantage at which keys are rotated.',
    ),
    number: true,
  },
] as const;

const options = [
  {
    ...idOption,
    help: 'With -gm: only these GPUs (index, UUID, PCI bus id or serial number).',
  },
  ...ACTIONS,
  {
    short: ['gm'],
    long: MEMORY,
    action: true,
    help: 'Sizes of the protected and the unprotected memory of each GPU.',
  },
  jsonOption,
  ...SETTERS,
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

/** Reads getters of the system. */
function* systemReader(getters: readonly cc.Getter[]): Asking<ReadGetter> {
  const readings = yield* read(getters.map(({ probe, path }) => want(probe, path)));
  return (getter) => cell(getter.kind, readings[getters.indexOf(getter)] as Reading);
}

function* memoryOf(gpu: Gpu) {
  const sizes = yield* ask(cc.memorySizes, gpu);
  return {
    ...(yield* identityOf(gpu)),
    protected_kib: cell(cc.kibibytes, sizes.read('protectedMemSizeKib')),
    unprotected_kib: cell(cc.kibibytes, sizes.read('unprotectedMemSizeKib')),
  };
}

/** GPUs before Ampere know nothing of it (T4 and RTX 4090, 580.159.04). Throws where no other is there. */
function* refuseWithout(gpus: readonly Gpu[]): Asking<void> {
  const generations = yield* together(reachable(gpus).map((gpu) => readOne(architectureProbe, gpu)));
  if (generations.some((one) => !(one instanceof Missing) && Number(one) >= NVML_DEVICE_ARCH_AMPERE)) return;
  const failed = generations.find((one) => one instanceof Missing);
  const why = failed === undefined ? '' : `NVML: Unable to get architecture: ${failed}\n`;
  const status = failed instanceof Missing ? failed.status : EXIT.noDevice;
  throw refusal(`${why}No CC capable devices found.`, status, gpus);
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const setter = CONF_COMPUTE_SETTERS.find(({ name }) => given[name] !== undefined);
  if (setter !== undefined) {
    const acting = await beginActing(given, context);
    const chosen = setter.isOfGpu ? await chosenGpus(acting.session, given.id) : [];
    return setConfCompute(acting, setter, Number(given[setter.name]), chosen);
  }
  const { session, asker } = await machineOf(context);
  const actions = ACTIONS.filter(({ long }) => given[long]);
  const asksMemory = given[MEMORY] === true;
  const gpus = await chosenGpus(session, asksMemory ? given.id : undefined);
  if (!given.json) await asker.start(refuseWithout(gpus));
  const getters = actions.flatMap((action) => action.getters);
  const readGetter = await asker.start(systemReader(getters));
  const memories = () => asker.start(together(reachable(gpus).map(memoryOf)));
  if (given.json) {
    const system = Object.fromEntries(getters.map((getter) => [getter.name, readGetter(getter)]));
    const parts: Readonly<Record<string, Part>> = {
      ...(getters.length === 0 ? {} : { system }),
      ...(asksMemory ? { gpus: await memories() } : {}),
    };
    context.io.out(jsonDocument(parts, context.source));
  } else {
    for (const action of actions) context.io.out(action.print(readGetter));
    if (asksMemory) for (const memory of await memories()) context.io.out(render.memory(memory));
    context.io.out(lostLines(gpus));
  }
  return statusOf(gpus);
}

export const spec: CommandSpec = command({
  options,
  run,
});
