/** `nvsmi` alone: the summary of GPUs, MIG devices and processes, with the infoROM check, as a table or JSON. */
import { EXIT } from '../../base/errors.js';
import { type LoopOptions, loopPeriod } from '../../base/period.js';
import { plainText } from '../../base/plain-text.js';
import type { Release } from '../../base/release.js';
import { jsonDocument, jsonLine } from '../../format/document.js';
import type { AnswerSource } from '../../format/json.js';
import { renderSummary } from '../../format/summary.js';
import {
  isOn,
  type ReadField,
  SUMMARY_FIELDS,
  type SummaryField,
  summaryGpu,
  WINDOWS_FIELDS,
} from '../../format/summary-cells.js';
import { NVML_ERROR_CORRUPTED_INFOROM } from '../../nvml/generated/constants.js';
import type { Gpu } from '../../nvml/session.js';
import { Missing } from '../../nvml/status.js';
import type { Asker } from '../../query/ask/asker.js';
import { eachOf, together } from '../../query/ask/asking.js';
import { type Cell, type Cells, cell } from '../../query/cell.js';
import { releaseOf } from '../../query/driver-release.js';
import { type Field, fieldAt, nameOf } from '../../query/field.js';
import { gpuRow } from '../../query/gpu-fields.js';
import { identity } from '../../query/identity.js';
import { count, timestamp } from '../../query/kind.js';
import { migDevices } from '../../query/mig/mig.js';
import { compilePlan, type Plan } from '../../query/plan.js';
import { processes } from '../../query/process/gpu-processes.js';
import type { Reading } from '../../query/reading.js';
import type { Relation } from '../../query/relation.js';
import type { JsonPart } from '../command.js';
import type { Context } from '../context.js';
import { gpusPart, wholePart } from '../runner/json-parts.js';
import { loop } from '../runner/loop.js';
import { lostLine, statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { rehearse } from '../runner/rehearse.js';
import { chosenGpus } from '../runner/select.js';
import { ABSENT, cudaVersion, driverVersion, nvmlVersion, versionCells, versionFields } from '../version.js';
import { type MigCells, migCells, migDeviceFields, summaryMigDevice } from './mig.js';
import { type ProcessCells, processCells, processFields, summaryProcess } from './processes.js';

/** The options that the summary takes. */
export interface SummaryGiven extends LoopOptions {
  readonly id?: string;
  readonly filename?: string;
  readonly json?: true;
}

/** Runs the summary once or in a loop. Returns 14 where an infoROM is corrupt, 15 where a GPU is lost. */
export async function summary(given: SummaryGiven, context: Context): Promise<number> {
  const period = loopPeriod(given);
  const isJson = given.json === true;
  const print = isJson ? jsonOf(period === undefined ? jsonDocument : jsonLine, context.source) : table;
  await rehearse(context, [
    async (asker, all) => print(await (await prepare(asker, all, isJson, context))()),
  ]);
  const machine = await machineOf(context);
  const gpus = await chosenGpus(machine.session, given.id);
  const file = given.filename;
  if (file !== undefined) context.io.redirect(file);
  const sample = await prepare(machine.asker, gpus, isJson, context);
  let status: number = EXIT.ok;
  await loop(context.io, period, async () => {
    machine.asker.tick();
    const { worst, ...taken } = await sample();
    status = worst;
    context.io.out(print(taken));
  });
  return status;
}

/** What was read at one moment. */
interface SummarySample {
  readonly time: number;
  readonly driverVersion: string;
  readonly cudaVersion: string;
  readonly programVersion: string;
  readonly release: Release;
  readonly onWindows: boolean;
  /** MIG is on, with or without devices. */
  readonly hasMig: boolean;
  readonly gpus: readonly Gpu[];
  /** Of the GPU in this place. */
  readonly read: (line: number) => ReadField;
  readonly migDevices: readonly MigCells[];
  readonly processes: readonly ProcessCells[];
  readonly notices: readonly string[];
}

function table({
  time,
  release,
  onWindows,
  driverVersion: driver,
  programVersion,
  ...sample
}: SummarySample): string {
  const { gpus, read, migDevices, processes, ...rest } = sample;
  return renderSummary(
    {
      ...rest,
      programVersion: plainText(programVersion),
      driverVersion: plainText(driver),
      time: new Date(time),
      gpus: gpus.map((gpu, i) =>
        summaryGpu(gpu.index, {
          read: read(i),
          kindOf: (name) => fieldAt(gpuRow(name), release).kind,
          onWindows,
        }),
      ),
      migDevices: migDevices.map((mig) => summaryMigDevice(mig, release)),
      processes: processes.filter(isNamed).map((process) => summaryProcess(process, release)),
      hasNameless: !processes.every(isNamed),
    },
    release,
    onWindows,
  );
}

const isNamed = ({ process_name: { reading } }: ProcessCells): boolean => reading !== '';

const system: Relation = {
  name: 'system',
  record: 'the machine',
  of: 'system',
  fields: [gpuRow('timestamp'), ...versionFields(['driver_version', 'cuda_version'])],
};

/** The modes that are pending have a star alone. */
const shownFields: readonly Field[] = SUMMARY_FIELDS.filter((name) => !name.endsWith('.pending')).map(gpuRow);

/** The parts of the JSON document. */
export const summaryParts: readonly JsonPart[] = [
  wholePart(system),
  gpusPart(shownFields),
  wholePart({ ...migDevices, fields: migDeviceFields }),
  wholePart({ ...processes, fields: processFields }),
];

const jsonOf =
  (write: typeof jsonDocument, source: AnswerSource | undefined) =>
  ({
    time,
    driverVersion: driver,
    cudaVersion: cuda,
    gpus,
    read,
    migDevices: migs,
    processes,
  }: SummarySample) => {
    const uuids = new Map(gpus.map(({ index }, i) => [index, cell(identity.uuid.kind, read(i)('uuid'))]));
    const uuidOf = ({ gpu }: Cells<'gpu'>): Cell => uuids.get(Number(gpu.reading)) as Cell;
    return write(
      {
        system: {
          timestamp: cell(timestamp, time),
          ...versionCells({ driver_version: driver, cuda_version: cuda }),
        },
        gpus: gpus.map((gpu, i) => ({
          gpu: cell(count, gpu.index),
          ...Object.fromEntries(
            [identity.name, identity.uuid, ...shownFields].map((field) => [
              nameOf(field),
              cell(field.kind, read(i)(nameOf(field) as SummaryField)),
            ]),
          ),
        })),
        mig_devices: migs,
        processes: processes.map(({ gpu, ...rest }) => ({ gpu, uuid: uuidOf({ gpu }), ...rest })),
      },
      source,
    );
  };

/** Makes the plan of the summary. What is returned takes a sample, with its exit status. */
async function prepare(
  asker: Asker,
  gpus: readonly Gpu[],
  isJson: boolean,
  { io }: Context,
): Promise<() => Promise<SummarySample & { readonly worst: number }>> {
  const [driver, cuda, library] = (await asker.start(
    together([driverVersion(), cudaVersion(), nvmlVersion()]),
  )) as readonly [string, string, string];
  const release = await asker.start(releaseOf(asker.session, (text) => io.err(text)));
  const { onWindows = false } = asker.session.driver;
  const versions = {
    driverVersion: driver,
    cudaVersion: cuda,
    programVersion: library === ABSENT ? driver : library,
    release,
    onWindows,
  };
  const shown = onWindows ? WINDOWS_FIELDS : SUMMARY_FIELDS;
  const names: readonly SummaryField[] = isJson ? [...shown, 'uuid'] : shown;
  const fields = names.map((name) => fieldAt(gpuRow(name), versions.release));
  const plan = compilePlan(fields, gpus, { asker, now: () => io.now() });
  return async () => {
    await plan.sample();
    const divided = gpus.filter((_, i) => isOn(reader(plan, names, i)('mig.mode.current')));
    return {
      time: io.now(),
      ...versions,
      gpus,
      read: (line) => reader(plan, names, line),
      hasMig: divided.length > 0,
      migDevices: await asker.start(eachOf(divided, migCells)),
      processes: await asker.start(processCells(gpus)),
      ...check(gpus, plan, names),
    };
  };
}

const reader =
  (plan: Plan, names: readonly SummaryField[], line: number): ReadField =>
  (name) => {
    const read = plan.lines[line]?.readers[names.indexOf(name)];
    if (read === undefined) throw new Error(`the summary has no ${name} in line ${line}`);
    return read();
  };

/** What the tables do not say: lost GPUs and corrupt infoROMs, and the exit status for them. */
function check(
  gpus: readonly Gpu[],
  plan: Plan,
  names: readonly SummaryField[],
): { notices: readonly string[]; worst: number } {
  const corrupt = gpus.flatMap(({ index }, i) => {
    const read = reader(plan, names, i);
    return read('inforom.checksum_validation') === 'invalid' ? [placeOf(index, read('pci.bus_id'))] : [];
  });
  return {
    notices: [
      ...gpus.filter((gpu) => gpu.handle === undefined).map(lostLine),
      ...corrupt.map((place) => `WARNING: infoROM is corrupted at gpu ${place}`),
    ],
    worst: corrupt.length > 0 ? NVML_ERROR_CORRUPTED_INFOROM : statusOf(gpus),
  };
}

/** The warning has a domain of four digits, where the table has eight (H100, 580.159.04); the index where there is no address. */
const placeOf = (index: number, busId: Reading): string =>
  busId instanceof Missing ? String(index) : plainText(String(busId)).replace(/^0000(?=[0-9A-F]{4}:)/i, '');
