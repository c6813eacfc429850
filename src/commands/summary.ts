/** `nvsmi` alone: the summary of GPUs, MIG devices and processes, with the infoROM check, as a table or JSON. */
import { EXIT } from '../base/errors.js';
import { type LoopOptions, loopPeriod } from '../base/period.js';
import { plainText } from '../base/plain-text.js';
import type { Release } from '../base/release.js';
import { jsonDocument, jsonLine } from '../format/document.js';
import type { AnswerSource } from '../format/json.js';
import { renderSummary } from '../format/summary.js';
import { isOn, type ReadField, SUMMARY_FIELDS, summaryGpu, WINDOWS_FIELDS } from '../format/summary-cells.js';
import { NVML_ERROR_CORRUPTED_INFOROM } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { eachOf, together } from '../query/ask/asking.js';
import { type Cells, cell } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { fieldAt } from '../query/field.js';
import { gpuRow } from '../query/gpu-fields.js';
import { count, timestamp } from '../query/kind.js';
import { compilePlan, type Plan } from '../query/plan.js';
import type { Reading } from '../query/reading.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { lostLine, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { rehearse } from './rehearse.js';
import { chosenGpus } from './select.js';
import { type MigCells, migCells, migSubjects, summaryMigDevice } from './summary-mig.js';
import { type ProcessCells, processCells, summaryProcess } from './summary-processes.js';
import { ABSENT, cudaVersion, driverVersion, nvmlVersion, versionCells } from './version.js';

/** The options that the summary takes. */
export interface SummaryGiven extends LoopOptions {
  readonly id?: string;
  readonly filename?: string;
  readonly json?: true;
}

/** Runs the summary once or in a loop. Returns 14 where an infoROM is corrupt, 15 where a GPU is lost. */
export async function summary(given: SummaryGiven, context: Context): Promise<number> {
  const period = loopPeriod(given);
  const print =
    given.json === undefined
      ? table
      : period === undefined
        ? jsonOf(jsonDocument, context.source)
        : jsonOf(jsonLine, context.source);
  await rehearse(context, [
    async (asker) => {
      const { worst: _, ...taken } = await (await prepare(asker, asker.session.gpus, context))();
      print(taken);
    },
  ]);
  const machine = await machineOf(context);
  const gpus = await chosenGpus(machine.session, given.id);
  const file = given.filename;
  if (file !== undefined) context.io.redirect(file);
  const sample = await prepare(machine.asker, gpus, context);
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
      processes: processes
        .filter(({ process_name: { reading } }) => reading !== '')
        .map((process) => summaryProcess(process, release)),
    },
    release,
    onWindows,
  );
}

const jsonOf =
  (write: typeof jsonDocument, source: AnswerSource | undefined) =>
  ({
    time,
    driverVersion: driver,
    cudaVersion: cuda,
    gpus,
    read,
    migDevices,
    processes,
  }: SummarySample): string =>
    write(
      {
        system: {
          timestamp: cell(timestamp, time),
          ...versionCells({ driver_version: driver, cuda_version: cuda }),
        },
        gpus: gpus.map((gpu, i) => ({ index: cell(count, gpu.index), ...gpuCells(read(i)) })),
        mig_devices: migDevices,
        processes,
      },
      source,
    );

/** Makes the plan of the summary. What is returned takes a sample, with its exit status. */
async function prepare(
  asker: Asker,
  gpus: readonly Gpu[],
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
  const names = onWindows ? WINDOWS_FIELDS : SUMMARY_FIELDS;
  const fields = names.map((name) => fieldAt(gpuRow(name), versions.release));
  const plan = compilePlan(fields, gpus, { asker, now: () => io.now() });
  return async () => {
    await plan.sample();
    const divided = gpus.filter((_, i) => isOn(reader(plan, i)('mig.mode.current')));
    const migs = await asker.start(eachOf(divided, migSubjects));
    return {
      time: io.now(),
      ...versions,
      gpus,
      read: (line) => reader(plan, line),
      hasMig: divided.length > 0,
      migDevices: await asker.start(together(migs.map(migCells))),
      processes: await asker.start(processCells(gpus, migs)),
      ...check(gpus, plan),
    };
  };
}

const reader =
  (plan: Plan, line: number): ReadField =>
  (name) => {
    const read = plan.lines[line]?.readers[WINDOWS_FIELDS.indexOf(name)];
    if (read === undefined) throw new Error(`the summary has no line ${line}`);
    return read();
  };

/** What the tables do not say: lost GPUs and corrupt infoROMs, and the exit status for them. */
function check(gpus: readonly Gpu[], plan: Plan): { notices: readonly string[]; worst: number } {
  const corrupt = gpus.flatMap(({ index }, i) => {
    const read = reader(plan, i);
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

/** The modes that are pending have a star alone. */
const JSON_FIELDS = SUMMARY_FIELDS.filter((name) => !name.endsWith('.pending'));

/** The fields of the table by their names, for JSON. */
const gpuCells = (read: ReadField): Cells =>
  Object.fromEntries(JSON_FIELDS.map((name) => [name, { kind: gpuRow(name).kind, reading: read(name) }]));
