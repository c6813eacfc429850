/** `--version` and `-B`. */
import manifest from '../../package.json' with { type: 'json' };
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { jsonDocument } from '../format/document.js';
import { countOf } from '../nvml/counts.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import {
  nvmlGetExcludedDeviceCount,
  nvmlGetExcludedDeviceInfoByIndex,
  nvmlSystemGetCudaDriverVersion,
  nvmlSystemGetCudaDriverVersion_v2,
  nvmlSystemGetDriverVersion,
  nvmlSystemGetNVMLVersion,
} from '../nvml/generated/entries.js';
import { shortVersion, withoutCudaMajor } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusReason, statusWords } from '../nvml/status.js';
import { type Asking, ask, readOne, together, want } from '../query/ask/asking.js';
import { readRecords } from '../query/ask/records.js';
import { SYSTEM } from '../query/ask/subject.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { asks, type Field, item } from '../query/field.js';
import { text as words } from '../query/kind.js';
import { fixed, type Probe } from '../query/probe.js';
import type { Reading } from '../query/reading.js';
import type { Relation } from '../query/relation.js';
import { type CommandSpec, command, type JsonPart } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './runner/json-option.js';
import { wholePart } from './runner/json-parts.js';
import { machineOf } from './runner/machine.js';

const driver = fixed(nvmlSystemGetDriverVersion);
const library = fixed(nvmlSystemGetNVMLVersion);
/** A driver that has both may answer the older one alone. */
const cuda = [fixed(nvmlSystemGetCudaDriverVersion_v2), fixed(nvmlSystemGetCudaDriverVersion)];

/** What is printed in place of a version that is not known, and of one that could not be asked. */
export const ABSENT = 'N/A';
const FAILED = 'ERR!';

const orAbsent = (reading: Reading): string => (reading instanceof Missing ? ABSENT : String(reading));

/** The driver's version as NVML reports it, e.g. 580.159.04; N/A where it does not. */
export function* driverVersion(): Asking<string> {
  return orAbsent(yield* readOne(driver, SYSTEM, ''));
}

/**
 * The newest CUDA version that the driver supports, as major.minor; ERR! where it could not be asked (statuses 1, 12, 13 and
 * 999; 580.159.04).
 */
export function* cudaVersion(): Asking<string> {
  let first: Missing | undefined;
  for (const probe of cuda) {
    const reading = yield* readOne(probe);
    if (reading instanceof Missing) first ??= reading;
    const version = Number(reading);
    if (version > 0) return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
  }
  return first === undefined || first.status === NVML_ERROR_NOT_SUPPORTED ? ABSENT : FAILED;
}

function* versions(): Asking<Readonly<Record<'driver' | 'nvml' | 'cuda', string>>> {
  const [driver, nvml, cuda] = yield* together([driverVersion(), nvmlVersion(), cudaVersion()]);
  return { driver: driver as string, nvml: nvml as string, cuda: cuda as string };
}

/** The library's version, which its nvidia-smi has, too. */
export function* nvmlVersion(): Asking<string> {
  return withoutCudaMajor(orAbsent(yield* readOne(library, SYSTEM, '')));
}

const VERSIONS = {
  nvsmi_version: 'Version of nvsmi.',
  nvml_version: 'Version of the NVML library.',
  driver_version: 'Version of the driver.',
  cuda_version: 'Newest CUDA version that the driver supports.',
} as const;

/** Versions as fields of JSON. */
export const versionFields = (names: readonly (keyof typeof VERSIONS)[]): readonly Field[] =>
  names.map((name) => ({ names: [name], help: VERSIONS[name], kind: words, source: item(name) }));

const versionsOfAll: Relation = {
  name: 'versions',
  record: 'the machine',
  of: 'system',
  fields: versionFields(['nvsmi_version', 'nvml_version', 'driver_version', 'cuda_version']),
};

export const versionParts: readonly JsonPart[] = [wholePart(versionsOfAll)];

/** Versions as cells; null where one is not known. */
export const versionCells = (versions: Readonly<Record<string, string | undefined>>): Cells =>
  Object.fromEntries(
    Object.entries(versions).map(([name, version = ABSENT]) => [
      name,
      cell(words, version === ABSENT || version === FAILED ? NOT_SUPPORTED : version),
    ]),
  );

