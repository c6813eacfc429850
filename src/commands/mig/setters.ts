/** `mig -cgi`, `-cci`, `-dgi` and `-dci`: what is said of each instance, and where they end (550.163.01). */
import type { Acting, Attempt } from '../../act/acting.js';
import type { Target } from '../../act/action.js';
import { gpuFieldsNow, runNow, targetOf } from '../../act/ask.js';
import * as act from '../../act/mig.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing, statusReason } from '../../nvml/status.js';
import { releaseOf } from '../../query/driver-release.js';
import { computeInstances } from '../../query/mig/compute-instances.js';
import { type GpuInstance, gpuInstances } from '../../query/mig/gpu-instances.js';
import { reachable, refusal } from '../runner/lost.js';

/** What a command line wants: profiles to make instances of, and whose. */
export interface MigWish {
  readonly acting: Acting;
  readonly gpus: readonly Gpu[];
  readonly isWanted: (option: 'gpu-instance-id' | 'compute-instance-id', id: number) => boolean;
  /** The value of -cgi or -cci. */
  readonly profiles: string;
  /** -C */
  readonly withDefault: boolean;
}

/** Ends a command with the status of an attempt that failed. */
class Ended extends Error {
  constructor(readonly status: number) {
    super();
  }
}

/** One attempt: its words, and the end where it failed. */
function attempt(acting: Acting, what: Attempt, ending: string): void {
  const { outcome, status, lines } = acting.attempt(what);
  acting.say(lines.map((line) => `${line}\n`).join(''));
  if (outcome !== 'failed') return;
  acting.say(`${ending}: ${statusReason(status)}\n`);
  throw new Ended(status);
}

/** GPUs with MIG on. Throws UsageError where there is none. */
function enabled({ acting: { asker }, gpus }: MigWish): readonly Target[] {
  const modes = reachable(gpus).map((gpu) => ({
    gpu,
    mode: gpuFieldsNow(asker, gpu, ['mig.mode.current'])[0],
  }));
  const able = modes.filter(({ mode }) => mode !== undefined && !(mode instanceof Missing));
  // 535 and older do not distinguish the two.
  const isOld = runNow(asker, releaseOf(asker.session)) < 550;
  if (able.length === 0 && !isOld) throw refusal('No MIG-supported devices found.', EXIT.noDevice, gpus);
  const on = able.filter(({ mode }) => Number(mode) !== 0);
  if (on.length === 0) {
    throw refusal('No MIG-enabled devices found.', isOld ? EXIT.noDevice : EXIT.ok, gpus);
  }
  return on.map(({ gpu }) => targetOf(asker, gpu));
}

interface Placed {
  readonly target: Target;
  readonly instance: GpuInstance;
}

const nothing = (what: string): UsageError =>
  new UsageError(`No ${what} found: ${statusReason(NVML_ERROR_NOT_FOUND)}`, NVML_ERROR_NOT_FOUND);

/** The GPU instances that are meant. Throws UsageError where there is none. */
function placed(wish: MigWish): readonly Placed[] {
  const found = enabled(wish).flatMap((target) =>
    runNow(target.asker, gpuInstances(target.gpu))
      .filter(({ id }) => wish.isWanted('gpu-instance-id', id))
      .map((instance) => ({ target, instance })),
  );
  if (found.length === 0) throw nothing('GPU instances');
  return found;
}

const namesIn = (list: string): readonly string[] => list.split(',').filter((name) => name !== '');

function createGpuInstances(wish: MigWish): void {
  const ending = 'Failed to create GPU instances';
  for (const target of enabled(wish)) {
    for (const name of namesIn(wish.profiles)) {
      let made: number | undefined;
      const keep = (id: number): void => {
        made = id;
      };
      attempt(wish.acting, act.createGpuInstance(target, act.wantedOf(name), keep), ending);
      if (!wish.withDefault || made === undefined) continue;
      attempt(wish.acting, act.createComputeInstance(target, made, act.DEFAULT_PROFILE), ending);
    }
  }
}

function createComputeInstances(wish: MigWish): void {
  const names = namesIn(wish.profiles);
  for (const { target, instance } of placed(wish)) {
    for (const name of names.length === 0 ? [act.DEFAULT_PROFILE] : names) {
      attempt(
        wish.acting,
        act.createComputeInstance(target, instance.id, name.trim()),
        'Failed to create compute instances',
      );
    }
  }
}

function destroyGpuInstances(wish: MigWish): void {
  for (const { target, instance } of placed(wish)) {
    attempt(wish.acting, act.destroyGpuInstance(target, instance), 'Failed to destroy GPU instances');
  }
}

function destroyComputeInstances(wish: MigWish): void {
  const found = placed(wish).flatMap(({ target, instance }) =>
    runNow(target.asker, computeInstances(instance))
      .filter(({ id }) => wish.isWanted('compute-instance-id', id))
      .map((compute) => ({ target, instance, compute })),
  );
  if (found.length === 0) throw nothing('compute instances');
  for (const { target, instance, compute } of found) {
    attempt(
      wish.acting,
      act.destroyComputeInstance(target, instance.id, compute),
      'Failed to destroy compute instances',
    );
  }
}

/** The setters; of several the first is made. */
export const MIG_SETTERS = [
  ['create-gpu-instance', createGpuInstances],
  ['create-compute-instance', createComputeInstances],
  ['destroy-gpu-instance', destroyGpuInstances],
  ['destroy-compute-instance', destroyComputeInstances],
] as const;

/** Runs a setter. Returns the exit status. */
export function runMigSetter(run: (wish: MigWish) => void, wish: MigWish): number {
  try {
    run(wish);
    return wish.acting.finish(EXIT.ok);
  } catch (error) {
    if (error instanceof Ended) return wish.acting.finish(error.status);
    throw error;
  }
}
