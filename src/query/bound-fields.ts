/** Field ids made ready for one subject: one call asks for all of them. */

import { type Bound, type Driver, type FieldId, type Handle, SUBJECT } from '../nvml/call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND, NVML_ERROR_GPU_IS_LOST } from '../nvml/generated/constants.js';
import { nvmlFieldValue_t } from '../nvml/generated/layouts.js';
import { READ, valueScalar } from '../nvml/memory.js';
import { Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import { ABSENT, type Reader } from './view.js';

/** Field ids of a subject that are asked in one call. */
export class BoundFields {
  private readonly bound: Bound | undefined;
  private status: Status = NVML_ERROR_FUNCTION_NOT_FOUND;

  constructor(
    ids: readonly FieldId[],
    private readonly driver: Driver,
    subject: Handle | undefined,
    unreachable: Status = 0,
  ) {
    if (unreachable !== 0) this.status = unreachable;
    else {
      this.bound = driver.bind(
        { fn: 'nvmlDeviceGetFieldValues', args: [SUBJECT, { out: 'fields', ids }] },
        subject,
      );
    }
  }

  run(): void {
    if (this.bound !== undefined) this.status = this.bound.run();
  }

  /** A reader of the index-th field id. */
  reader(index: number): Reader {
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
      return value === ABSENT[type] ? NOT_SUPPORTED : value;
    };
  }

  /** The call may succeed and each of its values say that the GPU is lost. */
  private missing(status: Status): Missing {
    if (status === NVML_ERROR_GPU_IS_LOST) this.driver.sawLostGpu = true;
    return Missing.of(status);
  }
}
