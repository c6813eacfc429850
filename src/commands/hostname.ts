/** `--get-hostname`: the host name that was given to each GPU. */

import { jsonDocument } from '../format/document.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { together } from '../query/ask/asking.js';
import { cellText } from '../query/cell.js';
import { fieldCells } from '../query/gpu-fields.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';

const named = (gpus: readonly Gpu[]) =>
  together(gpus.map((gpu) => fieldCells(['index', 'pci.bus_id', 'hostname'], gpu)));

/** Prints the names, or that a GPU has none (two H200s, 580.159.04; a name itself has not been seen). */
export async function hostname(
  given: { readonly id?: string; readonly json?: true },
  context: Context,
): Promise<number> {
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  if (given.json) {
    context.io.out(jsonDocument({ hostnames: await asker.start(named(gpus)) }, context.source));
    return statusOf(gpus);
  }
  const lines = (await asker.start(named(reachable(gpus)))).map(({ 'pci.bus_id': busId, hostname: name }) =>
    name.reading instanceof Missing
      ? `Hostname not supported for GPU ${cellText(busId)}.\nTreating as warning and moving on.\n`
      : `Hostname of GPU ${cellText(busId)}: ${cellText(name)}\n`,
  );
  context.io.out(`${lines.join('')}${lostLines(gpus)}All done.\n`);
  return statusOf(gpus);
}
