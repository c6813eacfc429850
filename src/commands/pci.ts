/** `pci`: what the GPUs count on their PCIe links. */
import { type Given, type OptionSpec, setter } from '../argv.js';
import type { Gpu, Session } from '../nvml/session.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { type PciCounter, pciErrors, pciTraffic, readCounters, readLanes } from '../query/pci-counters.js';
import { countersText, type NamedCounter } from '../render/counters.js';
import { jsonDocument } from '../render/document.js';
import { gpuHeading } from '../render/gpu-heading.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { identityOf, namedGpu } from './named.js';
import { chosenGpus, idOption } from './select.js';

interface Group extends OptionSpec {
  readonly counters: readonly PciCounter[];
  readonly withLanes: boolean;
}

const GROUPS = [
  {
    short: ['gErrCnt'],
    long: 'getErrorCounters',
    help: 'Errors of the link and of its lanes. JSON has all 16 lanes.',
    counters: pciErrors,
    withLanes: true,
  },
  {
    short: ['gCnt'],
    long: 'getCounters',
    help: 'Bytes sent and received.',
    counters: pciTraffic,
    withLanes: false,
  },
] as const satisfies readonly Group[];

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  ...GROUPS,
  { long: 'json', help: 'Print the counters as one JSON object.' },
  setter('cErrCnt', 'clearErrorCounters'),
  setter('cCnt', 'clearCounters'),
] as const satisfies readonly OptionSpec[];

interface Counted {
  readonly gpu: Gpu;
  readonly counters: readonly NamedCounter[];
  readonly lanes: NamedCounter['cell'][];
}

function countOf(session: Session, gpu: Gpu, group: Group): Counted {
  const readings = readCounters(session, gpu, group.counters);
  const counters = group.counters.flatMap(({ name }, i) => {
    const reading = readings[i];
    return reading === undefined ? [] : [{ name, cell: cell(count, reading) }];
  });
  const lanes = group.withLanes ? readLanes(session, gpu).map((lane) => cell(count, lane)) : [];
  return { gpu, counters, lanes };
}

function record(session: Session, gpu: Gpu, counted: readonly Counted[]): Cells {
  const counters = counted.filter((one) => one.gpu === gpu).flatMap((one) => one.counters);
  return {
    ...identityOf(session, gpu),
    ...Object.fromEntries(counters.map(({ name, cell: value }) => [name.toLowerCase(), value])),
  };
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const { session } = await context.machine();
  const gpus = chosenGpus(session, given.id);
  const groups = GROUPS.filter(({ long }) => given[long]);
  const counted = groups.flatMap((group) => reachable(gpus).map((gpu) => countOf(session, gpu, group)));
  if (given.json) {
    context.io.out(
      jsonDocument(
        {
          gpus: reachable(gpus).map((gpu) => record(session, gpu, counted)),
          lanes: counted.flatMap(({ gpu, lanes }) =>
            lanes.map((errors, lane) => ({ gpu: cell(count, gpu.index), lane: cell(count, lane), errors })),
          ),
        },
        context.source,
      ),
    );
    return statusOf(gpus);
  }
  const text = counted.map(({ gpu, counters, lanes }) =>
    countersText(namedGpu(session, gpu), counters, lanes),
  );
  // Without a counter the GPU alone is named (H200 with failing calls, 580.159.04).
  const bare = groups.length > 0 ? [] : reachable(gpus).map((gpu) => gpuHeading(namedGpu(session, gpu)));
  context.io.out([...bare, ...text].join('') + lostLines(gpus));
  return statusOf(gpus);
}

export const spec: CommandSpec = command({ options, actions: options.map(({ long }) => long), run });
