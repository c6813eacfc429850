/** The file of a recorded machine: its form, reading it, writing it. */
import { type Form, faultText, mapOf, objectOf, oneOf, shown, text } from '../base/form.js';
import { jsonText } from '../base/plain-text.js';
import { SnapshotError } from '../nvml/failures.js';
import { brokenAt, lineAndColumn } from './json-place.js';
import { CALLS, type Calls, faultInOrder, formatTicks, TICKS, type Tick } from './snapshot-ticks.js';

export const SNAPSHOT_VERSION = 1;

export interface Snapshot {
  readonly format: 'nvsmi-snapshot';
  readonly version: number;
  /** What machine this is, in a line. */
  readonly title: string;
  /** `recorded` on a real machine, or `built` from other recordings and public facts. */
  readonly origin: 'recorded' | 'built';
  readonly identities: 'made-up' | 'kept';
  /** Files of /proc and /sys that the commands read, by path. */
  readonly files: Readonly<Record<string, string>>;
  /** function → arguments → answer. */
  readonly calls: Calls;
  /** Where the machine moves: what changed at each later moment. */
  readonly ticks?: readonly Tick[];
}

/** What a recording has to be. A member that is added to `Snapshot` gets its form here. */
const FORM: Form = objectOf({
  title: text,
  origin: oneOf('recorded', 'built'),
  identities: oneOf('made-up', 'kept'),
  files: mapOf(text),
  calls: CALLS,
  ticks: TICKS,
});

/** Reads a snapshot from its text, or says in one line what is wrong and where. Throws SnapshotError. */
export function parseSnapshot(content: string, source: string): Snapshot {
  const json = parsed(content.replace(/^\ufeff/, ''), source);
  const { format, version } = (json ?? {}) as Partial<Snapshot>;
  const fail = (reason: string): never => {
    throw new SnapshotError(`${source}: ${reason}`);
  };
  if (format !== 'nvsmi-snapshot') {
    return fail('format: not an nvsmi snapshot (format must be "nvsmi-snapshot")');
  }
  if (version !== SNAPSHOT_VERSION) {
    return fail(`version: ${shown(version)} is not known; this nvsmi reads version ${SNAPSHOT_VERSION}`);
  }
  const fault = FORM(json) ?? faultInOrder(json as Snapshot);
  return fault === undefined ? (json as Snapshot) : fail(faultText(fault));
}

function parsed(content: string, source: string): unknown {
  if (content.length > SMALL) refuseMaze(content, source);
  try {
    return JSON.parse(content);
  } catch (error) {
    const place = content.length > SMALL ? '' : `:${lineAndColumn(content, brokenAt(content))}`;
    throw new SnapshotError(`${source}${place}: not a snapshot: ${jsonReason(error)}`);
  }
}

/**
 * More than the largest recording of the package. JSON.parse makes no more than 130 MB of any text up to this; finding the place of
 * a fault in it parses it 20 times.
 */
const SMALL = 1.5 * 1024 * 1024;
/** An answer is four deep at most, in an answer's list in a function in `calls`. */
const DEEPEST = 32;
/** A recording of eight GPUs has 13,000 lists and objects. */
const MOST_INSIDE = 1_000_000;

/**
 * Refuses text that takes a hundred times its own room once it is parsed: 16 MiB of "[" are 1.3 GB, and 3.4 s (Node 20).
 * Texts are counted too where they have brackets; no recording has so many.
 */
function refuseMaze(content: string, source: string): void {
  let depth = 0;
  let inside = 0;
  for (let i = 0; i < content.length; i++) {
    const letter = content.charCodeAt(i);
    if (letter === OPEN_LIST || letter === OPEN_OBJECT) {
      depth++;
      inside++;
      if (depth > DEEPEST || inside > MOST_INSIDE) {
        const what = depth > DEEPEST ? 'lists and objects within each other' : 'lists and objects';
        throw new SnapshotError(
          `${source}:${lineAndColumn(content, i)}: not a snapshot: more ${what} than one has`,
        );
      }
    } else if (letter === CLOSE_LIST || letter === CLOSE_OBJECT) depth--;
  }
}

const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** V8's words, without the place that only some of them name. */
function jsonReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/(?: in JSON)? at position \d+(?: \(line \d+ column \d+\))?$/, '')
    .replace(/\s+/g, ' ');
}

/** A snapshot as text: one answer a line, so that two recordings compare well. */
export function formatSnapshot(snapshot: Snapshot): string {
  const lines = (entries: readonly (readonly [string, string])[], indent: string): string =>
    entries.map(([key, value]) => `${indent}${jsonText(key)}: ${value}`).join(',\n');
  const { files, calls, ticks = [], ...head } = snapshot;
  const functions = Object.entries(calls).map(([fn, answers]): [string, string] => {
    const entries = Object.entries(answers).map(([key, answer]): [string, string] => [key, jsonText(answer)]);
    return [fn, `{\n${lines(entries, '      ')}\n    }`];
  });
  const parts: [string, string][] = Object.entries(head).map(([key, value]) => [key, jsonText(value)]);
  const fileLines = Object.entries(files).map(([path, content]): [string, string] => [
    path,
    jsonText(content),
  ]);
  parts.push(['files', `{\n${lines(fileLines, '    ')}\n  }`]);
  parts.push(['calls', `{\n${lines(functions, '    ')}\n  }`]);
  if (ticks.length > 0) parts.push(['ticks', formatTicks(ticks)]);
  return `{\n${lines(parts, '  ')}\n}\n`;
}