/** Prints the versions, in nvidia-smi's four lines; our own goes to stderr, also where there is no NVML. */
export async function version(given: { readonly json?: true }, context: Context): Promise<number> {
  const asJson = given.json === true;
  if (!asJson) context.io.err(`nvsmi ${manifest.version}\n`);
  const { session, asker } = await machineOf(context);
  const { driver, nvml, cuda } = await asker.start(versions());
  if (asJson) {
    const cells = versionCells({
      nvsmi_version: manifest.version,
      nvml_version: nvml,
      driver_version: driver,
      cuda_version: cuda,
    });
    context.io.out(jsonDocument({ [versionsOfAll.name]: cells }, context.source));
    return 0;
  }
  const release = await asker.start(releaseOf(session, (text) => context.io.err(text)));
  context.io.out(
    [
      plainly`NVIDIA-SMI version  : ${nvml === ABSENT ? driver : nvml}`,
      plainly`NVML version        : ${shortVersion(nvml)}`,
      ...(release < 610
        ? [plainly`DRIVER version      : ${driver}`, `CUDA Version        : ${cuda}`]
        : [
            'DRIVER version      : Deprecated, see "KMD version" instead',
            'CUDA version        : Deprecated, see "CUDA UMD version" instead',
            plainly`KMD version         : ${driver}`,
            `CUDA UMD version    : ${cuda}`,
          ]),
      '',
    ].join('\n'),
  );
  return 0;
}

/** `version [--json]`, which is `--version`. */
export const spec: CommandSpec = command({
  options: [jsonOption],
  json: versionParts,
  run: version,
});

const excludedCount = fixed(nvmlGetExcludedDeviceCount);
const excludedInfo = (index: number): Probe => fixed(nvmlGetExcludedDeviceInfoByIndex, { index });

const excludedField = (name: string, path: string, help: string): Field => ({
  names: [name],
  help,
  kind: words,
  source: asks(({ index }) => want(excludedInfo(Number(index)), path)),
});

/** The GPUs that the driver is configured to exclude; they are none of those that it numbers. */
const excludedGpus: Relation = {
  name: 'excluded_gpus',
  record: 'a GPU that the driver is configured to exclude',
  fields: [
    excludedField('pci.bus_id', 'pciInfo.busId', 'PCI address of the GPU.'),
    excludedField('uuid', 'uuid', 'UUID of the GPU.'),
  ],
  *find() {
    const asked = yield* ask(excludedCount);
    const counted = countOf(nvmlGetExcludedDeviceCount.fn, asked.status, Number(asked.raw('value')));
    if (!('count' in counted)) return Missing.of(counted.status);
    return Array.from({ length: counted.count }, (_, index) => ({ values: { index } }));
  },
};

export const excludedParts: readonly JsonPart[] = [
  { ...wholePart(excludedGpus), fields: excludedGpus.fields, required: excludedGpus.fields },
];

type ExcludedGpu = Cells<'pci.bus_id' | 'uuid'>;

function* excludedCells(): Asking<readonly ExcludedGpu[] | Missing> {
  const records = yield* readRecords(excludedGpus, excludedGpus.fields, SYSTEM);
  if (records instanceof Missing) return records;
  return records.map(
    ({ readings: [busId, uuid] }): ExcludedGpu => ({
      'pci.bus_id': cell(words, busId as Reading),
      uuid: cell(words, uuid as Reading),
    }),
  );
}

/** Prints the GPUs that the driver is configured to exclude. */
export async function excluded(given: { readonly json?: true }, context: Context): Promise<number> {
  const { asker } = await machineOf(context);
  const gpus = await asker.start(excludedCells());
  if (gpus instanceof Missing) {
    // Words and status, also for NOT_SUPPORTED: 550.163.01 with failing calls.
    throw new UsageError(
      `Unable to determine the number of excluded GPUs: ${statusReason(gpus.status)}`,
      gpus.status,
    );
  }
  if (given.json) context.io.out(jsonDocument({ [excludedGpus.name]: gpus }, context.source));
  else if (gpus.length === 0) context.io.out('No excluded devices found.\n');
  else context.io.out(`${gpus.map(excludedLine).join('\n')}\n`);
  return 0;
}

function excludedLine({ 'pci.bus_id': busId, uuid }: ExcludedGpu, index: number): string {
  if (busId.reading instanceof Missing) return `GPU ${index}: ${statusWords(busId.reading.status)}`;
  return `GPU ${cellText(busId)}: (UUID: ${cellText(uuid)})`;
}
