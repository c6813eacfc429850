/** Runs health checks. What a check needs and cannot be read makes its verdict `unknown`; that is decided here alone. */
import { type Finding, type NotApplicable, unknown } from '../base/verdict.js';
import {
  type CheckedGpu,
  evidenceOf,
  type GpuCheck,
  type Growth,
  type Health,
  type HealthCheck,
  readingsOf,
} from './check.js';
import { expectedOf } from './expectations.js';
import type { GpuReadings } from './readings.js';
import { lastCount } from './state.js';

export interface Examined {
  readonly findings: readonly Finding[];
  readonly notApplicable: readonly NotApplicable[];
}

export function examine(checks: readonly HealthCheck[], health: Health): Examined {
  const findings: Finding[] = [];
  const notApplicable: NotApplicable[] = [];
  for (const check of checks) {
    if ('judgeMachine' in check) {
      findings.push(...check.judgeMachine(health).map((found) => ({ check: check.id, ...found })));
      continue;
    }
    for (const gpu of health.gpus) {
      const found = examineGpu(check, gpu, health);
      if ('verdict' in found) findings.push(found);
      else notApplicable.push(found);
    }
  }
  return { findings, notApplicable };
}

function examineGpu(check: GpuCheck, gpu: GpuReadings, health: Health): Finding | NotApplicable {
  const { id, needs, uses = [] } = check;
  const about = { check: id, gpu: gpu.index, uuid: gpu.uuid };
  const missing = needs.flatMap((name) => {
    const answer = gpu.answers[name];
    if (answer === undefined) throw new Error(`${id} needs ${name}, which was not read`);
    return answer.value === null ? [{ name, ...answer }] : [];
  });
  const notChecked = (reason: string): Finding => ({
    ...about,
    ...unknown(`It cannot be checked: ${reason}.`, REMEDY, evidenceOf(gpu, readingsOf(check))),
  });
  const [first] = missing;
  if (first !== undefined) {
    const expected = expectedOf(health.expected, gpu);
    const isExpected = missing.some(({ name }) => expected?.[name] !== undefined);
    return missing.every(({ isUnsupported }) => isUnsupported) && !isExpected
      ? { check: id, gpu: gpu.index, reason: first.reason }
      : notChecked(first.reason);
  }
  const judged = check.judge(subjectOf(gpu, health));
  // What a GPU may lack, and failed to be read, might have said otherwise.
  const failed = uses.flatMap((name) => {
    const answer = gpu.answers[name];
    return answer?.value === null && answer.isFailure ? [`${name} could not be read (${answer.reason})`] : [];
  });
  if (judged.verdict === 'ok' && failed[0] !== undefined) return notChecked(failed[0]);
  return { ...about, evidence: evidenceOf(gpu, readingsOf(check)), ...withoutEmpty(judged) };
}

const REMEDY = 'See gpu-reachable, and run nvsmi doctor.';

/** A verdict without evidence of its own has that of its readings. */
const withoutEmpty = <T extends object>(judged: T): T =>
  Object.fromEntries(Object.entries(judged).filter(([, value]) => value !== undefined)) as T;

const HOUR = 3_600_000;

/** Counters that the GPU keeps itself. The others are the driver's, and start at zero with a boot. */
const PERMANENT: readonly string[] = [
  'remapped_rows.uncorrectable',
  'remapped_rows.correctable',
  'retired_pages.single_bit_ecc.count',
  'retired_pages.double_bit.count',
];

function subjectOf(gpu: GpuReadings, health: Health): CheckedGpu {
  const value = (name: string) => gpu.answers[name]?.value ?? null;
  return {
    gpu,
    health,
    has: (name) => value(name) !== null,
    number: (name) => (value(name) === null ? Number.NaN : Number(value(name))),
    word: (name) => String(value(name) ?? ''),
    growth(name): Growth | undefined {
      const { before, now, boot } = health;
      const current = value(name);
      if (before === undefined || gpu.uuid === undefined || typeof current !== 'number') return undefined;
      const last = lastCount(before, gpu.uuid, name);
      if (last === undefined) return undefined;
      const { count: then, of } = last;
      const wasBooted = typeof of.boot === 'string' && boot !== undefined && of.boot !== boot.id;
      if (wasBooted && !PERMANENT.includes(name)) return { by: current, hours: boot.hours };
      return { by: current - then, hours: Math.max(now - of.time, 1) / HOUR };
    },
    expected: expectedOf(health.expected, gpu),
  };
}
