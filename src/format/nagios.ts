/** Verdicts as a line for Nagios and its kind: the state, what is wrong, and performance data after a bar. */
import { plainText } from '../base/plain-text.js';
import { type Finding, type Verdict, worstOf } from '../base/verdict.js';
import { grouped, subjectOf } from './grouped-findings.js';

export interface Performance {
  readonly label: string;
  readonly value: number;
  readonly unit: '' | '%' | 'W' | 'C' | 'MB';
  readonly warn?: number | undefined;
  readonly critical?: number | undefined;
  readonly most?: number | undefined;
}

const WORDS: Readonly<Record<Verdict, string>> = {
  ok: 'OK',
  warn: 'WARNING',
  fail: 'CRITICAL',
  unknown: 'UNKNOWN',
};
const ORDER: readonly Verdict[] = ['fail', 'unknown', 'warn'];

/** Units that the guidelines for plugins know. Watts and degrees have none there. */
const UNITS: Readonly<Record<Performance['unit'], string>> = { '': '', '%': '%', W: '', C: '', MB: 'MB' };

function performanceText({ label, value, unit, warn, critical, most }: Performance): string {
  const bounds = [warn, critical, most === undefined ? undefined : 0, most]
    .map((bound) => bound ?? '')
    .join(';');
  return `'${label}'=${value}${UNITS[unit]};${bounds}`.replace(/;+$/, '');
}

/** A bar would begin the performance data. */
const withoutBar = (text: string): string => plainText(text).replaceAll('|', '/');

export function nagiosLine(findings: readonly Finding[], performance: readonly Performance[]): string {
  const verdict = worstOf(findings);
  const wrong = grouped(findings.filter((one) => one.verdict !== 'ok'));
  const said = ORDER.flatMap((each) => wrong.filter(({ first }) => first.verdict === each)).map(
    ({ first: { check, why }, gpus, also }) => `${subjectOf(gpus)}${[check, ...also].join(', ')}: ${why}`,
  );
  const text = said.length === 0 ? `${findings.length} checks` : said.join(' ');
  const data = performance.map(performanceText).join(' ');
  return `GPU ${WORDS[verdict]} - ${withoutBar(text)}${data === '' ? '' : ` | ${data}`}\n`;
}
