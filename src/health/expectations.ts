/** What a machine is expected to have: a file that `--learn` makes and people edit. */

import {
  type Form,
  faultText,
  form,
  listOf,
  number,
  objectOf,
  optional,
  orNull,
  text,
  wholeNumber,
} from '../base/form.js';
import { jsonText } from '../base/plain-text.js';
import { nearestNames } from '../query/nearest.js';
import { pciAddress } from '../system/pci-gpus.js';
import { BadFile } from './bad-file.js';
import { readIfThere } from './kept-file.js';
import type { GpuReadings } from './readings.js';

/** What a GPU is expected to answer, by the names of the readings. */
export type GpuExpectations = Readonly<Record<string, string | number | boolean>>;

/** Numbers that rules compare with. */
export type Limits = Readonly<Record<keyof typeof LIMITS, number>>;

export interface Expectations {
  readonly format: 'nvsmi-expectations';
  readonly version: 1;
  /** A digest of /etc/machine-id; null where the file is for any machine. */
  readonly machine: string | null;
  readonly driver_version?: string | undefined;
  readonly gpus: readonly GpuExpectations[];
  readonly limits?: Partial<Limits> | undefined;
}

/** Table: the limits and their values where a file sets none. */
export const LIMITS = {
  ecc_corrected_per_hour: 10,
  pcie_replays_per_minute: 8,
  nvlink_errors_per_hour: 10,
  unaccounted_memory_mib: 1024,
  slowdown_seconds_per_hour: 1,
  idle_power_percent: 35,
} as const;

const yesOrNo = form('true or false', (json) => typeof json === 'boolean');

/** Which reading each key of a GPU expects, in the order of the file, and its form. */
const GPU_FORM: Readonly<Record<string, Form>> = {
  'pci.bus_id': text,
  name: text,
  'memory.total': number(0),
  'pcie.link.gen.max': number(0),
  'pcie.link.width.current': number(0),
  'nvlink.active': number(0),
  'nvlink.speed': number(0),
  'ecc.mode.current': yesOrNo,
  'mig.mode.current': yesOrNo,
};

export const EXPECTED: readonly string[] = Object.keys(GPU_FORM);

const FORM: Form = objectOf({
  version: wholeNumber(1, 1),
  machine: orNull(text),
  driver_version: optional(text),
  gpus: listOf(
    objectOf(Object.fromEntries(Object.entries(GPU_FORM).map(([key, of]) => [key, optional(of)]))),
  ),
  limits: optional(
    objectOf(Object.fromEntries(Object.keys(LIMITS).map((key) => [key, optional(number(0))]))),
  ),
});

const KEYS = ['format', 'version', 'machine', 'driver_version', 'gpus', 'limits'];

/** Reads the text of a file. Throws BadFile. */
function parseExpectations(content: string, path: string, machine: string | null): Expectations {
  let json: unknown;
  try {
    json = JSON.parse(content);
  } catch {
    throw new BadFile(path, 'it is torn, or no JSON');
  }
  const { format, version } = (json ?? {}) as Partial<Expectations>;
  if (format !== 'nvsmi-expectations')
    throw new BadFile(path, 'it is no expectation file (format must be "nvsmi-expectations")');
  if (version !== 1)
    throw new BadFile(path, `it is of version ${String(version)}, and this nvsmi knows version 1`);
  const fault = FORM(json);
  if (fault !== undefined) throw new BadFile(path, faultText(fault));
  const expectations = json as Expectations;
  refuseUnknown(expectations, path);
  if (expectations.machine !== null && machine !== null && expectations.machine !== machine) {
    throw new BadFile(path, 'it was made on another machine; set "machine" to null to use it on many');
  }
  const gpus = expectations.gpus.map(spelledAsHere);
  refuseTwice(gpus, path);
  return { ...expectations, gpus };
}

/** What is expected of a GPU: by its address, or by its place in a file without addresses. */
export const expectedOf = (
  expectations: Expectations | undefined,
  { index, busId }: Pick<GpuReadings, 'index' | 'busId'>,
): GpuExpectations | undefined =>
  expectations?.gpus.find((one, i) =>
    one['pci.bus_id'] === undefined ? i === index : one['pci.bus_id'] === busId,
  );

function refuseTwice(gpus: readonly GpuExpectations[], path: string): void {
  const addresses = gpus.flatMap((gpu) => gpu['pci.bus_id'] ?? []);
  const twice = addresses.find((busId, i) => addresses.indexOf(busId) !== i);
  if (twice !== undefined) throw new BadFile(path, `two GPUs have the pci.bus_id ${twice}`);
}

/** People write addresses as nvidia-smi does: 00000000:3B:00.0. */
function spelledAsHere(gpu: GpuExpectations): GpuExpectations {
  const busId = gpu['pci.bus_id'];
  return typeof busId === 'string' ? { ...gpu, 'pci.bus_id': pciAddress(busId) } : gpu;
}

/** The expectations of a file. Throws BadFile. */
export function readExpectations(path: string, machine: string | null): Expectations {
  const content = readIfThere(path);
  if (content === undefined) throw new BadFile(path, 'there is no such file; --learn makes one');
  return parseExpectations(content, path, machine);
}

function refuseUnknown({ gpus, limits = {}, ...rest }: Expectations, path: string): void {
  const places: readonly (readonly [keys: readonly string[], known: readonly string[]])[] = [
    [Object.keys(rest), KEYS],
    [Object.keys(limits), Object.keys(LIMITS)],
    ...gpus.map((gpu) => [Object.keys(gpu), EXPECTED] as const),
  ];
  for (const [keys, known] of places) {
    const wrong = keys.find((key) => !known.includes(key));
    if (wrong === undefined) continue;
    const near = nearestNames(wrong, known);
    throw new BadFile(
      path,
      `"${wrong}" is no expectation${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`,
    );
  }
}

/** The expectations that the machine fulfils now. What a GPU does not have is not expected of it. */
export const learned = (
  gpus: readonly GpuReadings[],
  driver: string | undefined,
  machine: string | null,
): Expectations => ({
  format: 'nvsmi-expectations',
  version: 1,
  machine,
  ...(driver === undefined ? {} : { driver_version: driver }),
  gpus: gpus.map(({ busId, answers }) =>
    Object.fromEntries(
      EXPECTED.flatMap((name): [string, string | number | boolean][] => {
        const value = name === 'pci.bus_id' ? (busId ?? null) : (answers[name]?.value ?? null);
        return value === null ? [] : [[name, value]];
      }),
    ),
  ),
});

/** A file that people can edit: a GPU a line. */
export function expectationsText({ gpus, ...head }: Expectations): string {
  const lines = Object.entries(head).map(([key, value]) => `  ${jsonText(key)}: ${jsonText(value)},\n`);
  return `{\n${lines.join('')}  "gpus": [\n${gpus.map((gpu) => `    ${jsonText(gpu)}`).join(',\n')}\n  ]\n}\n`;
}
