/** An action that sets one thing of a GPU: what it is now is asked first, and nvidia-smi has words for each outcome. */
import type { Release } from '../base/release.js';
import { NVML_ERROR_INVALID_ARGUMENT, NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, type Status, statusReason } from '../nvml/status.js';
import type { JsonScalar } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import {
  type Action,
  type ActionVerdict,
  failed,
  ready,
  type Target,
  unchanged,
  unsupported,
} from './action.js';
import { verdictOf, type Words } from './words.js';

export interface Setting<Value> {
  readonly name: string;
  readonly functions: Action<Value>['functions'];
  readonly fields?: readonly string[];
  readonly needs?: Action<Value>['needs'];
  /** The value in words. */
  readonly text: (value: Value) => string;
  readonly shown?: (value: Value) => JsonScalar;
  /** Refuses a value that no GPU takes. Left out where NVML is asked to. */
  readonly refusal?: (value: Value, release: Release) => string | undefined;
  /** What it is now; undefined where NVML does not say. */
  readonly current?: (target: Target) => Reading;
  readonly same?: (gpu: string, text: string) => string;
  /** The GPU has no such thing. */
  readonly lacking?: (gpu: string) => string;
  readonly unknown?: (gpu: string) => string;
  /** Refuses a value that this GPU does not take. */
  readonly range?: (target: Target, value: Value) => ActionVerdict;
  readonly set: (target: Target, value: Value) => Status;
  readonly words: (gpu: string, text: string, value: Value, release: Release) => Words;
  readonly needsReboot?: (value: Value, before: Reading | undefined) => boolean;
}

/** A setting whose present value is asked for: unknown, lacking, or the wanted one already. */
function compared<Value>(setting: Setting<Value>, target: Target, value: Value): ActionVerdict {
  const reading = setting.current?.(target);
  if (reading === undefined) return ready;
  const { busId } = target;
  if (!(reading instanceof Missing)) {
    return Number(reading) === value && setting.same !== undefined
      ? unchanged(setting.same(busId, setting.text(value)))
      : ready;
  }
  const { status } = reading;
  if (status === NVML_ERROR_NOT_SUPPORTED && setting.lacking) {
    return unsupported(status, setting.lacking(busId));
  }
  return failed(status, `${setting.unknown?.(busId)}: ${statusReason(status)}`);
}

export const settingAction = <Value>(setting: Setting<Value>): Action<Value> => ({
  name: setting.name,
  functions: setting.functions,
  fields: setting.fields ?? [],
  needs: ['root', ...(setting.needs ?? [])],
  shown: setting.shown ?? setting.text,
  check(target, value) {
    const refusal = setting.refusal?.(value, target.release);
    if (refusal !== undefined) return failed(NVML_ERROR_INVALID_ARGUMENT, refusal);
    const verdict = compared(setting, target, value);
    return verdict.outcome === 'ready' ? (setting.range?.(target, value) ?? verdict) : verdict;
  },
  make(target, value) {
    const before = setting.needsReboot === undefined ? undefined : setting.current?.(target);
    const status = setting.set(target, value);
    const { busId, release } = target;
    const verdict = verdictOf(status, setting.words(busId, setting.text(value), value, release));
    const reboots = status === 0 && setting.needsReboot?.(value, before) === true;
    return reboots ? { ...verdict, needsReboot: true } : verdict;
  },
});
