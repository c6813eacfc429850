/** What actions ask of a GPU before they change it, and after. */

import type { InputsOf } from '../nvml/call-of.js';
import type { Entry } from '../nvml/entry.js';
import { nvmlDeviceGetPciInfo_v3 } from '../nvml/generated/entries.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { gpuRow } from '../query/gpu-fields.js';
import { gpuProcesses } from '../query/gpu-processes.js';
import type { JsonScalar } from '../query/kind.js';
import { sample } from '../query/probe.js';
import { askProbe, readGpuFields, runOn } from '../query/read.js';
import type { Reading } from '../query/reading.js';
import type { Target } from './action.js';

/** A value of a function, now. */
export const now = <E extends Entry>(
  { session, gpu }: Target,
  entry: E,
  path = 'value',
  inputs?: InputsOf<E>,
): Reading => askProbe(session, inputs === undefined ? sample(entry) : sample(entry, inputs), gpu).read(path);

export const targetOf = (session: Session, gpu: Gpu): Target => {
  const busId = askProbe(session, sample(nvmlDeviceGetPciInfo_v3), gpu).read('busId');
  return { session, gpu, busId: busId instanceof Missing ? '(null)' : String(busId) };
};

/** Fields as JSON has them; null where there is no value. */
export function fieldsNow(target: Target, names: readonly string[]): Readonly<Record<string, JsonScalar>> {
  if (names.length === 0) return {};
  const readings = readGpuFields(target.session, target.gpu, names);
  return Object.fromEntries(
    names.map((name, i): [string, JsonScalar] => {
      const reading = readings[i] as Reading;
      return [name, reading instanceof Missing ? null : gpuRow(name).kind.json(reading)];
    }),
  );
}

/** A field in words: 700.00 W, Enabled, N/A. */
export function fieldText(target: Target, name: string): string {
  const [reading] = readGpuFields(target.session, target.gpu, [name]);
  if (reading === undefined || reading instanceof Missing) return 'N/A';
  const { kind } = gpuRow(name);
  return kind.unit === undefined ? kind.spell(reading) : `${kind.spell(reading)} ${kind.unit}`;
}

export const uuidOf = ({ session, gpu }: Target): JsonScalar => {
  const [uuid] = readGpuFields(session, gpu, ['uuid']);
  return uuid === undefined || uuid instanceof Missing ? null : String(uuid);
};

/** Who uses a GPU: "1234 python". */
export function usersOf({ session, gpu }: Target): readonly string[] {
  const found = runOn(session, gpuProcesses(gpu));
  return found instanceof Missing ? [] : found.map(({ pid, name }) => `${pid} ${String(name)}`);
}
