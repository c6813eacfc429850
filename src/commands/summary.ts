/** `nvsmi` alone: the summary table of GPUs, MIG devices and processes, with the infoROM check. */
import { lastValue, type Token } from '../argv.js';
import { EXIT } from '../errors.js';
import { NVML_ERROR_CORRUPTED_INFOROM, NVML_ERROR_GPU_IS_LOST } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { loopPeriod } from '../options.js';
import { gpuRow } from '../query/now.js';
import { compilePlan, type Plan } from '../query/plan.js';
import { renderSummary } from '../render/summary.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { chosenGpus } from './select.js';
import { FIELDS, isOn, type Read, summaryGpu } from './summary-cells.js';
import { migSubjects, summaryMigDevice } from './summary-mig.js';
import { summaryProcesses } from './summary-processes.js';
import { cudaVersion, driverVersion } from './version.js';

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
    const migs = gpus.flatMap((gpu, i) =>
      isOn(reader(plan, i)('mig.mode.current')) ? migSubjects(session, gpu) : [],
    );
    const { notices, worst } = check(gpus, plan);
    status = worst;
    context.io.out(
      renderSummary({
        time: new Date(context.io.now()),
        ...versions,
        gpus: gpus.map((gpu, i) => summaryGpu(gpu.index, reader(plan, i))),
        migDevices: migs.map((mig) => summaryMigDevice(session, mig)),
        processes: summaryProcesses(session, gpus, migs),
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
