/** Everything that health reads from NVML, in one place: fields of the GPUs, sums over their links, their processes. */

import * as nvml from '../nvml/generated/constants.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { nvmlSystemGetDriverVersion } from '../nvml/generated/entries.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, readOne, together } from '../query/ask/asking.js';
import { readFields } from '../query/ask/records.js';
import { SYSTEM } from '../query/ask/subject.js';
import { jsonReading } from '../query/cell.js';
import { gpuRow } from '../query/gpu-fields.js';
import { gpuProcesses, type PlacedProcess } from '../query/gpu-processes.js';
import { count, type JsonScalar, mebibytes } from '../query/kind.js';
import { isAskable, type Link, linkErrors, linksOf, portCounters, speed } from '../query/nvlink.js';
import { field, fixed } from '../query/probe.js';
import { readValues } from '../query/read.js';
import type { Reading } from '../query/reading.js';
import { type Field, reading } from '../query/report/field.js';
import * as thermal from '../query/report/health.js';

/** What was read under a name: a value in the unit of its field, or why there is none. */
export type Answer =
  | { readonly value: Exclude<JsonScalar, null> }
  | { readonly value: null; readonly reason: string; readonly isUnsupported: boolean };

export interface GpuProcess {
  readonly pid: number;
  readonly name: string | undefined;
}

export interface GpuReadings {
  readonly index: number;
  readonly uuid: string | undefined;
  /** As the kernel spells it: 0000:3b:00.0. */
  readonly busId: string | undefined;
  /** Why the GPU has no handle. */
  readonly lost: string | undefined;
  readonly answers: Readonly<Record<string, Answer>>;
  readonly processes: readonly GpuProcess[];
}

/** Readings that --query-gpu does not have, by names in its style. */
const MORE: Readonly<Record<string, Field>> = {
  'temperature.shutdown': thermal.shutdownTemperature,
  'temperature.slowdown': thermal.slowdownTemperature,
  'temperature.gpu.max': thermal.gpuMaxTemperature,
  'temperature.memory.max': thermal.memoryMaxTemperature,
  'temperature.gpu.tlimit.slowdown': thermal.slowdownTLimit,
  'pcie.replay_counter': reading(count, field(nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER)),
  'pcie.errors.correctable': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS)),
  'pcie.errors.non_fatal': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR)),
  'pcie.errors.fatal': reading(count, field(nvml.NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR)),
};

/** Names of sums over the links of a GPU, and the counters of a link that are summed. */
const LINK_SUMS: Readonly<Record<string, string>> = {
  'nvlink.errors.replay': 'replay_errors',
  'nvlink.errors.recovery': 'recovery_errors',
  'nvlink.errors.crc': 'crc_errors',
  'nvlink.recoveries.failed': 'recoveries_failed',
  'nvlink.errors.rx': 'rx_errors',
};
const LINK_NAMES: readonly string[] = [
  'nvlink.count',
  'nvlink.active',
  'nvlink.speed',
  ...Object.keys(LINK_SUMS),
];
const PROCESS_NAMES: readonly string[] = ['processes.count', 'processes.memory'];

const fieldNamed = (name: string): Field => MORE[name] ?? gpuRow(name);
const isField = (name: string): boolean => !LINK_NAMES.includes(name) && !PROCESS_NAMES.includes(name);

/** What each finding is identified by. */
const IDENTITY = ['uuid', 'pci.bus_id', 'name'];

/** Reads some names of all GPUs, each once. */
export async function readGpus(
  asker: Asker,
  gpus: readonly Gpu[],
  names: readonly string[],
): Promise<readonly GpuReadings[]> {
  asker.tick();
  const asksLinks = names.some((name) => LINK_NAMES.includes(name));
  const read = await asker.start(together(gpus.map((gpu) => readGpu(gpu, names))));
  return read.map((gpu, i) =>
    asksLinks ? { ...gpu, answers: { ...gpu.answers, ...linkAnswers(asker.session, gpus[i] as Gpu) } } : gpu,
  );
}

