/** `--filter` of a fleet: which GPUs are shown. */
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import type { Fleet, FleetGpu } from '../../fleet/fleet.js';
import { STATES, stateOf, textOf } from '../../fleet/state.js';
import { nearestHint } from '../runner/nearest-hint.js';

export const FILTERS = ['host', 'name', 'state', 'user', 'pod', 'job'] as const;
type FleetFilter = (typeof FILTERS)[number];

/** Whether a GPU has what each part of --filter wants. */
export function readFilter(list: string | undefined): (gpu: FleetGpu, of: Fleet) => boolean {
  const wanted = (list ?? '')
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', ...rest] = part.split('=');
      if (!FILTERS.includes(name as FleetFilter) || rest.length === 0) {
        throw new UsageError(plainly`--filter is NAME=TEXT with ${FILTERS.join(', ')}, not ${part}`);
      }
      const pattern = rest.join('=');
      if (name === 'state' && !STATES.includes(pattern as (typeof STATES)[number])) {
        throw new UsageError(plainly`--filter: unknown state ${pattern}.${nearestHint(pattern, STATES)}`);
      }
      return [name as FleetFilter, matcher(pattern)] as const;
    });
  return (gpu, of) => wanted.every(([name, fits]) => textsOf(gpu, of, name).some(fits));
}

function textsOf(gpu: FleetGpu, of: Fleet, name: FleetFilter): readonly string[] {
  switch (name) {
    case 'host':
      return [gpu.host];
    case 'name':
      return [textOf(gpu, 'name', of)];
    case 'state':
      return [stateOf(gpu, of)];
    case 'user':
      return gpu.owners?.users ?? [];
    case 'pod':
      return gpu.owners?.pods ?? [];
    case 'job':
      return gpu.owners?.jobs ?? [];
  }
}

function matcher(pattern: string): (text: string) => boolean {
  const inner = pattern.replace(/^\*|\*$/g, '');
  if (pattern.length > 1 && pattern.startsWith('*') && pattern.endsWith('*'))
    return (text) => text.includes(inner);
  if (pattern.startsWith('*')) return (text) => text.endsWith(inner);
  if (pattern.endsWith('*')) return (text) => text.startsWith(inner);
  return (text) => text === pattern;
}
