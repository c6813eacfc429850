/** The file of a recorded machine: its form, reading it, writing it. */
import { SnapshotError } from './failures.js';
import { brokenAt, lineAndColumn } from './json-place.js';
import { type Calls, faultInTicks, formatTicks, type Tick } from './snapshot-ticks.js';

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

/** Reads a snapshot from its text, or says in one line what is wrong and where. */
export function parseSnapshot(content: string, source: string): Snapshot {
  const text = content.replace(/^\ufeff/, '');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    const place = lineAndColumn(text, brokenAt(text));
    throw new SnapshotError(`${source}:${place}: not a snapshot: ${jsonReason(error)}`);
  }
  const fail = (place: string, what: string): never => {
    throw new SnapshotError(`${source}: ${place}: ${what}`);
  };
  if (!isRecord(json) || json.format !== 'nvsmi-snapshot') {
    return fail('format', 'not an nvsmi snapshot (format must be "nvsmi-snapshot")');
  }
  if (json.version !== SNAPSHOT_VERSION) {
    return fail('version', `${JSON.stringify(json.version)} is not known; this nvsmi reads version 1`);
  }
  if (!isRecord(json.calls)) return fail('calls', 'must be an object');
  for (const [fn, answers] of Object.entries(json.calls)) {
    if (!isRecord(answers)) return fail(`calls.${fn}`, 'must be an object');
  }
  if (!isRecord(json.files)) return fail('files', 'must be an object');
  for (const [path, content] of Object.entries(json.files)) {
    if (typeof content !== 'string') return fail(`files[${path}]`, 'must be text');
  }
  const fault = faultInTicks(json.ticks, json.calls as Calls);
  if (fault !== undefined) return fail(...fault);
  return json as unknown as Snapshot;
}

const isRecord = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** V8's words, without the place that only some of them name, and fit for a terminal: they quote the text. */
function jsonReason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/(?: in JSON)? at position \d+(?: \(line \d+ column \d+\))?$/, '')
    .replace(/\s+/g, ' ')
    .replace(CONTROL, '?');
}

/** Control characters, and those that turn the direction of writing. */
const CONTROL = /[\p{Cc}\p{Cf}]/gu;

/** A snapshot as text: one answer a line, so that two recordings compare well. */
export function formatSnapshot(snapshot: Snapshot): string {
  const lines = (entries: readonly (readonly [string, string])[], indent: string): string =>
    entries.map(([key, value]) => `${indent}${JSON.stringify(key)}: ${value}`).join(',\n');
  const { files, calls, ticks = [], ...head } = snapshot;
  const functions = Object.entries(calls).map(([fn, answers]): [string, string] => {
    const entries = Object.entries(answers).map(([key, answer]): [string, string] => [
      key,
      JSON.stringify(answer),
    ]);
    return [fn, `{\n${lines(entries, '      ')}\n    }`];
  });
  const parts: [string, string][] = Object.entries(head).map(([key, value]) => [key, JSON.stringify(value)]);
  const fileLines = Object.entries(files).map(([path, text]): [string, string] => [
    path,
    JSON.stringify(text),
  ]);
  parts.push(['files', `{\n${lines(fileLines, '    ')}\n  }`]);
  parts.push(['calls', `{\n${lines(functions, '    ')}\n  }`]);
  if (ticks.length > 0) parts.push(['ticks', formatTicks(ticks)]);
  return `{\n${lines(parts, '  ')}\n}\n`;
}
