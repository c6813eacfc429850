/** Protected memory of each process, where confidential computing is on. */
import { isOut, type Out } from '../../nvml/call.js';
import { callOf } from '../../nvml/call-of.js';
import { nvmlDeviceGetRunningProcessDetailList } from '../../nvml/generated/entries.js';
import { nvmlProcessDetail_v1_t, nvmlProcessDetailList_v1_t } from '../../nvml/generated/layouts.js';
import { arrayAt, filledOf, READ } from '../../nvml/memory.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { type Asking, ask } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { sample } from '../probe.js';
import type { Reading } from '../reading.js';

const COMPUTE = 0;

const { pid: PID, usedGpuCcProtectedMemory: USED } = nvmlProcessDetail_v1_t.fields;
/** All ones: NVML's mark for a value that is not available. */
const ABSENT = 0xffffffffffffffffn;

const details = sample(nvmlDeviceGetRunningProcessDetailList, { mode: COMPUTE });
const list = callOf(nvmlDeviceGetRunningProcessDetailList, { mode: COMPUTE }).args.find(isOut) as Out;

/**
 * Bytes by pid, from nvmlDeviceGetRunningProcessDetailList, for compute processes: the only ones that can be protected.
 */
export function* protectedMemory(gpu: Subject): Asking<(pid: number) => Reading> {
  const answer = yield* ask(details, gpu);
  const memory = answer.memory();
  if (memory === undefined) return () => Missing.of(answer.status);
  const first = arrayAt(nvmlProcessDetailList_v1_t);
  const count = filledOf(list, memory);
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
