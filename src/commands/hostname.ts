/** `--get-hostname`: the host name that was given to each GPU. */
import { Missing } from '../nvml/status.js';
import { cellText } from '../query/cell.js';
import { fieldCells } from '../query/gpu-fields.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus } from './select.js';

/** Prints the names, or that a GPU has none (two H200s, 580.159.04; a name itself has not been seen). */
export async function hostname(
  given: { readonly id?: string; readonly json?: true },
  context: Context,
): Promise<number> {
  const { session } = await context.machine();
  const gpus = chosenGpus(session, given.id);
  if (given.json) {
    const fields = ['index', 'pci.bus_id', 'hostname'];
    context.io.out(
      jsonDocument({ hostnames: gpus.map((gpu) => fieldCells(session, gpu, fields)) }, context.source),
    );
    return statusOf(gpus);
  }
  const lines = reachable(gpus).map((gpu) => {
    const { 'pci.bus_id': busId, hostname: name } = fieldCells(session, gpu, ['pci.bus_id', 'hostname']);
    return name.reading instanceof Missing
      ? `Hostname not supported for GPU ${cellText(busId)}.\nTreating as warning and moving on.\n`
      : `Hostname of GPU ${cellText(busId)}: ${cellText(name)}\n`;
  });
  context.io.out(`${lines.join('')}${lostLines(gpus)}All done.\n`);
  return statusOf(gpus);
}
