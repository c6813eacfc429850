/** A command that shows something, and changes something where one of its setters is given. */
import type { AnyGiven } from '../base/argv.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';

/** What a setter gets has the type that the options of its command give. */
export const settable = <Given>(
  spec: CommandSpec,
  setters: readonly string[],
  set: (given: Given, context: Context) => Promise<number>,
): CommandSpec => ({
  ...spec,
  opensMachine: (given) => !sets(given, setters) && (spec.opensMachine?.(given) ?? false),
  run: (given, context) => (sets(given, setters) ? set(given as Given, context) : spec.run(given, context)),
});

const sets = (given: AnyGiven, setters: readonly string[]): boolean =>
  setters.some((long) => given[long] !== undefined);
