/** What a run of health leaves for the next one: counters, so that their growth can be judged. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { type Form, faultText, mapOf, number, objectOf, orNull, text, wholeNumber } from '../base/form.js';
import { type System, Unread } from '../system/system.js';
import { BadFile } from './bad-file.js';
import type { GpuReadings } from './readings.js';

export interface State {
  readonly format: 'nvsmi-health-state';
  readonly version: 1;
  readonly machine: string | null;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** By UUID and name of the reading. */
  readonly counters: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

const FORM: Form = objectOf({
  version: wholeNumber(1, 1),
  machine: orNull(text),
  time: number(0),
  counters: mapOf(mapOf(number(0))),
});

/** Reads the text of a state file. Throws BadFile. */
export function parseState(content: string, path: string, machine: string | null): State {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new BadFile(path, 'it is torn, or no JSON');
  }
  const { format, version, machine: of } = (json ?? {}) as Partial<State>;
  if (format !== 'nvsmi-health-state')
    throw new BadFile(path, 'it is no state of health (format must be "nvsmi-health-state")');
  if (version !== 1)
    throw new BadFile(path, `it is of version ${String(version)}, and this nvsmi knows version 1`);
  const fault = FORM(json);
  if (fault !== undefined) throw new BadFile(path, faultText(fault));
  if (machine !== null && of !== null && of !== machine) throw new BadFile(path, 'it is of another machine');
  return json as State;
}

/** What a run leaves. */
export const stateOf = (
  gpus: readonly GpuReadings[],
  counters: readonly string[],
  { now, machine }: { readonly now: number; readonly machine: string | null },
): State => ({
  format: 'nvsmi-health-state',
  version: 1,
  machine,
  time: now,
  counters: Object.fromEntries(
    gpus.flatMap(({ uuid, answers }) => {
      if (uuid === undefined) return [];
      const own = counters.flatMap((name): [string, number][] => {
        const value = answers[name]?.value;
        return typeof value === 'number' ? [[name, value]] : [];
      });
      return [[uuid, Object.fromEntries(own)]];
    }),
  ),
});

/** A file's text, or undefined where there is none. Throws BadFile. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new BadFile(path, `it cannot be read (${code})`);
  }
}

/** Moves a file out of the way of a new one, and returns where it is. */
export function keepAside(path: string): string {
  for (let n = 1; ; n++) {
    const aside = `${path}.old-${n}`;
    if (existsSync(aside)) continue;
    renameSync(path, aside);
    return aside;
  }
}

/** Writes a file as a whole or not at all. Throws BadFile. */
export function writeWhole(path: string, content: string): void {
  try {
    const temporary = `${path}.new`;
    writeFileSync(temporary, content, { mode: 0o644 });
    renameSync(temporary, path);
  } catch (error) {
    throw new BadFile(path, `it cannot be written (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** Identifies a machine without giving away its machine-id, which is confidential. Null where there is none. */
export function machineDigest(system: System): string | null {
  const id = system.read('/etc/machine-id');
  if (id instanceof Unread || id.trim() === '') return null;
  return createHash('sha256').update(`nvsmi ${id.trim()}`).digest('hex').slice(0, 16);
}
