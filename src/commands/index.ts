/** The subcommands: name, one line of help, and where each is loaded from when it is called. */
import type { OptionSpec, Token } from '../argv.js';
import type { Context } from './context.js';

/** A subcommand: its options, and what it does with them. */
export interface CommandSpec {
  readonly options: readonly OptionSpec[];
  /** Shown below the options in the help. */
  readonly notes?: string;
  /** Runs the command. Returns the exit status. Throws UsageError for a wrong command line. */
  readonly run: (tokens: readonly Token[], context: Context) => Promise<number>;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandSpec>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'snapshot',
    summary: 'Record every read-only NVML answer of this machine to a file.',
    load: async () => (await import('./snapshot.js')).spec,
  },
];
