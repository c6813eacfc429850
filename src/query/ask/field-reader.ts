/** Readers of fields: each source in its way. */
import { NVML_ERROR_NOT_FOUND } from '../../nvml/generated/constants.js';
import { Missing } from '../../nvml/status.js';
import type { Own, RecordValues, Source, StatusValues } from '../field.js';
import type { Kind } from '../kind.js';
import type { Reader, Reading } from '../reading.js';
import type { Gathering } from './gathering.js';
import type { Subject } from './subject.js';

/** A device of the machine that is no GPU. */
export interface NearbyDevice {
  /** As the kernel calls it: mlx5_0, nvme0. */
  readonly name: string;
  readonly numaNode: number | undefined;
  /** How far it is from a GPU, by the bus id of that, or from another: one of NVML_TOPOLOGY_*. */
  levelTo(other: string | NearbyDevice): number;
}

/** What the system knows of devices and NVML does not. It is looked up when it is asked for. */
export interface NearbyDevices {
  nics(): readonly NearbyDevice[];
  nvmeDisks(): readonly NearbyDevice[];
}

/** What fields may read beside the answers of NVML. */
export interface Surroundings {
  readonly gpuCount: number;
  /** Milliseconds since the epoch. */
  now(): number;
  /** All GPUs of the machine, for relations between them. */
  readonly gpus?: readonly Subject[];
  readonly devices?: NearbyDevices;
}

const NO_VALUE = Missing.of(NVML_ERROR_NOT_FOUND);

/** A reader of a field of a record about a subject. Its questions go into the gathering. */
export function fieldReader(
  { source, kind }: { readonly source: Source; readonly kind?: Kind },
  subject: Subject,
  values: RecordValues,
  into: Gathering,
  around: Surroundings,
): Reader {
  if ('probe' in source) {
    const read = into.reader(source, subject, kind?.allOnes);
    return source.statuses === undefined ? read : withStatuses(read, source.statuses);
  }
  if ('item' in source) {
    const value = values[source.item] ?? NO_VALUE;
    return () => value;
  }
  if ('asks' in source) {
    const wanted = source.asks(values);
    return wanted instanceof Missing ? () => wanted : into.reader(wanted, subject, kind?.allOnes);
  }
  if ('constant' in source) return () => source.constant;
  if ('derived' in source) {
    const readers = source.derived.map((field) => fieldReader(field, subject, values, into, around));
    // A derived field has at least one other.
    return () => source.of(...(readers.map((read) => read()) as [Reading, ...Reading[]]));
  }
  return ownReader(source.own, subject, around);
}

function ownReader(own: Own, subject: Subject, around: Surroundings): Reader {
  switch (own) {
    case 'index':
      return () => subject.index;
    case 'count':
      return () => around.gpuCount;
    case 'timestamp':
      return () => around.now();
    case 'blank':
      return () => '';
  }
}

/** Some statuses are answers: reads them as the values that they mean. */
const withStatuses =
  (read: Reader, statuses: StatusValues): Reader =>
  () => {
    const reading = read();
    return reading instanceof Missing ? (statuses[reading.status] ?? reading) : reading;
  };
