/** The NVLinks of a GPU: which there are. */
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetNvLinkRemoteDeviceType,
  nvmlDeviceGetNvLinkRemotePciInfo_v2,
  nvmlDeviceGetNvLinkState,
} from '../../nvml/generated/entries.js';
import { Missing, type Status } from '../../nvml/status.js';
import { type Asking, ask, askAll } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { field, type Probe, sample } from '../probe.js';
import type { Answer, Reading } from '../reading.js';

export const linkState = (link: number): Probe => sample(nvmlDeviceGetNvLinkState, { link });

export const linkRemote = (link: number): Probe => sample(nvmlDeviceGetNvLinkRemotePciInfo_v2, { link });

/** NVML_NVLINK_DEVICE_TYPE_*. */
export const linkRemoteType = (link: number): Probe => sample(nvmlDeviceGetNvLinkRemoteDeviceType, { link });

export interface Link {
  readonly index: number;
  /** 0 where it is inactive. */
  readonly active: Reading;
}

/** How NVML says that a GPU has no such link, or no NVLink. */
const NO_LINK: readonly Status[] = [
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
];

/**
 * The links that a GPU has; none where it has no NVLink. A link whose state cannot be read is one of them where NVML counts
 * so many; where it does not, it is not known which links there are.
 */
export function* linksOf(gpu: Subject): Asking<readonly Link[] | Missing> {
  const counted = (yield* ask(linkCount, gpu)).read('value');
  const isCounted = !(counted instanceof Missing);
  const limit = Math.min(isCounted ? Number(counted) : MOST_LINKS, MOST_LINKS);
  const states = isCounted ? yield* statesOf(gpu, 0, limit) : yield* statesUntilNone(gpu, limit);
  const links: Link[] = [];
  for (const [index, asked] of states.entries()) {
    const active = asked.read('isActive');
    if (active instanceof Missing) {
      if (NO_LINK.includes(active.status)) break;
      if (!isCounted) return asked.refusal();
    }
    links.push({ index, active });
  }
  return links;
}

const MOST_LINKS = nvml.NVML_NVLINK_MAX_LINKS;
const linkCount = field(nvml.NVML_FI_DEV_NVLINK_LINK_COUNT, 0, 'static');

const statesOf = (gpu: Subject, first: number, count: number): Asking<readonly Answer[]> =>
  askAll(Array.from({ length: count }, (_, i) => ({ probe: linkState(first + i), subject: gpu })));

/** A GPU without NVLink is asked about one link only. */
function* statesUntilNone(gpu: Subject, limit: number): Asking<readonly Answer[]> {
  const states: Answer[] = [];
  while (states.length < limit) {
    const [state] = yield* statesOf(gpu, states.length, 1);
    states.push(state as Answer);
    if (state?.status !== 0) break;
  }
  return states;
}
