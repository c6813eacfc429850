/** `clocks`: groups of GPUs that boost their clocks together. */
import { dated, type OptionSpec, refused } from '../base/argv.js';
import { Missing, NOT_SUPPORTED } from '../nvml/status.js';
import { nameOf } from '../query/field.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { CommandSpec } from './command.js';
import type { ShownGpu } from './runner/collect.js';
import { idOption } from './runner/select.js';
import { viewsCommand } from './runner/views.js';

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id or serial number.' },
  { long: 'sync-boost-list', action: true, help: 'List the sync boost groups.' },
  refused(undefined, 'sync-boost-add'),
  { ...refused(undefined, 'sync-boost-remove', 'required'), number: true },
  dated(535, refused('som', 'sparse-operation-mode', 'required')),
  {
    long: 'json',
    ours: true,
    help: 'With --sync-boost-list: print, as JSON, whether the group of each GPU limits its clocks.',
  },
] as const satisfies readonly OptionSpec[];

const syncBoost = gpuRow('clocks_event_reasons.sync_boost');

/** NVML does not list the groups; it only reports which GPUs one holds back. */
function groupsText(gpus: readonly ShownGpu[]): string {
  const members = gpus.filter(({ cells }) => {
    const reading = cells[nameOf(syncBoost)]?.reading ?? NOT_SUPPORTED;
    return !(reading instanceof Missing) && Number(reading) !== 0;
  });
  if (members.length === 0) return 'No synchronous boost groups are currently configured.\n';
  const list = members.map(({ gpu }) => gpu.index).join(', ');
  return `NVML does not list the synchronous boost groups; held back by theirs are the GPUs ${list}.\n`;
}

export const spec: CommandSpec = viewsCommand({
  options,
  views: [],
  otherwise: [{}],
  gpuFields: [syncBoost],
  text: ({ gpus }) => groupsText(gpus),
});
