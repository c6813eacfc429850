/**
 * Runs a subcommand that shows records of relations: it finds the GPUs that -i names, asks once for all that the given options
 * show, and writes text or JSON, once or in a loop. A lost GPU does not hide the others; the exit status is that of the first
 * failure.
 */
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT } from '../../base/errors.js';
import { type LoopOptions, loopPeriod } from '../../base/period.js';
import type { Release } from '../../base/release.js';
import { jsonDocument, jsonLine } from '../../format/document.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import type { Asking } from '../../query/ask/asking.js';
import { releaseOf } from '../../query/driver-release.js';
import type { Field, RecordValues } from '../../query/field.js';
import { identity } from '../../query/identity.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import {
  type Collected,
  collect,
  endOf,
  partsOf,
  thereIn,
  type View,
  type WantedViews,
  wantedOf,
} from './collect.js';
import { gpusPart, IDENTITY, partOf } from './json-parts.js';
import { loop } from './loop.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';

/** What the text of a command is made of. */
export interface Shown<Options> extends Collected {
  readonly given: Options;
  /** The views that were asked for, in the order of the command's table. */
  readonly views: readonly View[];
  /** The driver's release that the text follows. */
  release(): Release;
}

/** The text of one tick, but for the lines about lost GPUs. Throws UsageError where nvidia-smi refuses. */
type Text<Options> = (shown: Shown<Options>, gpus: readonly Gpu[]) => string;

/** How a command ends: its status, where no GPU is lost, and what it says on stderr. */
export interface CommandEnding {
  readonly status: number;
  readonly words: string;
}

interface ViewsSpec<Table extends readonly OptionSpec[]> {
  readonly options: Table;
  readonly views: readonly View[];
  /** What is shown where none of the views' options is given. */
  readonly otherwise?: readonly Omit<View, 'long' | 'help'>[];
  /** Fields that are asked of each GPU, whatever is shown. */
  readonly gpuFields?: readonly Field[];
  /** The text says of which GPU it is by name and UUID: they are asked for. JSON always has them. */
  readonly namesGpus?: true;
  /** Any option asks for something, and not only those of the views. */
  readonly isBareHelp?: true;
  /** A relation that a GPU refuses ends the command with its status, also NOT_SUPPORTED. */
  readonly isRefused?: true;
  /** Which records are meant. */
  readonly keep?: (given: Given<Table>) => (record: RecordValues) => boolean;
  /** Refuses values of options, before the machine is opened. */
  readonly check?: (given: Given<Table>) => void;
  /** Milliseconds between two texts, where they repeat without -l. */
  readonly usualPeriod?: number;
  /** Asked before a text is made. Throws UsageError where nvidia-smi refuses the machine. */
  readonly refuse?: (gpus: readonly Gpu[]) => Asking<void>;
  /** The text of a tick; `begin` makes it for a run, where it depends on the ticks before. */
  readonly text: Text<Given<Table>> | { readonly begin: () => Text<Given<Table>> };
  /** The last words of a text, after the lines about lost GPUs. */
  readonly after?: string;
  /** How it ends after what was shown last. */
  readonly ending?: (shown: Shown<Given<Table>>) => CommandEnding | undefined;
  readonly notes?: () => string;
}

export function viewsCommand<const Table extends readonly OptionSpec[]>(spec: ViewsSpec<Table>): CommandSpec {
  const { options, views, otherwise = [], isBareHelp, gpuFields = [] } = spec;
  const all = [...views, ...otherwise];
  const relations = [...new Set(all.flatMap(({ relation }) => relation ?? []))];
  const optional = all.flatMap((view) => view.gpuFields ?? []);
  return command({
    options: otherwise.length > 0 ? options : options.map((option) => actionOf(option, views)),
    isBareHelp,
    notes: spec.notes,
    json: [gpusPart(gpuFields, optional), ...relations.map(partOf)],
    opensMachine: (given) => {
      spec.check?.(given as Given<Table>);
      loopPeriod(given as LoopOptions);
      return true;
    },
    run: (given, context) => run(spec, given as Given<Table>, context),
  });
}

/** A view asks for something. */
const actionOf = (option: OptionSpec, views: readonly View[]): OptionSpec =>
  views.some(({ long }) => long === option.long) ? { ...option, action: true } : option;

async function run<Table extends readonly OptionSpec[]>(
  spec: ViewsSpec<Table>,
  given: Given<Table>,
  context: Context,
): Promise<number> {
  const values = given as Readonly<Record<string, unknown>> &
    LoopOptions & { readonly id?: string; readonly json?: true };
  const isJson = values.json === true;
  const period = loopPeriod(values) ?? (isJson ? undefined : spec.usualPeriod);
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, values.id);
  if (!isJson && spec.refuse !== undefined) await asker.start(spec.refuse(gpus));
  // JSON has a reason for each value of a lost GPU; the text has a line about it.
  const asked = isJson ? gpus : reachable(gpus);
  const chosen = spec.views.filter(({ long }) => values[long] !== undefined);
  const views =
    chosen.length > 0 ? chosen : (spec.otherwise ?? []).map((view) => ({ long: '', help: '', ...view }));
  const always = [...(isJson || spec.namesGpus ? IDENTITY : [identity.gpu]), ...(spec.gpuFields ?? [])];
  const warn = isJson ? undefined : (words: string): void => context.io.err(words);
  const ofDriver = await asker.start(releaseOf(session, warn));
  const wanted = wantedOf(views, always, (long) => String(values[long] ?? ''), thereIn(ofDriver, isJson));
  const keep = spec.keep?.(given) ?? (() => true);
  const write = period === undefined ? jsonDocument : jsonLine;
  const release = (): Release => ofDriver;
  const text = typeof spec.text === 'function' ? spec.text : spec.text.begin();
  let ending: CommandEnding | undefined;
  try {
    await loop(context.io, period, async () => {
      asker.tick();
      const collected = await asker.start(collect(wanted, asked, keep));
      const shown = { given, views, release, ...collected };
      context.io.out(
        isJson
          ? write(partsOf(wanted, shown), context.source)
          : text(shown, gpus) + lostLines(gpus) + (spec.after ?? ''),
      );
      if (spec.isRefused) ending = { status: refusalOf(wanted, shown), words: '' };
      if (spec.ending !== undefined) ending = spec.ending(shown);
    });
  } finally {
    await asker.start(endOf(wanted));
  }
  if (ending !== undefined && ending.words !== '') context.io.err(ending.words);
  return statusOf(gpus) || (ending?.status ?? EXIT.ok);
}

/** Why the first relation that a GPU refuses has no records. */
function refusalOf({ ofGpus }: WantedViews, { gpus }: Collected): number {
  const lists = ofGpus.flatMap(({ relation }) => gpus.map(({ recordsOf: of }) => of(relation)));
  return lists.find((list) => list instanceof Missing)?.status ?? EXIT.ok;
}
