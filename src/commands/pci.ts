/** `pci`: what the GPUs count on their PCIe links. */
import { dated, refused } from '../base/argv.js';
import { countersText } from '../format/counters.js';
import { Missing } from '../nvml/status.js';
import { pciErrors, pciLanes, pciTraffic } from '../query/pci-counters.js';
import type { CommandSpec } from './command.js';
import { idOption } from './select.js';
import { type ShownGpu, type View, viewsCommand } from './views.js';

const views = [
  {
    short: ['gErrCnt'],
    long: 'getErrorCounters',
    help: 'Errors of the link and of its lanes. JSON has all 16 lanes.',
    gpuFields: pciErrors,
    relation: pciLanes,
  },
  {
    short: ['gCnt'],
    long: 'getCounters',
    since: 551,
    help: 'Bytes sent and received.',
    gpuFields: pciTraffic,
  },
] as const satisfies readonly View[];

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  ...views,
  { long: 'json', ours: true, help: 'Print the counters as one JSON object.' },
  refused('cErrCnt', 'clearErrorCounters'),
  dated(551, refused('cCnt', 'clearCounters')),
] as const;

function blockText({ gpuFields = [], relation }: View, { cells, recordsOf }: ShownGpu): string {
  const lanes = relation === undefined ? [] : recordsOf(relation);
  return countersText(cells, gpuFields, lanes instanceof Missing ? [] : lanes);
}

export const spec: CommandSpec = viewsCommand({
  options,
  views,
  otherwise: [{}],
  actions: options.map(({ long }) => long),
  text: ({ views: asked, gpus }) => asked.flatMap((view) => gpus.map((gpu) => blockText(view, gpu))).join(''),
});
