/** The processes of a GPU as records: memory, what they use of the engines, and whose they are. They come and go. */

import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Asking } from '../query/ask/asking.js';
import type { Cell } from '../query/cell.js';
import { type Field, nameOf, type RecordValues } from '../query/field.js';
import { ProcessUtilization } from '../query/monitor/process-utilization.js';
import { type EngineUses, repeating } from '../query/monitor/repeated-utilization.js';
import { gpuProcesses, type PlacedProcess } from '../query/process/gpu-processes.js';
import type { Reading } from '../query/reading.js';
import { knownCells } from '../query/record-cells.js';
import type { SystemFiles } from '../system/files.js';
import { processFields } from './fields.js';
import type { Labels, Observed, Wish } from './observed.js';
import { ownerOf } from './process-owner.js';
import { type Failures, numbersIn } from './readings.js';

/** Processes of one GPU that get series. Each is a series of its own in every dialect. */
const MOST_PROCESSES = 256;

const text = (name: string, reading: Reading): Labels =>
  reading instanceof Missing ? {} : { [name]: String(reading) };

export class ProcessRecords {
  private readonly fields: readonly Field[];
  private readonly newest = new Map<number, () => Asking<EngineUses>>();

  constructor(
    private readonly files: SystemFiles,
    gpus: readonly Gpu[],
    { has }: Wish,
  ) {
    this.fields = processFields.filter((field) => has(nameOf(field)));
    // What the driver lists with a process is found with it; the rest is of the engines.
    if (this.fields.every(({ source }) => 'item' in source)) return;
    for (const gpu of gpus) {
      if (gpu.handle !== undefined) this.newest.set(gpu.index, repeating(new ProcessUtilization(gpu)));
    }
  }

  *of(gpu: Gpu, of: Labels, failures: Failures): Asking<readonly Observed[]> {
    const processes = yield* gpuProcesses(gpu);
    if (processes instanceof Missing) {
      failures.count(processes);
      return [];
    }
    const newest = this.newest.get(gpu.index);
    const use = newest === undefined ? undefined : yield* newest();
    return processes.slice(0, MOST_PROCESSES).map((process) => ({
      relation: 'process',
      labels: this.labelsOf(process, of),
      values: this.valuesOf({ ...process, ...use?.get(process.pid) }, failures),
    }));
  }

  private labelsOf({ pid, type, name, gpuInstance, computeInstance }: PlacedProcess, of: Labels): Labels {
    return {
      ...of,
      pid: String(pid),
      type,
      ...text('process_name', name),
      ...text('gpu_instance_id', gpuInstance),
      ...text('compute_instance_id', computeInstance),
      ...ownerOf(pid, this.files),
    };
  }

  /** Nothing of the engines for a process that the driver has no sample of. */
  private valuesOf(values: RecordValues, failures: Failures): Readonly<Record<string, number>> {
    const cells = knownCells(this.fields, values);
    const readings = this.fields.map((field) => (cells[nameOf(field)] as Cell).reading);
    return numbersIn(this.fields, readings, failures);
  }
}
