/** Everything that health reads from NVML, in one place: fields of the GPUs, sums over their links, their processes. */

import * as nvml from '../nvml/generated/constants.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { nvmlSystemGetDriverVersion } from '../nvml/generated/entries.js';
import type { Gpu } from '../nvml/session.js';
import { ALL_ONES, Missing, NOT_SUPPORTED } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, read, readOne, together, want } from '../query/ask/asking.js';
import { readFields } from '../query/ask/records.js';
import { SYSTEM } from '../query/ask/subject.js';
import { jsonReading } from '../query/cell.js';
import { gpuRow } from '../query/gpu-fields.js';
import { count, IMPLAUSIBLE, isPlausible, type JsonScalar, mebibytes } from '../query/kind.js';
import { linksOf } from '../query/links/nvlink-links.js';
import { IDENTITY, isNotThere, type NoReply, noReplyOf } from '../query/no-reply.js';
import { field, fixed } from '../query/probe.js';
import { gpuProcesses, type PlacedProcess } from '../query/process/gpu-processes.js';
import type { Reading } from '../query/reading.js';
import { type ReportField, reading } from '../query/report/field.js';
import * as thermal from '../query/report/health.js';
import { pciAddress } from '../system/pci-gpus.js';

/** What was read under a name: a value in the unit of its field, or why there is none. */
export type HealthValue =
  | { readonly value: Exclude<JsonScalar, null> }
  | {
      readonly value: null;
      readonly reason: string;
      readonly isUnsupported: boolean;
      /** Neither a value nor the answer that this GPU or driver has none. */
      readonly isFailure: boolean;
    };

export interface HealthProcess {
  readonly pid: number;
  readonly name: string | undefined;
}

export interface GpuReadings {
  readonly index: number;
  readonly uuid: string | undefined;
  /** As the kernel spells it: 0000:3b:00.0. */
  readonly busId: string | undefined;
  /** What shows that the GPU does not answer. */
  readonly silent: NoReply | undefined;
  readonly answers: Readonly<Record<string, HealthValue>>;
  readonly processes: readonly HealthProcess[];
}

/** Readings that --query-gpu does not have, by names in its style. */
const MORE: Readonly<Record<string, ReportField>> = {
  'temperature.gpu.shutdown': thermal.shutdownTemperature,
  'temperature.gpu.slowdown': thermal.slowdownTemperature,
  'temperature.gpu.max': thermal.gpuMaxTemperature,
  'temperature.memory.max': thermal.memoryMaxTemperature,
  'temperature.gpu.tlimit.slowdown': thermal.slowdownTLimit,
  'pcie.replay_counter': reading(count, field(nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER)),
  'pcie.correctable_errors': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS)),
  'pcie.non_fatal_error': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR)),
  'pcie.fatal_error': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR)),
};

/** Names of sums over the links of a GPU, and the field ids of a link that are summed. */
const LINK_SUMS: Readonly<Record<string, number>> = {
  'nvlink.errors.replay': nvml.NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY,
  'nvlink.errors.recovery': nvml.NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY,
  'nvlink.errors.crc': nvml.NVML_FI_DEV_NVLINK_ERROR_DL_CRC,
  'nvlink.recoveries.failed': nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS,
  'nvlink.errors.rx': nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_ERRORS,
};
const LINK_NAMES: readonly string[] = [
  'nvlink.count',
  'nvlink.active',
  'nvlink.speed',
  ...Object.keys(LINK_SUMS),
];
const PROCESS_NAMES: readonly string[] = ['processes.count', 'processes.memory'];

const fieldNamed = (name: string): ReportField => MORE[name] ?? gpuRow(name);
const isField = (name: string): boolean => !LINK_NAMES.includes(name) && !PROCESS_NAMES.includes(name);

/** Whether the driver waits for long before it answers: a checksum of the infoROM takes 69 ms (H100), under its lock. */
export function isSlow(name: string): boolean {
  if (!isField(name) || name in MORE) return false;
  const { source } = gpuRow(name);
  return 'probe' in source && source.probe.waits;
}

/** Reads some names of all GPUs, each once. */
export async function readGpus(
  asker: Asker,
  gpus: readonly Gpu[],
  names: readonly string[],
): Promise<readonly GpuReadings[]> {
  asker.tick();
  return asker.start(together(gpus.map((gpu) => readGpu(gpu, names))));
}

