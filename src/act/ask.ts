/** What actions ask of a GPU before they change it, and after. */

import type { InputsOf } from '../nvml/call-of.js';
import type { Entry } from '../nvml/entry.js';
import { nvmlDeviceGetPciInfo_v3 } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, ask, read, type Wanted } from '../query/ask/asking.js';
import { type Subject, SYSTEM } from '../query/ask/subject.js';
import { jsonReading } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { gpuFields, gpuRow } from '../query/gpu-fields.js';
import type { JsonScalar } from '../query/kind.js';
import { type Probe, sample } from '../query/probe.js';
import { gpuProcesses } from '../query/process/gpu-processes.js';
import type { Answer, Reading } from '../query/reading.js';
import type { Target } from './action.js';

/** Asks again, on this thread: what was asked before a change is another question after it. */
export function runNow<T>(asker: Asker, asking: Asking<T>): T {
  asker.tick();
  return asker.run(asking);
}

export const askNow = (asker: Asker, probe: Probe, subject: Subject = SYSTEM): Answer =>
  runNow(asker, ask(probe, subject));

export const valuesNow = (asker: Asker, subject: Subject, wanted: readonly Wanted[]): readonly Reading[] =>
  runNow(asker, read(wanted, subject));

export const gpuFieldsNow = (asker: Asker, subject: Subject, names: readonly string[]): readonly Reading[] =>
  runNow(asker, gpuFields(names, subject));

/** A value of a function, now. */
export const now = <E extends Entry>(
  { asker, gpu }: Target,
  entry: E,
  path = 'value',
  inputs?: InputsOf<E>,
): Reading => askNow(asker, inputs === undefined ? sample(entry) : sample(entry, inputs), gpu).read(path);

export const targetOf = (asker: Asker, gpu: Gpu): Target => {
  const busId = askNow(asker, sample(nvmlDeviceGetPciInfo_v3), gpu).read('busId');
  return {
    asker,
    gpu,
    busId: busId instanceof Missing ? '(null)' : String(busId),
    release: runNow(asker, releaseOf(asker.session)),
  };
};

/** Fields as JSON has them; null where there is no value. */
export function fieldsNow(target: Target, names: readonly string[]): Readonly<Record<string, JsonScalar>> {
  if (names.length === 0) return {};
  const readings = gpuFieldsNow(target.asker, target.gpu, names);
  return Object.fromEntries(
    names.map((name, i): [string, JsonScalar] => {
      return [name, jsonReading(gpuRow(name).kind, readings[i] as Reading).value];
    }),
  );
}

/** A field in words: 700.00 W, Enabled, N/A. */
export function fieldText(target: Target, name: string): string {
  const [reading] = gpuFieldsNow(target.asker, target.gpu, [name]);
  if (reading === undefined || reading instanceof Missing) return 'N/A';
  const { kind } = gpuRow(name);
  return kind.unit === undefined ? kind.spell(reading) : `${kind.spell(reading)} ${kind.unit}`;
}

export const uuidOf = ({ asker, gpu }: Target): JsonScalar => {
  const [uuid] = gpuFieldsNow(asker, gpu, ['uuid']);
  return uuid === undefined || uuid instanceof Missing ? null : String(uuid);
};

/** Who uses a GPU: "1234 python". */
export function usersOf({ asker, gpu }: Target): readonly string[] {
  const found = runNow(asker, gpuProcesses(gpu));
  return found instanceof Missing ? [] : found.map(({ pid, name }) => `${pid} ${String(name)}`);
}
