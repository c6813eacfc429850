/** Verdicts as text for people, and as JSON. */
import type { ChalkInstance } from 'chalk';
import { jsonText, plainText } from '../base/plain-text.js';
import * as shape from '../base/shape.js';
import type { Evidence, Finding, NotApplicable, Verdict } from '../base/verdict.js';
import { VERDICTS, worstOf } from '../base/verdict.js';
import { SCHEMA_VERSION } from '../query/cell.js';
import { type GroupedFindings, grouped, subjectOf } from './grouped-findings.js';
import type { AnswerSource } from './json.js';

/** How a terminal shows them. */
export interface TerminalStyle {
  readonly style: ChalkInstance;
  /** Whether the reader's locale has more than ASCII. */
  readonly isUtf8: boolean;
}

const SYMBOLS: Readonly<
  Record<Verdict, readonly [symbol: string, ascii: string, colour: 'green' | 'yellow' | 'red' | 'cyan']>
> = {
  ok: ['✔', '+', 'green'],
  warn: ['!', '!', 'yellow'],
  fail: ['✘', 'x', 'red'],
  unknown: ['?', '?', 'cyan'],
};

const shown = ({ name, value, reason }: Evidence): string =>
  plainText(`${name} = ${value === null ? (reason ?? 'none') : value}`);

/** What was found, what to do, and what it was read from where all is not well. */
function findingLines(
  { first, gpus, also }: GroupedFindings,
  width: number,
  { style, isUtf8 }: TerminalStyle,
): readonly string[] {
  const { check, verdict, why, action, evidence = [] } = first;
  const [symbol, ascii, colour] = SYMBOLS[verdict];
  const mark = style[colour](isUtf8 ? symbol : ascii);
  const lines = [`${mark} ${check.padEnd(width)}  ${plainText(`${subjectOf(gpus)}${why}`)}`];
  if (verdict === 'ok') return lines;
  const indent = ' '.repeat(width + 4);
  if (action !== undefined) lines.push(`${indent}${style.bold('do:')} ${plainText(action)}`);
  if (also.length > 0) return [...lines, `${indent}${style.dim(`the same for ${also.join(', ')}`)}`];
  // The evidence of the first GPU is in the line of others, too.
  return gpus.length > 1 ? lines : [...lines, ...evidence.map((one) => `${indent}${style.dim(shown(one))}`)];
}

const COUNTED: readonly (readonly [Verdict, string])[] = [
  ['fail', 'failed'],
  ['warn', 'warned'],
  ['unknown', 'unknown'],
  ['ok', 'ok'],
];

/** The last line: how many of each. */
function totals(findings: readonly Finding[], look: TerminalStyle): string {
  const parts = COUNTED.flatMap(([verdict, word]): string[] => {
    const count = findings.filter((one) => one.verdict === verdict).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const [, , colour] = SYMBOLS[worstOf(findings)];
  return look.style[colour](parts.length === 0 ? 'nothing was checked' : parts.join(', '));
}

/** All findings, or those that are not ok, and how many there are. */
export function verdictText(findings: readonly Finding[], look: TerminalStyle, isBrief = false): string {
  const listed = grouped(isBrief ? findings.filter(({ verdict }) => verdict !== 'ok') : findings);
  const width = Math.max(0, ...listed.map(({ first: { check } }) => check.length));
  const lines = listed.flatMap((finding) => findingLines(finding, width, look));
  return `${[...lines, totals(findings, look)].join('\n')}\n`;
}

const finding = shape.objectOf({
  check: shape.text('Name of the check, by which it is chosen.'),
  gpu: shape.orNull(
    shape.either(
      shape.wholeNumber(),
      shape.text(),
      "NVML's index of the GPU, or the PCI address of one that NVML does not count; null for the machine.",
    ),
  ),
  uuid: shape.orNull(shape.text('UUID of the GPU, where it is known.')),
  verdict: shape.oneOf(VERDICTS),
  why: shape.text('What was found.'),
  action: shape.orNull(shape.text('What to do about it; null where there is nothing to do.')),
  readings: shape.byName(shape.scalar(), 'What the verdict was made of: fields and files, by name.'),
  reasons: shape.optional(shape.byName(shape.text(), 'Why a reading is null, by its name.')),
});

/** What doctor and health print with --json. */
export const verdictShape = shape.objectOf({
  timestamp: shape.optional(shape.time('When, in a loop.')),
  verdict: shape.oneOf(VERDICTS, 'The worst verdict.'),
  checks: shape.listOf(finding),
  not_applicable: shape.listOf(
    shape.objectOf({ check: shape.text(), gpu: shape.wholeNumber(), reason: shape.text() }),
    'Checks of what a GPU does not have.',
  ),
});

const reasonsOf = (evidence: readonly Evidence[]): Readonly<Record<string, string>> | undefined => {
  const absent = evidence.filter(({ value }) => value === null);
  return absent.length === 0
    ? undefined
    : Object.fromEntries(absent.map(({ name, reason }) => [name, reason ?? 'none']));
};

/** A finding as JSON; `readings` are what the verdict was made of. */
const record = ({
  check,
  gpu,
  uuid,
  verdict,
  why,
  action,
  evidence = [],
}: Finding): shape.ShapeValue<typeof finding> => ({
  check,
  gpu: gpu ?? null,
  uuid: uuid ?? null,
  verdict,
  why,
  action: action ?? null,
  readings: Object.fromEntries(evidence.map(({ name, value }) => [name, value])),
  // JSON leaves out what is undefined.
  reasons: reasonsOf(evidence),
});

/** The document: the worst verdict, a record a finding, and which checks do not apply to a GPU. */
export function verdictJson(
  findings: readonly Finding[],
  notApplicable: readonly NotApplicable[],
  source?: AnswerSource,
): string {
  const list = (records: readonly unknown[]): string =>
    records.length === 0 ? '[]' : `[\n${records.map((one) => `    ${jsonText(one)}`).join(',\n')}\n  ]`;
  const parts = [
    `  "verdict": ${jsonText(worstOf(findings))}`,
    `  "checks": ${list(findings.map(record))}`,
    `  "not_applicable": ${list(notApplicable)}`,
    `  "schema_version": ${SCHEMA_VERSION}`,
    ...(source === undefined ? [] : [`  "source": ${jsonText(source)}`]),
  ];
  return `{\n${parts.join(',\n')}\n}\n`;
}

/** The same in one line, for loops. */
export function verdictLine(
  timestamp: string,
  findings: readonly Finding[],
  notApplicable: readonly NotApplicable[],
  source?: AnswerSource,
): string {
  const document: shape.ShapeValue<typeof verdictShape> = {
    timestamp,
    verdict: worstOf(findings),
    checks: findings.map(record),
    not_applicable: notApplicable,
  };
  return `${jsonText({ ...document, schema_version: SCHEMA_VERSION, source })}\n`;
}
