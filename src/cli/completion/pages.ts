/** The command line as its documents see it: nvsmi itself and its subcommands, with the options of their tables. */
import type { OptionSpec } from '../../base/argv.js';
import type { Example } from '../../commands/index.js';
import { allCommands, optionsOf } from '../command-table.js';
import { EVERYWHERE, rootExamples, rootOptions } from '../options.js';

export interface HelpPage {
  /** Empty for nvsmi itself. */
  readonly name: string;
  readonly summary: string;
  /** The word that may follow the name. */
  readonly operand: OptionSpec | undefined;
  /** Those that the help shows. */
  readonly options: readonly OptionSpec[];
  readonly examples: readonly Example[];
  readonly notes: string | undefined;
}

export interface HelpPages {
  readonly root: HelpPage;
  readonly commands: readonly HelpPage[];
}

const shown = (options: readonly OptionSpec[]): readonly OptionSpec[] =>
  options.filter(({ hidden }) => !hidden);

export async function readPages(): Promise<HelpPages> {
  const pages = allCommands.map(async ({ name, summary, examples, load }): Promise<HelpPage> => {
    const spec = await load();
    const options = [...shown(optionsOf(spec)), ...EVERYWHERE];
    return { name, summary, operand: spec.operand, options, examples, notes: spec.notes?.() };
  });
  return {
    root: {
      name: '',
      summary: 'show the state of NVIDIA GPUs',
      operand: undefined,
      options: shown(rootOptions),
      examples: rootExamples,
      notes: undefined,
    },
    commands: await Promise.all(pages),
  };
}

/** Every way to write an option: -lgip, --list-gpu-instance-profiles. */
export const spellings = ({ short = [], long }: OptionSpec): readonly string[] => [
  ...short.map((name) => `-${name}`),
  `--${long}`,
];

/** Who else knows what an option's value can be: the file system, or the machine. */
export type ValueSource = 'files' | 'folders' | 'gpus';

const SOURCES: readonly (readonly [argument: RegExp, source: ValueSource])[] = [
  [/FOLDER|DIR/, 'folders'],
  [/FILE|PATH/, 'files'],
  [/^GPU/, 'gpus'],
];

export const sourceOf = ({ argument = '' }: OptionSpec): ValueSource | undefined =>
  SOURCES.find(([pattern]) => pattern.test(argument))?.[1];

/** Whether an option takes several values with commas between them. */
export const takesList = ({ argument = '' }: OptionSpec): boolean => argument.endsWith(',...');

/** What the completions ask for the indexes of the GPUs. What it says where it fails goes nowhere. */
export const ASK_GPUS = '--query-gpu=index --format=csv,noheader 2>/dev/null';

export const STAMP = "Generated from nvsmi's option tables (nvsmi completion). Do not edit.";
