/** Protected memory of each process, where confidential computing is on. */
import { type Bound, call, type Driver, type Handle, type Out, SUBJECT } from '../../nvml/call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, nvmlProcessDetailList_v1 } from '../../nvml/generated/constants.js';
import { nvmlProcessDetail_v1_t, nvmlProcessDetailList_v1_t } from '../../nvml/generated/layouts.js';
import { arrayAt, filledOf, READ } from '../../nvml/memory.js';
import { Missing, NOT_SUPPORTED, type Status } from '../../nvml/status.js';
import type { Reading } from '../reading.js';

const COMPUTE = 0;

const DETAILS: Extract<Out, { out: 'struct' }> = {
  out: 'struct',
  layout: nvmlProcessDetailList_v1_t,
  set: { version: nvmlProcessDetailList_v1, mode: COMPUTE },
  array: { field: 'procArray', count: 'numProcArrayEntries', item: nvmlProcessDetail_v1_t, room: 64 },
};

const { pid: PID, usedGpuCcProtectedMemory: USED } = nvmlProcessDetail_v1_t.fields;
/** All ones: NVML's mark for a value that is not available. */
const ABSENT = 0xffffffffffffffffn;

/** From nvmlDeviceGetRunningProcessDetailList, for compute processes: the only ones that can be protected. */
export class ProtectedMemory {
  private bound: Bound | undefined;
  private status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    private readonly driver: Driver,
    private readonly gpu: Handle,
  ) {}

  /** Asks now. Returns bytes by pid. */
  sample(): (pid: number) => Reading {
    this.bound ??= this.driver.bind(
      call('nvmlDeviceGetRunningProcessDetailList', SUBJECT, DETAILS),
      this.gpu,
    );
    if (this.bound !== undefined) this.status = this.bound.run();
    const memory = this.bound?.memory[0];
    const { status } = this;
    if (status !== 0 || memory === undefined) return () => Missing.of(status);
    const first = arrayAt(DETAILS.layout);
    const count = filledOf(DETAILS, memory);
    return (pid) => {
      for (let i = 0; i < count; i++) {
        const at = first + i * nvmlProcessDetail_v1_t.size;
        if (memory.readUInt32LE(at + PID[1]) !== pid) continue;
        const bytes = READ.u64(memory, at + USED[1]);
        return bytes === ABSENT ? NOT_SUPPORTED : bytes;
      }
      return NOT_SUPPORTED;
    };
  }
}
