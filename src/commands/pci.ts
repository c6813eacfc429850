/** `pci`: what the GPUs count on their PCIe links. */

import { runNow } from '../act/ask.js';
import { CLEARED_COUNTERS, clearPciCounters } from '../act/pci.js';
import { dated, type Given, setter } from '../base/argv.js';
import type { Release } from '../base/release.js';
import { countersText } from '../format/counters.js';
import { gpuHeading } from '../format/gpu-heading.js';
import { Missing } from '../nvml/status.js';
import { pciErrors, pciLanes, pciTraffic } from '../query/links/pci-counters.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import type { ShownGpu, View } from './runner/collect.js';
import { onEachGpu } from './runner/each-gpu.js';
import { identityOf } from './runner/named.js';
import { chosenGpus, idOption } from './runner/select.js';
import { settableAfter } from './runner/settable.js';
import { viewsCommand } from './runner/views.js';

const views = [
  {
    short: ['gErrCnt'],
    long: 'getErrorCounters',
    help: 'Errors of the link and its lanes. JSON has all 16 lanes.',
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
  setter('cErrCnt', 'clearErrorCounters', 'Set the error counters to zero.'),
  dated(551, setter('cCnt', 'clearCounters', 'Set the counters of bytes to zero.')),
  ...actingOptions,
] as const;

function blockText(
  { gpuFields = [], relation }: View,
  { cells, recordsOf }: ShownGpu,
  failed: string | undefined,
): string {
  const lanes = relation === undefined ? [] : recordsOf(relation);
  return countersText(cells, gpuFields, lanes instanceof Missing ? [] : lanes, failed);
}

/** nvidia-smi 550 and older print one word for every failure (550 on the fake). */
const failedIn = (release: Release): string | undefined => (release < 580 ? 'error' : undefined);

const shown = viewsCommand({
  namesGpus: true,
  options,
  views,
  otherwise: [{}],
  isBareHelp: true,
  text: ({ views: asked, gpus, release }) => {
    const failed = failedIn(release());
    return asked.flatMap((view) => gpus.map((gpu) => blockText(view, gpu, failed))).join('');
  },
});

async function clear(given: Given<typeof options>, context: Context): Promise<number> {
  const acting = await beginActing(given, context);
  const wanted = CLEARED_COUNTERS.filter((which) => given[which] !== undefined);
  const gpus = await chosenGpus(acting.session, given.id);
  return onEachGpu(acting, gpus, (target) => wanted.map((which) => clearPciCounters(target, which)), {
    heading: (gpu) => gpuHeading(runNow(acting.asker, identityOf(gpu))),
    endsAtFailure: true,
  });
}

export const spec: CommandSpec = settableAfter(
  shown,
  views.map(({ long }) => long),
  CLEARED_COUNTERS,
  clear,
);