function* readGpu(gpu: Gpu, names: readonly string[]): Asking<GpuReadings> {
  const fields = [...new Set([...IDENTITY, ...names])].filter(isField);
  const readings = yield* readFields(fields.map(fieldNamed), gpu);
  const own = fields.map((name, i): [string, Answer] => [
    name,
    answerOf(fieldNamed(name).kind, readings[i] as Reading),
  ]);
  const asksProcesses = names.some((name) => PROCESS_NAMES.includes(name));
  const processes = asksProcesses ? processAnswers(yield* gpuProcesses(gpu)) : NONE;
  const answers = { ...Object.fromEntries(own), ...processes.answers };
  return {
    index: gpu.index,
    uuid: textOf(answers.uuid),
    busId: shortBusId(textOf(answers['pci.bus_id']) ?? gpu.busId),
    lost: gpu.handle === undefined ? statusReason(gpu.status) : undefined,
    answers,
    processes: processes.list,
  };
}

const textOf = (answer: Answer | undefined): string | undefined =>
  typeof answer?.value === 'string' ? answer.value : undefined;

const shortBusId = (busId: string | undefined): string | undefined =>
  busId?.toLowerCase().replace(/^0000(?=[0-9a-f]{4}:)/, '');

function answerOf(kind: Field['kind'], read: Reading): Answer {
  const { value, reason = 'none' } = jsonReading(kind, read);
  const isUnsupported = read instanceof Missing && read.status === NVML_ERROR_NOT_SUPPORTED;
  return value === null ? { value, reason, isUnsupported } : { value };
}

const absent = ({ status }: Missing): Answer => answerOf(count, Missing.of(status));

const all = (names: readonly string[], answer: Answer): Readonly<Record<string, Answer>> =>
  Object.fromEntries(names.map((name) => [name, answer]));

function linkAnswers(session: Session, gpu: Gpu): Readonly<Record<string, Answer>> {
  if (gpu.handle === undefined) return all(LINK_NAMES, absent(Missing.of(gpu.status)));
  const links = linksOf(session, gpu);
  if (links instanceof Missing) return all(LINK_NAMES, absent(links));
  if (links.length === 0) return all(LINK_NAMES, absent(Missing.of(NVML_ERROR_NOT_SUPPORTED)));
  const unreadable = links.map(({ active }) => active).find((active) => active instanceof Missing);
  if (unreadable instanceof Missing) return all(LINK_NAMES, absent(unreadable));
  const active = links.filter(isAskable);
  return {
    'nvlink.count': { value: links.length },
    'nvlink.active': { value: active.length },
    'nvlink.speed': lowestSpeed(session, gpu, active),
    ...Object.fromEntries(
      Object.entries(LINK_SUMS).map(([name, key]) => [name, sumOver(session, gpu, active, key)]),
    ),
  };
}

function lowestSpeed(session: Session, gpu: Gpu, links: readonly Link[]): Answer {
  const speeds = readValues(
    session,
    gpu,
    links.map(({ index }) => speed.of(index)),
  );
  const failed = speeds.find((one) => one instanceof Missing);
  if (failed instanceof Missing) return absent(failed);
  if (speeds.length === 0) return absent(Missing.of(NVML_ERROR_NOT_SUPPORTED));
  return { value: Math.min(...speeds.map((one) => Number(speed.kind.json(one as number)))) };
}

const LINK_COUNTERS = [...linkErrors, ...portCounters];

function sumOver(session: Session, gpu: Gpu, links: readonly Link[], key: string): Answer {
  const counter = LINK_COUNTERS.find((one) => one.key === key);
  if (counter === undefined) throw new Error(`no counter ${key}`);
  const counts = readValues(
    session,
    gpu,
    links.map(({ index }) => counter.of(index)),
  );
  const failed = counts.find((one) => one instanceof Missing);
  if (failed instanceof Missing) return absent(failed);
  if (counts.length === 0) return absent(Missing.of(NVML_ERROR_NOT_SUPPORTED));
  return { value: counts.reduce<number>((sum, one) => sum + Number(one), 0) };
}

interface Processes {
  readonly answers: Readonly<Record<string, Answer>>;
  readonly list: readonly GpuProcess[];
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
