/** Events of a recorded machine: sets can be made and waited for, and nothing ever happens. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bound, type Call, isOut } from '../nvml/call.js';
import { NVML_ERROR_TIMEOUT } from '../nvml/generated/constants.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import { allocate } from '../nvml/memory.js';
import type { Status } from '../nvml/status.js';
import type { HandleNames } from './answer.js';

/** The calls about event sets, which no recording holds. Undefined for all others. */
export function eventCall(call: Call, handles: HandleNames): Bound | undefined {
  const make = BOUND[call.fn];
  return make?.(
    call,
    call.args.filter(isOut).map((out) => allocate(out)),
    handles,
  );
}

type MakeEventCall = (call: Call, memory: readonly Buffer[], handles: HandleNames) => Bound;

let sets = 0;

const create: MakeEventCall = (call, memory, handles) =>
  bound(call, memory, () => {
    memory[0]?.writeBigUInt64LE(handles.handleOf(`events${sets++}`), 0);
    return 0;
  });

const succeed: MakeEventCall = (call, memory) => bound(call, memory, () => 0);

/** Takes as long as a driver does to which nothing happens. */
const wait: MakeEventCall = (call, memory) => {
  const milliseconds = call.args.find((arg) => typeof arg === 'number') ?? 0;
  return {
    call,
    memory,
    status: NVML_ERROR_TIMEOUT,
    run: () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
      return NVML_ERROR_TIMEOUT;
    },
    start: () => sleep(milliseconds, NVML_ERROR_TIMEOUT),
  };
};

const BOUND: Readonly<Partial<Record<FunctionName, MakeEventCall>>> = {
  nvmlEventSetCreate: create,
  nvmlDeviceRegisterEvents: succeed,
  nvmlEventSetWait: wait,
  nvmlEventSetWait_v2: wait,
  nvmlEventSetFree: succeed,
};

const bound = (call: Call, memory: readonly Buffer[], run: () => Status): Bound => ({
  call,
  memory,
  status: 0,
  run,
  start: async () => run(),
});
