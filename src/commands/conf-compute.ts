/** `conf-compute`: the getters and setters of confidential computing. */
import { CONF_COMPUTE_SETTERS, setConfCompute } from '../act/conf-compute.js';
import { dated, type Given, type OptionSpec, setterOf } from '../base/argv.js';
import { EXIT, type UsageError } from '../base/errors.js';
import * as render from '../format/conf-compute.js';
import { gpuHeading } from '../format/gpu-heading.js';
import { NVML_DEVICE_ARCH_AMPERE } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { type Asking, readOne, together } from '../query/ask/asking.js';
import { type Cell, cell } from '../query/cell.js';
import * as cc from '../query/conf-compute.js';
import { type Field, nameOf } from '../query/field.js';
import { architectureProbe } from '../query/report/board.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import type { ShownGpu, View } from './runner/collect.js';
import { jsonOption } from './runner/json-option.js';
import { reachable, refusal } from './runner/lost.js';
import { chosenGpus, idOption } from './runner/select.js';
import { settable } from './runner/settable.js';
import { viewsCommand } from './runner/views.js';

interface ConfComputeView extends View {
  readonly fields: readonly Field[];
  readonly print: (read: (field: Field) => Cell) => string;
}

const single = <const Long extends string>(
  short: string,
  long: Long,
  label: string,
  field: Field,
  help: string,
  print = render.line,
): ConfComputeView & { readonly long: Long } => ({
  short: [short],
  long,
  help,
  relation: cc.confCompute,
  fields: [field],
  print: (read) => print(label, read(field)),
});

const LOG: readonly (readonly [string, Field])[] = [
  ['CC State', cc.ccState],
  ['Multi-GPU Mode', cc.multiGpuMode],
  ['CPU CC Capabilities', cc.cpuCaps],
  ['GPU CC Capabilities', cc.gpuCaps],
  ['CC GPUs Ready State', cc.gpusReady],
];

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
    cc.gpusReady,
    'Whether the GPUs accept work.',
    (label, { reading }) => render.spacedLine(label, cell(cc.readySmall, reading)),
  ),
  dated(
    550,
    single(
      'gkr',
      'get-key-rotation-threshold-info',
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
    relation: cc.confCompute,
    fields: LOG.map(([, field]) => field),
    print: (read) => render.log(LOG.map(([label, field]) => [label, read(field)])),
  },
] as const satisfies readonly ConfComputeView[];

const MEMORY = {
  short: ['gm'],
  long: 'get-mem-size-info',
  help: 'Sizes of the protected and the unprotected memory of each GPU.',
  gpuFields: [cc.protectedSize, cc.unprotectedSize],
} as const satisfies View;

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
  idOption,
  ...ACTIONS,
  MEMORY,
  jsonOption,
  ...SETTERS,
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

/** GPUs before Ampere know nothing of it (T4 and RTX 4090, 580.159.04). Throws where no other is there. */
function* refuseWithout(gpus: readonly Gpu[]): Asking<void> {
  const generations = yield* together(
    reachable(gpus).map((gpu) => readOne(architectureProbe, gpu, (view) => view.raw('value'))),
  );
  if (generations.some((one) => !(one instanceof Missing) && Number(one) >= NVML_DEVICE_ARCH_AMPERE)) return;
  const failed = generations.find((one) => one instanceof Missing);
  const why = failed === undefined ? '' : `NVML: Unable to get architecture: ${failed}\n`;
  const status = failed instanceof Missing ? failed.status : EXIT.noDevice;
  throw refusal(`${why}No CC capable devices found.`, status, gpus);
}

async function set(given: Given<typeof options>, context: Context): Promise<number> {
  const setter = CONF_COMPUTE_SETTERS.find(({ name }) => given[name] !== undefined);
  if (setter === undefined) throw new Error('no setter was given');
  const acting = await beginActing(given, context);
  const chosen = setter.isOfGpu ? await chosenGpus(acting.session, given.id) : [];
  return setConfCompute(acting, setter, Number(given[setter.name]), chosen);
}

/** What ends the program, after what was printed (A100: 550 and 580 on the fake). */
const failure = (before: string, what: string, { status }: Missing, gpus: readonly Gpu[]): UsageError =>
  refusal(`${before}Failed to display Conf. Compute ${what}: ${statusReason(status)}`, status, gpus);

function memoryLines(shown: readonly ShownGpu[], all: readonly Gpu[]): readonly string[] {
  const lines: string[] = [];
  for (const { cells } of shown) {
    const { reading } = cells[nameOf(cc.protectedSize)] as Cell;
    if (reading instanceof Missing)
      throw failure(lines.join('') + gpuHeading(cells), 'GPU Memory Size Info', reading, all);
    lines.push(render.memory(cells as render.Memory));
  }
  return lines;
}

const shown = viewsCommand({
  namesGpus: true,
  options,
  views: [...ACTIONS, MEMORY],
  refuse: refuseWithout,
  text: ({ given, gpus, systemOf }, all) => {
    const read = (field: Field): Cell => systemOf(cc.confCompute)[nameOf(field)] as Cell;
    const rotation = given['get-key-rotation-threshold-info']
      ? read(cc.attackerAdvantage).reading
      : undefined;
    if (rotation instanceof Missing) throw failure('', 'key rotation threshold info', rotation, all);
    const lines = ACTIONS.filter(({ long }) => given[long]).map(({ print }) => print(read));
    const memories = given[MEMORY.long] ? memoryLines(gpus, all) : [];
    return [...lines, ...memories].join('');
  },
});

export const spec: CommandSpec = settable(
  shown,
  SETTERS.map(({ long }) => long),
  set,
);
