/** Verdicts of checks: what `doctor` and `health` find, as records that text, JSON and Nagios lines are made of. */

/**
 * From good to bad. What could not be read is `unknown`, never `ok`. It is worse than a warning: who accepts warnings, as an epilog
 * may, has not accepted that a GPU was not looked at.
 */
export const VERDICTS = ['ok', 'warn', 'unknown', 'fail'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Something that a verdict was made of: a reading by its name, or a file by its path. */
export interface Evidence {
  readonly name: string;
  readonly value: string | number | boolean | null;
  /** Why there is no value. */
  readonly reason?: string | undefined;
}

/** What a rule says. */
export interface Judged {
  readonly verdict: Verdict;
  /** What was found, in a sentence. */
  readonly why: string;
  /** What to do about it; nothing where all is well. */
  readonly action?: string | undefined;
  readonly evidence?: readonly Evidence[] | undefined;
}

/** A verdict of a check, about a GPU or about the machine. */
export interface Finding extends Judged {
  readonly check: string;
  /** NVML's index of the GPU, or the PCI address of one that NVML does not count. */
  readonly gpu?: number | string | undefined;
  readonly uuid?: string | undefined;
}

/** A check that says nothing of a GPU, as NVML answers that the GPU has nothing of the kind. */
export interface NotApplicable {
  readonly check: string;
  readonly gpu: number;
  readonly reason: string;
}

export const ok = (why: string, evidence?: readonly Evidence[]): Judged => ({ verdict: 'ok', why, evidence });
export const warn = (why: string, action: string, evidence?: readonly Evidence[]): Judged => ({
  verdict: 'warn',
  why,
  action,
  evidence,
});
export const fail = (why: string, action: string, evidence?: readonly Evidence[]): Judged => ({
  verdict: 'fail',
  why,
  action,
  evidence,
});
export const unknown = (why: string, action: string, evidence?: readonly Evidence[]): Judged => ({
  verdict: 'unknown',
  why,
  action,
  evidence,
});

/** The worst verdict. Of nothing at all nothing is known. */
export const worstOf = (found: readonly { readonly verdict: Verdict }[]): Verdict =>
  found.length === 0
    ? 'unknown'
    : (VERDICTS.findLast((verdict) => found.some((one) => one.verdict === verdict)) ?? 'unknown');
