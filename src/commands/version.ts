/** `--version` and `-B`. */
import manifest from '../../package.json' with { type: 'json' };
import { UsageError } from '../errors.js';
import { call, i32, struct, text, u32 } from '../nvml/call.js';
import { countOf } from '../nvml/counts.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { nvmlExcludedDeviceInfo_t, nvmlPciInfo_t } from '../nvml/generated/layouts.js';
import { readText } from '../nvml/memory.js';
import { ask, libraryVersion, type Session, shortVersion } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusReason, statusWords } from '../nvml/status.js';
import { plainly } from '../plain-text.js';
import { type Cells, cell } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { text as words } from '../query/kind.js';
import { jsonDocument } from '../render/document.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';

/** The driver's version as NVML reports it, e.g. 580.159.04; N/A where it does not. */
export const driverVersion = (session: Session): string =>
  askText(session, call('nvmlSystemGetDriverVersion', text(80)));

/**
 * The newest CUDA version that the driver supports, as major.minor; ERR! where it could not be asked (statuses 1, 12, 13 and
 * 999; 580.159.04).
 */
export function cudaVersion(session: Session): string {
  let first = 0;
  for (const fn of ['nvmlSystemGetCudaDriverVersion_v2', 'nvmlSystemGetCudaDriverVersion'] as const) {
    const { status, memory } = ask(session.driver, call(fn, i32()));
    const version = status === 0 ? (memory[0]?.readInt32LE(0) ?? 0) : 0;
    if (version > 0) return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
    first ||= status;
  }
  return first === 0 || first === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : 'ERR!';
}

function askText(session: Session, what: Parameters<typeof ask>[1]): string {
  const { status, memory } = ask(session.driver, what);
  return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, memory[0].length) : 'N/A';
}

/** Versions as cells; null where one is not known. */
export const versionCells = (versions: Readonly<Record<string, string | undefined>>): Cells =>
  Object.fromEntries(
    Object.entries(versions).map(([name, version = 'N/A']) => [
      name,
      cell(words, version === 'N/A' || version === 'ERR!' ? NOT_SUPPORTED : version),
    ]),
  );

/** Prints the versions, in nvidia-smi's four lines; our own goes to stderr, also where there is no NVML. */
export async function version(given: { readonly json?: true }, context: Context): Promise<number> {
  const asJson = given.json === true;
  if (!asJson) context.io.err(`nvsmi ${manifest.version}\n`);
  const { session } = await context.machine();
  const driver = driverVersion(session);
  if (asJson) {
    const versions = {
      nvsmi: manifest.version,
      nvml: libraryVersion(session.driver),
      driver,
      cuda: cudaVersion(session),
    };
    context.io.out(jsonDocument({ versions: versionCells(versions) }, context.source));
    return 0;
  }
  const library = libraryVersion(session.driver);
  const cuda = cudaVersion(session);
  const release = releaseOf(session, (text) => context.io.err(text));
  context.io.out(
    [
      plainly`NVIDIA-SMI version  : ${library ?? driver}`,
      plainly`NVML version        : ${shortVersion(library ?? 'N/A')}`,
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
export const spec: CommandSpec = command({ options: [jsonOption], run: version });

/** Prints the GPUs that the driver is configured to exclude. */
export async function excluded(given: { readonly json?: true }, context: Context): Promise<number> {
  const { session } = await context.machine();
  const counting = call('nvmlGetExcludedDeviceCount', u32());
  const { status, memory } = ask(session.driver, counting);
  const counted = countOf(counting.fn, status, memory[0]?.readUInt32LE(0) ?? 0);
  if (!('count' in counted)) {
    // Words and status, also for NOT_SUPPORTED: 550.163.01 with failing calls.
    throw new UsageError(
      `Unable to determine the number of excluded GPUs: ${statusReason(counted.status)}`,
      counted.status,
    );
  }
  const { count } = counted;
  if (given.json) {
    const gpus = Array.from({ length: count }, (_, index) => excludedCells(session, index));
    context.io.out(jsonDocument({ excluded_gpus: gpus }, context.source));
    return 0;
  }
  if (count === 0) {
    context.io.out('No excluded devices found.\n');
    return 0;
  }
  const lines = Array.from({ length: count }, (_, index) => excludedLine(session, index));
  context.io.out(`${lines.join('\n')}\n`);
  return 0;
}

/** Bus id and UUID of an excluded GPU, or the status that says why there are none. */
function excludedGpu(
  session: Session,
  index: number,
): { readonly busId: string; readonly uuid: string } | Missing {
  const asked = ask(
    session.driver,
    call('nvmlGetExcludedDeviceInfoByIndex', index, struct(nvmlExcludedDeviceInfo_t)),
  );
  const memory = asked.memory[0];
  if (asked.status !== 0 || memory === undefined) return Missing.of(asked.status);
  const { pciInfo, uuid } = nvmlExcludedDeviceInfo_t.fields;
  const { busId } = nvmlPciInfo_t.fields;
  return {
    busId: readText(memory, pciInfo[1] + busId[1], busId[2]),
    uuid: readText(memory, uuid[1], uuid[2]),
  };
}

function excludedLine(session: Session, index: number): string {
  const gpu = excludedGpu(session, index);
  if (gpu instanceof Missing) return `GPU ${index}: ${statusWords(gpu.status)}`;
  return plainly`GPU ${gpu.busId}: (UUID: ${gpu.uuid})`;
}

function excludedCells(session: Session, index: number): Cells {
  const gpu = excludedGpu(session, index);
  const isMissing = gpu instanceof Missing;
  return {
    'pci.bus_id': cell(words, isMissing ? gpu : gpu.busId),
    uuid: cell(words, isMissing ? gpu : gpu.uuid),
  };
}
