/** What nvidia-smi's subcommands refuse of any of their command lines, in its order and words (H200, 580.159.04). */
import { argumentOf, asksForJson, misplaced, type Scan, type Token } from '../base/argv.js';
import { cInteger } from '../base/c-integer.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import type { CommandSpec } from '../commands/command.js';
import { refuseRefused } from './root-refusals.js';

/** Refuses an option without its value, and, beside no -h, words that the command does not know. */
export function refuseWords(
  { operand }: CommandSpec,
  { tokens, order, missing }: Scan,
  asksForHelp: boolean,
): void {
  const isWrong = (one: Token | string): boolean =>
    one === missing || (typeof one === 'string' && !asksForHelp);
  const wrong = order.find(isWrong);
  if (typeof wrong === 'string') throw new UsageError(plainly`Option "${wrong}" is not recognized.`);
  if (wrong !== undefined) throw new UsageError(plainly`Option "${wrong.written}" is missing its value.`);
  if (asksForHelp) return;
  if (operand === undefined) return;
  const word = tokens.find((token) => token.spec === operand)?.value;
  if (word === undefined) {
    if (operand.value === 'optional') return;
    throw new UsageError(`Argument ${argumentOf(operand)} is missing.`);
  }
  if (operand.values !== undefined && !operand.values.words.includes(word)) {
    throw new UsageError(plainly`Argument "${word}" is not recognized.`);
  }
}

/**
 * Refuses options whose value is no number (`topo -c abc`: H200, 580.159.04), a setter with something else, what NVML cannot do, and
 * options without what they go with.
 */
export function refuseOptions(name: string, spec: CommandSpec, tokens: readonly Token[]): void {
  for (const option of spec.options.filter(({ number }) => number)) {
    const token = tokens.findLast((each) => each.spec === option);
    if (token?.value === undefined || (cInteger(token.value) ?? -1) >= 0) continue;
    throw new UsageError(
      plainly`Option "${token.value}" is invalid for "${token.written.split('=', 1)[0]}".`,
    );
  }
  if (spec.setsAlone) refuseBeside(name, tokens);
  refuseRefused(tokens);
  const alone = misplaced(tokens);
  if (alone !== undefined) throw new UsageError(plainly`Option "${alone.written}" is not recognized.`);
}

/** Words of conf-compute, gpm, compute-policy and boost-slider (550.163.01 and 580.159.04). One JSON document may have several answers. */
function refuseBeside(name: string, tokens: readonly Token[]): void {
  const asked = tokens.filter(({ spec }) => spec.setter || (spec.action && !spec.ours));
  if (asked.length < 2 || asksForJson({ tokens, foreign: [] })) return;
  throw new UsageError(`One, and only one, ${name} command allowed at a time`);
}
