/** Runs the checks of doctor. */
import type { Finding } from '../base/verdict.js';
import type { DoctorCheck, Patient } from './patient.js';

/** The verdicts of checks. A check that does not apply to the machine has none. */
export const examine = (checks: readonly DoctorCheck[], patient: Patient): readonly Finding[] =>
  checks.flatMap(({ id, judge }) => {
    const judged = judge(patient);
    const all = 'verdict' in judged ? [judged] : judged;
    return all.map((one): Finding => ({ check: id, ...one }));
  });
