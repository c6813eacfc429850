/** A recording with answers that it lacks and that follow from others: programs ask more than nvsmi does. */
import { own } from '../base/form.js';
import type { Answers } from '../snapshot/answer-key.js';
import type { Snapshot } from '../snapshot/snapshot.js';

/** NVML_CLOCK_ID_CUSTOMER_BOOST_MAX */
const CUSTOMER_BOOST = 3;

export function completed(snapshot: Snapshot): Snapshot {
  const { calls } = snapshot;
  const boost = Object.entries(own(calls, 'nvmlDeviceGetMaxCustomerBoostClock') ?? {}).map(
    ([key, answer]) => [`${key},${CUSTOMER_BOOST}`, answer],
  );
  const clocks = own(calls, 'nvmlDeviceGetClock');
  if (clocks === undefined) return snapshot;
  const all: Answers = { ...Object.fromEntries(boost), ...clocks };
  return { ...snapshot, calls: { ...calls, nvmlDeviceGetClock: all } };
}
