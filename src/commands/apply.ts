/** `apply FILE`: shows what has to change until the GPUs are as the file says, and makes it so. */

import { isDeepStrictEqual } from 'node:util';
import type { Acting } from '../act/acting.js';
import type { Target } from '../act/action.js';
import { type Desired, type DesiredGpu, desiredState } from '../act/apply/desired.js';
import { planFor, type Step } from '../act/apply/plan.js';
import { targetOf } from '../act/ask.js';
import type { Given, OptionSpec } from '../base/argv.js';
import { EXIT, UsageError } from '../base/errors.js';
import { faultText } from '../base/form.js';
import type { Io } from '../base/io.js';
import { jsonText, plainly } from '../base/plain-text.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import { jsonOption } from './runner/json-option.js';
import { lostLine } from './runner/lost.js';
import { gpusNamed } from './runner/select.js';

const operand = {
  long: 'file',
  value: 'required',
  argument: 'FILE',
  orStdin: true,
  help: 'The desired state, in YAML or JSON; - is stdin. schemas/apply.schema.json describes it.',
} as const satisfies OptionSpec;

const options = [
  { long: 'yes', help: 'Apply the file even if MIG instances have to be destroyed.' },
  ...actingOptions,
  jsonOption,
] as const satisfies readonly OptionSpec[];

type ApplyGiven = Given<readonly [...typeof options, typeof operand]>;

/** Reads a file, or stdin. Throws UsageError that names the place of what is wrong. */
async function desiredIn(file: string, io: Io): Promise<Desired> {
  const isStdin = file === '-';
  const path = isStdin ? 'stdin' : file;
  let text: string;
  try {
    text = io.readFile(isStdin ? 0 : file);
  } catch (error) {
    throw new UsageError(plainly`${path}: cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const { parse } = await import('yaml');
  let json: unknown;
  try {
    json = parse(text);
  } catch (error) {
    throw new UsageError(plainly`${path}: ${(error as Error).message.split('\n', 1)[0]}`);
  }
  const fault = desiredState.form(json);
  if (fault !== undefined) throw new UsageError(plainly`${path}: ${faultText(fault)}`);
  // Its form was checked.
  return json as Desired;
}

interface Planned {
  readonly target: Target;
  readonly steps: readonly Step[];
}

/** The GPUs that an entry means. Throws UsageError where it means none, or one that is lost. */
async function targetsOf(acting: Acting, { gpu }: DesiredGpu): Promise<readonly Target[]> {
  const { session } = acting;
  const names = (Array.isArray(gpu) ? gpu : [gpu]).map(String);
  const found = await Promise.all(
    names.map(async (name) => {
      const named = name === 'all' ? session.gpus : await gpusNamed(session, name);
      if (named.length === 0) throw new UsageError(plainly`No GPU is ${name}.`, EXIT.noDevice);
      return named;
    }),
  );
  const chosen = [...new Set(found.flat())];
  for (const each of chosen) {
    if (each.handle === undefined) throw new UsageError(lostLine(each), each.status);
  }
  return chosen.map((each) => targetOf(acting.asker, each));
}

/** The plan of a whole file. What several entries say of a GPU is put together. Throws UsageError where they differ. */
async function planOf(acting: Acting, { gpus }: Desired): Promise<readonly Planned[]> {
  const wishes = new Map<number, { readonly target: Target; readonly desired: DesiredGpu }>();
  for (const desired of gpus) {
    for (const target of await targetsOf(acting, desired)) {
      const { index } = target.gpu;
      const before = wishes.get(index)?.desired ?? desired;
      refuseConflict(index, before, desired);
      wishes.set(index, { target, desired: { ...before, ...desired } });
    }
  }
  return [...wishes.values()].map(({ target, desired }) => ({ target, steps: planFor(desired, target) }));
}

function refuseConflict(index: number, before: DesiredGpu, after: DesiredGpu): void {
  for (const [member, value] of Object.entries(after)) {
    const other = before[member as keyof DesiredGpu];
    if (member === 'gpu' || other === undefined || isDeepStrictEqual(other, value)) continue;
    throw new UsageError(
      plainly`GPU ${index}: ${member} is ${jsonText(other)} in one entry and ${jsonText(value)} in another.`,
    );
  }
}

const planText = (plan: readonly Planned[]): string =>
  plan
    .map(({ target: { gpu, busId }, steps }) => {
      const head = `GPU ${gpu.index} (${busId}):`;
      if (steps.length === 0) return `${head} as wanted\n`;
      return `${head}\n${steps.map(({ words }) => `  ${words}\n`).join('')}`;
    })
    .join('');

async function apply(given: ApplyGiven, context: Context): Promise<number> {
  const desired = await desiredIn(given.file ?? '', context.io);
  const acting = await beginActing(given, context);
  const plan = await planOf(acting, desired);
  acting.say(planText(plan));
  const steps = plan.flatMap((each) => each.steps);
  const wrong = checked(steps);
  if (wrong !== undefined) {
    acting.say(`${wrong.lines.join('\n')}\nNothing was changed.\n`);
    return acting.finish(wrong.status);
  }
  const destroyed = steps.filter(({ destroys }) => destroys).length;
  if (destroyed > 0 && !given.yes && !acting.manner.isDryRun) {
    throw new UsageError(
      `Nothing was changed: ${destroyed} MIG instances would be destroyed. Add --yes for that.`,
    );
  }
  return acting.manner.isDryRun ? onlyPlanned(acting, steps) : carriedOut(acting, steps);
}

/** The first value that a GPU does not allow. */
function checked(steps: readonly Step[]) {
  for (const { isChecked, attempt } of steps) {
    const verdict = isChecked ? attempt().check?.() : undefined;
    if (verdict !== undefined && ['failed', 'unsupported'].includes(verdict.outcome)) return verdict;
  }
  return undefined;
}

function onlyPlanned(acting: Acting, steps: readonly Step[]): number {
  for (const step of steps) acting.plan(step.attempt());
  return acting.finish(EXIT.ok);
}

/** Stops at the first failure, and says what was done and what was not. */
function carriedOut(acting: Acting, steps: readonly Step[]): number {
  for (const [i, step] of steps.entries()) {
    const { outcome, status, lines } = acting.attempt(step.attempt());
    acting.say(lines.map((line) => `${line}\n`).join(''));
    if (outcome !== 'failed' && outcome !== 'unsupported') continue;
    const left = steps.slice(i);
    acting.say(
      `Stopped: ${i} of ${steps.length} steps are done. Not done:\n${left.map(({ words }) => `  ${words}\n`).join('')}`,
    );
    for (const each of left.slice(1)) acting.leave(each.attempt());
    return acting.finish(status);
  }
  acting.say(steps.length === 0 ? 'Nothing to do.\n' : `Done: ${steps.length} steps.\n`);
  return acting.finish(EXIT.ok);
}

export const spec: CommandSpec = command({ options, operand: [operand], run: apply });
