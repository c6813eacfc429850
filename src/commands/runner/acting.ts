/** Commands that change GPUs: the options they have in common, and how the machine and the record are opened. */
import { Acting } from '../../act/acting.js';
import { openAudit } from '../../act/audit.js';
import type { OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { Asker } from '../../query/ask/asker.js';
import type { Context, Machine } from '../context.js';

const dryRunOption = {
  long: 'dry-run',
  help: 'With an option that changes something: print what would change, without changing it.',
} as const satisfies OptionSpec;

const auditOption = {
  long: 'audit',
  value: 'required',
  argument: 'FILE',
  help: 'Log each change as a line of JSON in this file, instead of the system log.',
} as const satisfies OptionSpec;

export const actingOptions = [dryRunOption, auditOption] as const;

export interface ActingGiven {
  readonly 'dry-run'?: true;
  readonly audit?: string;
  readonly json?: true;
}

/** An option that changes something, as the command line has it. */
export interface AskedChange {
  /** The long name of the option. */
  readonly option: string;
  readonly value: string;
  /** As written: `-pm`, `--persistence-mode=1`. */
  readonly written: string;
}

/** What the options before a subcommand give. */
export interface ModifyGiven extends ActingGiven {
  /** In the order in which they are given: two of one kind are refused. */
  readonly changes: readonly AskedChange[];
  /** Whether what may be given once beside them is given twice. */
  readonly isTwice: boolean;
  readonly id?: string;
  readonly 'keep-going'?: true;
  readonly 'error-on-warning'?: true;
}

/** Opens the machine to change it, or to look only. Throws UsageError for a recording: it does not change. */
export async function openToAct(given: ActingGiven, context: Context): Promise<Machine> {
  if (given.audit === '') throw new UsageError('--audit needs a file.');
  const isDryRun = given['dry-run'] === true;
  const open = (isDryRun ? context.planned : context.writable) ?? context.machine;
  const machine = await open();
  if (!isDryRun && machine.recorded !== undefined) {
    throw new UsageError('A recorded machine cannot be changed. Use --dry-run to see what would change.');
  }
  return machine;
}

/** The same, with the record of what is changed. Throws OutputError where the record cannot be written. */
export async function beginActing(given: ActingGiven, context: Context): Promise<Acting> {
  const { io, argv = [] } = context;
  const { session, outcome } = await openToAct(given, context);
  const isDryRun = given['dry-run'] === true;
  const isJson = given.json === true;
  const audit = isDryRun ? undefined : openAudit(io, argv, given.audit);
  return new Acting(new Asker(session, { outcome }), io, { isDryRun, isJson }, audit);
}
