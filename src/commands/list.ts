/** `-L`: the GPUs and their MIG devices, a line each. */

import { EXIT } from '../errors.js';
import { migDevices } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/asked.js';
import { migName } from '../query/mig.js';
import { readAll } from '../query/now.js';
import type { Context } from './context.js';
import { lostLine, statusOf } from './lost.js';

const word = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : String(reading);

/** Prints the list. Returns the exit status: 15 where a GPU is lost. */
export async function list(context: Context): Promise<number> {
  const { session } = await context.machine();
  if (session.gpus.length === 0) {
    context.io.out('No devices found.\n');
    return EXIT.ok;
  }
  const lines: string[] = [];
  for (const gpu of session.gpus) {
    if (gpu.handle === undefined) {
      lines.push(lostLine(gpu));
      continue;
    }
    const [name, uuid] = readAll(session, gpu, ['name', 'uuid']);
    lines.push(`GPU ${gpu.index}: ${word(name as Reading)} (UUID: ${word(uuid as Reading)})`);
    migDevices(session.driver, gpu).forEach((handle, device) => {
      const mig = { index: device, handle, status: 0 };
      const [migUuid] = readAll(session, mig, ['uuid']);
      const profile = migName(session, mig);
      lines.push(
        `  ${profile.padEnd(15)} Device ${String(device).padStart(2)}: (UUID: ${word(migUuid as Reading)})`,
      );
    });
  }
  context.io.out(`${lines.join('\n')}\n`);
  return statusOf(session.gpus);
}
