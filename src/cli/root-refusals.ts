/**
 * What a command line without subcommand is refused for, in the words of nvidia-smi: 580.159.04 on the H200, and 470, 525, 535 and
 * 550 on the fake NVML.
 */
import { misplaced, type Scan, type Token } from '../base/argv.js';
import { cInteger } from '../base/c-integer.js';
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { PRESENT, type Release } from '../base/release.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Mode, RootOption } from './options.js';

const HELP = "Please run 'nvidia-smi -h' for help.\n";

/** What is wrong: an option lacks its value; nothing knows the word; it does not go with the mode; there are several commands. */
type FaultKind = 'missing' | 'unknown' | 'invalid' | 'several';

/** How a release says so. */
interface RefusalWords {
  readonly until: Release;
  readonly refusal: (fault: FaultKind, written: string, mode: Mode) => UsageError;
}

const combination = (status: number): UsageError =>
  new UsageError(`Invalid combination of input arguments. ${HELP}`, status);

const WORDS: readonly RefusalWords[] = [
  {
    until: 525,
    refusal: (fault, written) =>
      fault === 'missing'
        ? new UsageError(`${plainly`Missing value for ${written} argument.`} ${HELP}`)
        : combination(EXIT.usage),
  },
  {
    until: 535,
    refusal: (fault, _, mode) =>
      combination(
        fault === 'missing' || (fault === 'unknown' && mode === 'main') ? EXIT.unknownOption : EXIT.usage,
      ),
  },
  {
    until: Number.POSITIVE_INFINITY,
    refusal: (fault, written, mode) => {
      if (fault === 'missing') return missingValue(written, 'nvidia-smi');
      if (fault === 'several') return new UsageError(`ERROR: Only one command can be run at a time. ${HELP}`);
      if (fault === 'invalid')
        return new UsageError(`${plainly`ERROR: Option ${written} is not valid for this command.`} ${HELP}`);
      const end = mode === 'main' ? '.\n' : ' for help.\n';
      return new UsageError(
        plainly`ERROR: Option ${written} is not recognized. Please run 'nvidia-smi -h'` + end,
        mode === 'main' || mode === 'dtd' || isModifying(mode) ? EXIT.unknownOption : EXIT.usage,
      );
    },
  },
];

/** The refusal of an option without its value. Of our own options nvidia-smi's help says nothing. */
export const missingValue = (written: string, program: 'nvsmi' | 'nvidia-smi'): UsageError =>
  new UsageError(
    plainly`ERROR: Option ${written} is missing its value. Please run '${program} -h' for help.\n`,
    EXIT.unknownOption,
  );

/** Refuses an option that is known and cannot be followed, with NVML's status for that. */
export function refuseRefused(tokens: readonly Token[]): void {
  const refused = tokens.find(({ spec }) => spec.refused !== undefined);
  if (refused === undefined) return;
  const { written, spec } = refused;
  throw new UsageError(
    plainly`Option "${written}" is refused: ${spec.refused as string}`,
    NVML_ERROR_NOT_SUPPORTED,
  );
}

/** Refuses a summary in several columns. One is the usual summary (H200, 580.159.04). */
export function refuseColumns({ columns = '1' }: { readonly columns?: string }): void {
  if (cInteger(columns) === 1) return;
  throw new UsageError(
    plainly`Option "-col" is refused: a summary in ${columns} columns is not supported.`,
    NVML_ERROR_NOT_SUPPORTED,
  );
}

const isModifying = (mode: Mode): boolean => mode === 'modify' || mode === 'led';

/** Modes that take nothing else, and refuse whatever is there as not valid for them. */
const ALONE: ReadonlySet<Mode> = new Set(['help', 'version', 'list', 'excluded']);

/** Commands of which nvidia-smi takes one, once (535 to 580 on the fake). */
const COMMANDS: readonly (readonly Mode[])[] = [['list', 'excluded'], ['version']];

const specOf = (token: Token): RootOption => token.spec as RootOption;

/** What a command line is refused for. */
export interface RootFault {
  readonly mode: Mode;
  readonly what: FaultKind;
  readonly written: string;
}

/** The first fault. A release before 525 ignores words that it does not know where fields are asked for. */
export function faultIn(
  mode: Mode,
  { tokens, unknown, order, missing }: Scan,
  release = PRESENT,
): RootFault | undefined {
  const fault = (what: FaultKind, one: Token | string): RootFault => ({
    mode,
    what,
    written: typeof one === 'string' ? one : one.written,
  });
  for (const modes of COMMANDS) {
    const [, second] = tokens.filter((token) => modes.includes(specOf(token).trigger ?? 'main'));
    if (second !== undefined) return fault('several', second);
  }
  const isOther = (token: Token): boolean => {
    const { modes = [mode], trigger = mode } = specOf(token);
    return !modes.includes(mode) || (isModifying(mode) && trigger !== mode);
  };
  if (ALONE.has(mode)) {
    const wrong = order.find((one) => typeof one === 'string' || isOther(one));
    if (wrong !== undefined) return fault('invalid', wrong);
  }
  if (missing !== undefined) return fault('missing', missing);
  if (mode === 'help-query') return undefined;
  const misplacedOne = misplaced(tokens);
  const first = tokens.find((token) => isOther(token) || token === misplacedOne);
  const unrecognized = mode === 'query' && release < 525 ? undefined : unknown[0];
  const isUnknown = mode === 'main' || mode === 'dtd' || isModifying(mode);
  if (unrecognized !== undefined) return fault('unknown', unrecognized);
  return first === undefined ? undefined : fault(isUnknown ? 'unknown' : 'invalid', first);
}

/** The refusal in the words of a release. */
export function refusalOf({ what, written, mode }: RootFault, release: Release): UsageError {
  const { refusal } = WORDS.find(({ until }) => release < until) as RefusalWords;
  return refusal(what, written, mode);
}