function* readGpu(gpu: Gpu, names: readonly string[]): Asking<GpuReadings> {
  const fields = [...new Set([...IDENTITY, ...names])].filter(isField);
  const readings = yield* readFields(fields.map(fieldNamed), gpu);
  const own = fields.map((name, i): [string, HealthValue] => [
    name,
    answerOf(fieldNamed(name).kind, readings[i] as Reading),
  ]);
  const asksProcesses = names.some((name) => PROCESS_NAMES.includes(name));
  const processes = asksProcesses ? processAnswers(yield* gpuProcesses(gpu)) : NONE;
  const links = names.some((name) => LINK_NAMES.includes(name)) ? yield* linkAnswers(gpu) : {};
  const answers = { ...Object.fromEntries(own), ...links, ...processes.answers };
  return {
    index: gpu.index,
    uuid: textOf(answers.uuid),
    busId: addressOf(textOf(answers['pci.bus_id']) ?? gpu.busId),
    silent: noReplyOf(gpu, fields, readings),
    answers,
    processes: processes.list,
  };
}

const textOf = (answer: HealthValue | undefined): string | undefined =>
  typeof answer?.value === 'string' ? answer.value : undefined;

const addressOf = (busId: string | undefined): string | undefined =>
  busId === undefined ? undefined : pciAddress(busId);

function answerOf(kind: ReportField['kind'], read: Reading): HealthValue {
  const { value, reason = 'none' } = jsonReading(kind, read);
  if (value !== null) return { value };
  const status = read instanceof Missing && reason !== IMPLAUSIBLE ? read.status : undefined;
  return {
    value,
    reason,
    isUnsupported: status === NVML_ERROR_NOT_SUPPORTED,
    isFailure: status === undefined || !isNotThere(status),
  };
}

const absent = (missing: Missing): HealthValue => answerOf(count, missing);

const all = (names: readonly string[], answer: HealthValue): Readonly<Record<string, HealthValue>> =>
  Object.fromEntries(names.map((name) => [name, answer]));

function* linkAnswers(gpu: Gpu): Asking<Readonly<Record<string, HealthValue>>> {
  if (gpu.handle === undefined) return all(LINK_NAMES, absent(Missing.of(gpu.status)));
  const links = yield* linksOf(gpu);
  if (links instanceof Missing) return all(LINK_NAMES, absent(links));
  if (links.length === 0) return all(LINK_NAMES, absent(NOT_SUPPORTED));
  const unreadable = links.map(({ active }) => active).find((active) => active instanceof Missing);
  if (unreadable instanceof Missing) return all(LINK_NAMES, absent(unreadable));
  const up = links.filter(({ active }) => active !== 0).map(({ index }) => index);
  const speeds = yield* overLinks(gpu, up, nvml.NVML_FI_DEV_NVLINK_GET_SPEED);
  const sums: [string, HealthValue][] = [];
  for (const [name, id] of Object.entries(LINK_SUMS)) {
    const counts = yield* overLinks(gpu, up, id);
    sums.push([
      name,
      counts instanceof Missing ? absent(counts) : { value: counts.reduce((sum, one) => sum + one, 0) },
    ]);
  }
  return {
    'nvlink.count': { value: links.length },
    'nvlink.active': { value: up.length },
    'nvlink.speed': speeds instanceof Missing ? absent(speeds) : { value: Math.min(...speeds) / 1000 },
    ...Object.fromEntries(sums),
  };
}

/** A field id of each link, the link being its scope; or why one of them, or all, cannot be read. */
function* overLinks(gpu: Gpu, links: readonly number[], id: number): Asking<readonly number[] | Missing> {
  const readings = yield* read(
    links.map((link) => want(field(id, link))),
    gpu,
  );
  const failed = readings.find((one) => one instanceof Missing);
  if (failed instanceof Missing) return failed;
  if (readings.some((one) => one instanceof Missing || !isPlausible(count, one))) return ALL_ONES;
  return readings.length === 0 ? NOT_SUPPORTED : readings.map(Number);
}

interface Processes {
  readonly answers: Readonly<Record<string, HealthValue>>;
  readonly list: readonly HealthProcess[];
}

const NONE: Processes = { answers: {}, list: [] };

function processAnswers(found: readonly PlacedProcess[] | Missing): Processes {
  if (found instanceof Missing) return { answers: all(PROCESS_NAMES, absent(found)), list: [] };
  const list = found.map(({ pid, name }) => ({ pid, name: typeof name === 'string' ? name : undefined }));
  const unknown = found.map(({ usedMemory }) => usedMemory).find((used) => used instanceof Missing);
  const bytes = found.reduce(
    (sum, { usedMemory }) => sum + Number(usedMemory instanceof Missing ? 0 : usedMemory),
    0,
  );
  return {
    answers: {
      'processes.count': { value: new Set(list.map(({ pid }) => pid)).size },
      'processes.memory':
        unknown instanceof Missing ? absent(unknown) : { value: Number(mebibytes.json(bytes)) },
    },
    list,
  };
}

const version = fixed(nvmlSystemGetDriverVersion);

/** The driver's version; undefined where NVML does not say it. */
export function* driverVersion(): Asking<string | undefined> {
  const read = yield* readOne(version, SYSTEM, '');
  return read instanceof Missing ? undefined : String(read);
}
