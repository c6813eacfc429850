/** `clocks`: groups of GPUs that boost their clocks together. */
import { dated, type Given, type OptionSpec, refused } from '../base/argv.js';
import { jsonDocument } from '../format/document.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Asking, together } from '../query/ask/asking.js';
import { type Cells, cell } from '../query/cell.js';
import { gpuField } from '../query/gpu-fields.js';
import { active, count } from '../query/kind.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, idOption } from './select.js';

const options = [
  { ...idOption, help: 'Only these GPUs.' },
  { long: 'sync-boost-list', action: true, help: 'List the sync boost groups.' },
  refused(undefined, 'sync-boost-add'),
  refused(undefined, 'sync-boost-remove', 'required'),
  dated(535, refused('som', 'sparse-operation-mode', 'required')),
  {
    long: 'json',
    ours: true,
    help: 'With --sync-boost-list: whether the group of each GPU limits its clocks, as JSON.',
  },
] as const satisfies readonly OptionSpec[];

function* syncBoostOf(gpu: Gpu): Asking<Cells<'gpu' | 'sync_boost'>> {
  const state = yield* gpuField('clocks_event_reasons.sync_boost', gpu);
  return { gpu: cell(count, gpu.index), sync_boost: cell(active, state) };
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const states = await asker.start(together(reachable(gpus).map(syncBoostOf)));
  if (given.json) {
    context.io.out(jsonDocument({ gpus: states }, context.source));
    return statusOf(gpus);
  }
  const members = states.filter(
    ({ sync_boost: { reading } }) => !(reading instanceof Missing) && Number(reading) !== 0,
  );
  // NVML does not list the groups; it only reports which GPUs one holds back.
  const text =
    members.length === 0
      ? 'No synchronous boost groups are currently configured.\n'
      : `NVML does not list the synchronous boost groups; held back by theirs are the GPUs ${members
          .map(({ gpu }) => gpu.reading)
          .join(', ')}.\n`;
  context.io.out(text + lostLines(gpus));
  return statusOf(gpus);
}

export const spec: CommandSpec = command({
  options,
  run,
});
