/** `--get-hostname`: the host name that was given to each GPU. */
import { Missing } from '../nvml/status.js';
import { readAll } from '../query/now.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus } from './select.js';

/** Prints the names, or that a GPU has none (two H200s, 580.159.04; a name itself has not been seen). */
export async function hostname(ids: string | undefined, context: Context): Promise<number> {
  const { session } = await context.machine();
  const gpus = chosenGpus(session, ids);
  const lines = reachable(gpus).map((gpu) => {
    const [busId, name] = readAll(session, gpu, ['pci.bus_id', 'hostname']);
    return name instanceof Missing
      ? `Hostname not supported for GPU ${busId}.\nTreating as warning and moving on.\n`
      : `Hostname of GPU ${busId}: ${name}\n`;
  });
  context.io.out(`${lines.join('')}${lostLines(gpus)}All done.\n`);
  return statusOf(gpus);
}
