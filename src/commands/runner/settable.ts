/** A command that shows something, and changes something where one of its setters is given. */
import type { AnyGiven } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { CommandSpec } from '../command.js';
import type { Context } from '../context.js';
import { type ActingGiven, openToAct } from './acting.js';

export const SHOWN_AND_SET = '--json prints what is shown, or what was set, and not both.';

type Set<Given> = (given: Given, context: Context) => Promise<number>;

const gives = (given: AnyGiven, options: readonly string[]): boolean =>
  options.some((long) => given[long] !== undefined);

/** A setter is asked for alone, and once: so it is in most of nvidia-smi's commands. */
export const settable = <Given>(
  spec: CommandSpec,
  setters: readonly string[],
  set: Set<Given>,
): CommandSpec => ({
  ...settableIn(spec, setters, (given, context) => set(given as Given, context)),
  setsAlone: true,
});

/** What is shown comes first, and where that fails nothing is set. The options that show are `views`. */
export const settableAfter = <Given>(
  spec: CommandSpec,
  views: readonly string[],
  setters: readonly string[],
  set: Set<Given>,
): CommandSpec =>
  settableIn(spec, setters, async (given, context) => {
    if (!gives(given, views)) return set(given as Given, context);
    if (given.json !== undefined) {
      throw new UsageError(SHOWN_AND_SET);
    }
    // The machine is opened once: as the setter needs it.
    await openToAct(given as ActingGiven, context);
    const status = await spec.run(given, context);
    return status === EXIT.ok ? set(given as Given, context) : status;
  });

/** Of several things the first in an order is done. */
export const settableFirst = <Given>(
  spec: CommandSpec,
  order: readonly string[],
  setters: readonly string[],
  set: Set<Given>,
): CommandSpec =>
  leaving(
    settableIn(spec, setters, (given, context) => set(given as Given, context)),
    (given) => (gives(given, setters) ? order.filter((long) => given[long] !== undefined).slice(1) : []),
  );

/** Leaves out options that nvidia-smi ignores beside others; stderr names them. */
export function leaving(spec: CommandSpec, leftOf: (given: AnyGiven) => readonly string[]): CommandSpec {
  const kept = (given: AnyGiven): AnyGiven => {
    const left = leftOf(given);
    return Object.fromEntries(Object.entries(given).filter(([long]) => !left.includes(long)));
  };
  return {
    ...spec,
    opensMachine: (given) => spec.opensMachine?.(kept(given)) ?? false,
    run(given, context) {
      const left = leftOf(given);
      if (left.length > 0) {
        context.io.err(`Not done, as one thing is done at a time: --${left.join(', --')}.\n`);
      }
      return spec.run(kept(given), context);
    },
  };
}

/** What a setter gets has the type that the options of its command give. */
const settableIn = (spec: CommandSpec, setters: readonly string[], set: Set<AnyGiven>): CommandSpec => ({
  ...spec,
  opensMachine: (given) => !gives(given, setters) && (spec.opensMachine?.(given) ?? false),
  run: (given, context) => (gives(given, setters) ? set(given, context) : spec.run(given, context)),
});
