/** What a report says about the system before its GPUs. */
import { call, i32 } from '../../nvml/call.js';
import { calendarTime, type Kind, timestamp } from '../kind.js';
import { fixed } from '../probe.js';
import { type Field, reading } from './field.js';

/** Milliseconds since the epoch, as C's ctime writes the second that they are in. */
const asctime: Kind = {
  spell: (milliseconds) => calendarTime.spell(Math.floor(Number(milliseconds) / 1000)),
  json: timestamp.json,
};

/** 13000 → 13.0 */
const version: Kind = {
  spell: (value) => `${Math.floor(Number(value) / 1000)}.${Math.floor((Number(value) % 1000) / 10)}`,
  json: (value) => version.spell(value),
};

const cuda = fixed(
  'CUDA version',
  call('nvmlSystemGetCudaDriverVersion_v2', i32()),
  call('nvmlSystemGetCudaDriverVersion', i32()),
);

export const time: Field = { kind: asctime, source: { own: 'timestamp' } };
export const cudaVersion: Field = reading(version, cuda);
