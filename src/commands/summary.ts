/** `nvsmi` alone: the summary table of GPUs, MIG devices and processes, with the infoROM check. */
import { lastValue, type Token } from '../argv.js';
import { EXIT } from '../errors.js';
import {
  NVML_ERROR_CORRUPTED_INFOROM,
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_NOT_SUPPORTED,
} from '../nvml/generated/constants.js';
import { type Gpu, migDevices, type Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { loopPeriod } from '../options.js';
import type { Asked, Reading } from '../query/asked.js';
import { bar1Memory } from '../query/gpu/memory.js';
import { computeInstanceId, gpuInstanceId, migAttributes } from '../query/mig.js';
import { gpuRow } from '../query/now.js';
import { Asking, compilePlan, type Plan, type Subject } from '../query/plan.js';
import type { Probe } from '../query/probe.js';
import { processesOf, processName } from '../query/processes.js';
import {
  renderSummary,
  type SummaryGpu,
  type SummaryMigDevice,
  type SummaryProcess,
} from '../render/summary.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { chosenGpus } from './select.js';
import { cudaVersion, driverVersion } from './version.js';

const FIELDS = [
  'name',
  'persistence_mode',
  'pci.bus_id',
  'display_active',
  'ecc.mode.current',
  'ecc.errors.uncorrected.volatile.total',
  'fan.speed',
  'temperature.gpu',
  'pstate',
  'power.draw',
  'enforced.power.limit',
  'memory.used',
  'memory.total',
  'utilization.gpu',
  'compute_mode',
  'mig.mode.current',
  'inforom.checksum_validation',
] as const;

type FieldName = (typeof FIELDS)[number];
type Read = (name: FieldName) => Reading;

/** A cell: N/A for what the GPU does not have, ERR! for what it failed to tell. */
function cell(reading: Reading, spell: (value: Exclude<Reading, Missing>) => string): string {
  if (!(reading instanceof Missing)) return spell(reading);
  return reading.status === NVML_ERROR_NOT_SUPPORTED ? 'N/A' : 'ERR!';
}

/** A cell spelled by the field's own kind, with a unit glued to it. */
const fieldCell = (read: Read, name: FieldName, unit = ''): string =>
  cell(read(name), (value) => `${gpuRow(name).kind.spell(value)}${unit}`);

/** Whole watts, cut: 73.82 W is printed as 73W (H100, 580.159.04). */
const wattsCell = (read: Read, name: FieldName): string =>
  cell(read(name), (milliwatts) => `${Math.floor(Number(milliwatts) / 1000)}W`);

const onOffCell = (read: Read, name: FieldName): string =>
  cell(read(name), (value) => (Number(value) === 0 ? 'Off' : 'On'));

const isOn = (reading: Reading): boolean => !(reading instanceof Missing) && Number(reading) !== 0;

function eccCell(read: Read): string {
  if (isOn(read('mig.mode.current'))) return onOffCell(read, 'ecc.mode.current');
  const mode = read('ecc.mode.current');
  if (mode instanceof Missing) return cell(mode, String);
  return Number(mode) === 0 ? 'Off' : fieldCell(read, 'ecc.errors.uncorrected.volatile.total');
}

const COMPUTE_MODES: readonly string[] = ['Default', 'E. Thread', 'Prohibited', 'E. Process'];

function summaryGpu(index: number, read: Read): SummaryGpu {
  return {
    index,
    name: fieldCell(read, 'name'),
    persistence: onOffCell(read, 'persistence_mode'),
    busId: fieldCell(read, 'pci.bus_id'),
    display: onOffCell(read, 'display_active'),
    ecc: eccCell(read),
    fan: fieldCell(read, 'fan.speed', '%'),
    temperature: fieldCell(read, 'temperature.gpu', 'C'),
    pstate: fieldCell(read, 'pstate'),
    powerDraw: wattsCell(read, 'power.draw'),
    powerCap: wattsCell(read, 'enforced.power.limit'),
    memoryUsed: fieldCell(read, 'memory.used', 'MiB'),
    memoryTotal: fieldCell(read, 'memory.total', 'MiB'),
    utilization: fieldCell(read, 'utilization.gpu', '%'),
    computeMode: cell(read('compute_mode'), (mode) => COMPUTE_MODES[Number(mode)] ?? 'Unknown'),
    migMode: fieldCell(read, 'mig.mode.current'),
  };
}

/** Runs the summary once or in a loop. Returns 14 where an infoROM is corrupt, 15 where a GPU is lost. */
export async function summary(tokens: readonly Token[], context: Context): Promise<number> {
  const period = loopPeriod(tokens);
  const { session } = await context.machine();
  const gpus = chosenGpus(session, lastValue(tokens, 'id'));
  const file = lastValue(tokens, 'filename');
  if (file !== undefined) context.io.redirect(file);
  const versions = { driverVersion: driverVersion(session), cudaVersion: cudaVersion(session) };
  const plan = compilePlan(FIELDS.map(gpuRow), gpus, { session, now: () => context.io.now() });
  let status: number = EXIT.ok;
  await loop(context.io, period, async () => {
    await plan.sample();
    const migs = gpus.flatMap((gpu, i) => migSubjects(session, gpu, reader(plan, i)));
    const { notices, worst } = check(gpus, plan);
    status = worst;
    context.io.out(
      renderSummary({
        time: new Date(context.io.now()),
        ...versions,
        gpus: gpus.map((gpu, i) => summaryGpu(gpu.index, reader(plan, i))),
        migDevices: migs.map((mig) => summaryMigDevice(session, mig)),
        processes: processes(session, gpus, migs),
        notices,
      }),
    );
  });
  return status;
}

const reader =
  (plan: Plan, line: number): Read =>
  (name) => {
    const read = plan.lines[line]?.readers[FIELDS.indexOf(name)];
    if (read === undefined) throw new Error(`the summary has no line ${line}`);
    return read();
  };

/** What the tables do not say: lost GPUs and corrupt infoROMs, and the exit status for them. */
function check(gpus: readonly Gpu[], plan: Plan): { notices: readonly string[]; worst: number } {
  const notices: string[] = [];
  let worst: number = EXIT.ok;
  gpus.forEach((gpu, i) => {
    const read = reader(plan, i);
    const busId = read('pci.bus_id');
    const name = busId instanceof Missing ? String(gpu.index) : String(busId);
    const inforom = read('inforom.checksum_validation');
    const isLost = [read('name'), read('temperature.gpu')].some(
      (reading) => reading instanceof Missing && reading.status === NVML_ERROR_GPU_IS_LOST,
    );
    if (isLost) {
      notices.push(
        `Unable to talk to gpu ${name}: ${statusWords(NVML_ERROR_GPU_IS_LOST)}. Reboot the system to recover it.`,
      );
      worst = NVML_ERROR_GPU_IS_LOST;
    } else if (inforom instanceof Missing && inforom.status === NVML_ERROR_CORRUPTED_INFOROM) {
      notices.push(`WARNING: infoROM is corrupted at gpu ${name}`);
      if (worst === EXIT.ok) worst = NVML_ERROR_CORRUPTED_INFOROM;
    }
  });
  return { notices, worst };
}

interface MigSubject extends Subject {
  readonly gpu: Gpu;
}

function migSubjects(session: Session, gpu: Gpu, read: Read): readonly MigSubject[] {
  if (!isOn(read('mig.mode.current'))) return [];
  return migDevices(session.driver, gpu).map((handle, index) => ({ gpu, handle, index, status: 0 }));
}

/** Asks probes about a subject at once. */
function askAll(session: Session, subject: Subject, probes: readonly Probe[]): readonly Asked[] {
  const asking = new Asking(session);
  const asked = probes.map((probe) => asking.ask(probe, subject));
  void asking.run();
  return asked;
}

const plain = (reading: Reading): string => cell(reading, String);

function summaryMigDevice(session: Session, mig: MigSubject): SummaryMigDevice {
  const [gi, ci, attributes, bar1] = askAll(session, mig, [
    gpuInstanceId,
    computeInstanceId,
    migAttributes,
    bar1Memory,
  ]) as [Asked, Asked, Asked, Asked];
  const plan = compilePlan(
    ['memory.used', 'memory.total', 'ecc.errors.uncorrected.volatile.total'].map(gpuRow),
    [mig],
    { session, now: Date.now },
  );
  void plan.sample();
  const [used, total, ecc] = (plan.lines[0]?.readers ?? []).map((read) => read()) as [
    Reading,
    Reading,
    Reading,
  ];
  const mebibytes = (reading: Reading): string =>
    cell(reading, (bytes) => `${gpuRow('memory.used').kind.spell(bytes)}MiB`);
  return {
    gpu: String(mig.gpu.index),
    gi: plain(gi.read('value')),
    ci: plain(ci.read('value')),
    device: String(mig.index),
    memoryUsed: mebibytes(used),
    memoryTotal: mebibytes(total),
    bar1Used: mebibytes(bar1.read('bar1Used')),
    bar1Total: mebibytes(bar1.read('bar1Total')),
    multiprocessors: plain(attributes.read('multiprocessorCount')),
    ecc: plain(ecc),
    copyEngines: plain(attributes.read('sharedCopyEngineCount')),
    encoders: plain(attributes.read('sharedEncoderCount')),
    decoders: plain(attributes.read('sharedDecoderCount')),
    ofas: plain(attributes.read('sharedOfaCount')),
    jpegs: plain(attributes.read('sharedJpegCount')),
  };
}

/** Processes of every GPU; where MIG divides one, those of its MIG devices. */
function processes(
  session: Session,
  gpus: readonly Gpu[],
  migs: readonly MigSubject[],
): readonly SummaryProcess[] {
  const ask = (probe: Probe, subject: Subject | undefined): Asked =>
    askAll(session, subject as Subject, [probe])[0] as Asked;
  const lines = (subject: Subject, gpu: Gpu, gi: string, ci: string): readonly SummaryProcess[] =>
    processesOf(subject, ask).map((process) => ({
      gpu: String(gpu.index),
      gi,
      ci,
      pid: String(process.pid),
      type: process.type,
      name: processLabel(ask(processName(process.pid), subject).read('')),
      memory: cell(process.usedMemory, (bytes) => `${gpuRow('memory.used').kind.spell(bytes)}MiB`),
    }));
  return gpus.flatMap((gpu) => {
    if (gpu.handle === undefined) return [];
    const own = migs.filter((mig) => mig.gpu === gpu);
    if (own.length === 0) return lines(gpu, gpu, 'N/A', 'N/A');
    return own.flatMap((mig) => {
      const [gi, ci] = askAll(session, mig, [gpuInstanceId, computeInstanceId]) as [Asked, Asked];
      return lines(mig, gpu, plain(gi.read('value')), plain(ci.read('value')));
    });
  });
}

/** A process that ended, or lives in another container, has no name to show. */
const processLabel = (reading: Reading): string =>
  reading instanceof Missing ? `[${statusWords(reading.status)}]` : String(reading);
