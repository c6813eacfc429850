/** Field ids made ready for one subject: one call asks for all of them. */

import type { Bound, Call, Driver, FieldId, Waiter } from '../../nvml/call.js';
import { callWith } from '../../nvml/call-of.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../../nvml/generated/constants.js';
import { nvmlDeviceGetFieldValues } from '../../nvml/generated/entries.js';
import { nvmlFieldValue_t } from '../../nvml/generated/layouts.js';
import { READ, valueScalar } from '../../nvml/memory.js';
import { ALL_ONES, Missing, type Status } from '../../nvml/status.js';
import type { Answer, Reader } from '../reading.js';
import type { Outcome } from './outcome.js';
import type { Subject } from './subject.js';
import { ABSENT, finite } from './view.js';

const calls = new Map<string, Call>();

/** One call for all subjects: another process has to be sent it once. */
function callFor(ids: readonly FieldId[]): Call {
  const key = ids.join(' ');
  let call = calls.get(key);
  if (call === undefined) {
    call = callWith(nvmlDeviceGetFieldValues, { out: 'fields', ids });
    calls.set(key, call);
  }
  return call;
}

/** Field ids of a subject that are asked in one call. */
export class BoundFields {
  private readonly bound: Bound | undefined;
  status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    ids: readonly FieldId[],
    driver: Driver,
    subject: Subject,
    private readonly outcome: Outcome,
  ) {
    if (subject.status !== 0) this.status = subject.status;
    else {
      this.bound = driver.bind(callFor(ids), subject.handle);
    }
  }

  run(): void {
    if (this.bound !== undefined) this.answered(this.bound.run());
  }

  async start(): Promise<void> {
    if (this.bound !== undefined) this.answered(await this.bound.start());
  }

  /** The same without a promise for each call. */
  begin(waiter: Waiter<void>): void {
    if (this.bound?.begin === undefined) {
      this.start().then(waiter.resolve, waiter.reject);
      return;
    }
    this.bound.begin({
      resolve: (status) => {
        this.answered(status);
        waiter.resolve();
      },
      reject: waiter.reject,
    });
  }

  private answered(status: Status): void {
    this.status = status;
    this.outcome.answered(status);
  }

  /** The answer of the index-th field id: one value, whatever its path. */
  answer(index: number): Answer {
    const read = this.reader(index, false);
    const raw = this.reader(index, true);
    const statusOf = (): Status => {
      const reading = read();
      return reading instanceof Missing ? reading.status : 0;
    };
    const refusal = (status = statusOf()): Missing => {
      this.outcome.refused(status);
      return Missing.of(status);
    };
    return {
      get status() {
        return statusOf();
      },
      read,
      raw,
      pick: (_, isRaw = false) => (isRaw ? raw : read),
      items: () => refusal(),
      elements: () => refusal(),
      refusal,
      memory: () => undefined,
    };
  }

  private reader(index: number, raw: boolean): Reader {
    const at = index * nvmlFieldValue_t.size;
    const statusAt = at + nvmlFieldValue_t.fields.nvmlReturn[1];
    const typeAt = at + nvmlFieldValue_t.fields.valueType[1];
    const valueAt = at + nvmlFieldValue_t.fields.value[1];
    return () => {
      if (this.status !== 0 || this.bound === undefined) return Missing.of(this.status);
      const memory = this.bound.memory[0] as Buffer;
      const status = memory.readUInt32LE(statusAt);
      if (status !== 0) return this.missing(status);
      const type = valueScalar(memory.readUInt32LE(typeAt));
      const value = READ[type](memory, valueAt);
      if (type === 'f64') return finite(value);
      return !raw && value === ABSENT[type] ? ALL_ONES : value;
    };
  }

  /** The call may succeed and each of its values say that the GPU is lost. */
  private missing(status: Status): Missing {
    this.outcome.answered(status);
    return Missing.of(status);
  }
}
