/** What a health check is, and what its rule looks at. */

import type { Evidence, Finding, Judged } from '../base/verdict.js';
import type { GpuEvent } from '../events/gpu-event.js';
import type { System } from '../system/system.js';
import type { Expectations, GpuExpectations, Limits } from './expectations.js';
import type { GpuReadings } from './readings.js';
import type { Boot, State } from './state.js';

/** All that is known when the checks are made. */
export interface Health {
  readonly gpus: readonly GpuReadings[];
  /** How many GPUs NVML counts, those that were not chosen among them. */
  readonly count: number;
  /** Whether no GPU was left out. */
  readonly isWhole: boolean;
  /** Of the readings of this run, when they were taken. */
  readonly now: number;
  readonly driver: string | undefined;
  readonly system: System;
  /** GPU events since the boot, or why they are not known. */
  readonly log: readonly GpuEvent[] | { readonly reason: string; readonly remedy: string };
  /** Why the log was not read, where its events are only those that NVML reported in a loop. */
  readonly unread?: { readonly reason: string; readonly remedy: string } | undefined;
  /** Since when the events are known, if not since the boot. */
  readonly since?: string | undefined;
  readonly expected: Expectations | undefined;
  readonly limits: Limits;
  /** What an earlier run left in the state file. */
  readonly before: State | undefined;
  /** This boot, where /proc says so. */
  readonly boot?: Boot | undefined;
}

/** A GPU as a rule sees it. Each reading that the check needs is there. */
export interface CheckedGpu {
  readonly gpu: GpuReadings;
  readonly health: Health;
  /** A number that was read; NaN for one that is optional and absent, which no comparison is true of. */
  number(name: string): number;
  /** A word that was read; empty for one that is optional and absent. */
  word(name: string): string;
  has(name: string): boolean;
  /** How much a counter grew since the state file was written. */
  growth(name: string): Growth | undefined;
  readonly expected: GpuExpectations | undefined;
}

export interface Growth {
  /** Negative where the counter ran backwards. */
  readonly by: number;
  readonly hours: number;
}

export interface GpuCheck {
  readonly id: string;
  /** What it judges, for the documents. */
  readonly about: string;
  /** When it warns and when it fails, for the documents. */
  readonly warns?: string;
  readonly fails?: string;
  /** Readings without which nothing is known. */
  readonly needs: readonly string[];
  /** Readings that may be absent. */
  readonly uses?: readonly string[];
  readonly judge: (subject: CheckedGpu) => Judged;
}

export interface MachineCheck extends Omit<GpuCheck, 'judge'> {
  readonly judgeMachine: (health: Health) => readonly Omit<Finding, 'check'>[];
}

export type HealthCheck = GpuCheck | MachineCheck;

export const readingsOf = ({ needs, uses = [] }: HealthCheck): readonly string[] => [...needs, ...uses];

/** A reading as evidence. */
export function evidenceOf({ answers }: GpuReadings, names: readonly string[]): readonly Evidence[] {
  return names.flatMap((name): Evidence[] => {
    const answer = answers[name];
    if (answer === undefined) return [];
    return [
      answer.value === null ? { name, value: null, reason: answer.reason } : { name, value: answer.value },
    ];
  });
}
