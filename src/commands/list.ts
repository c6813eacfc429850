/** `-L`: the GPUs and their MIG devices, a line each. */
import { lastValue, type Token } from '../argv.js';
import { EXIT } from '../errors.js';
import { migDevices, type Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import type { Reading } from '../query/bound-probe.js';
import { type Cells, cell } from '../query/cell.js';
import { fieldCells, readGpuFields } from '../query/gpu-fields.js';
import { count, text } from '../query/kind.js';
import { migName } from '../query/mig.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import { lostLine, statusOf } from './lost.js';

const word = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : String(reading);

function records(session: Session): Readonly<Record<'gpus' | 'mig_devices', readonly Cells[]>> {
  return {
    gpus: session.gpus.map((gpu) => fieldCells(session, gpu, ['index', 'name', 'uuid'])),
    mig_devices: session.gpus
      .filter((gpu) => gpu.handle !== undefined)
      .flatMap((gpu) =>
        migDevices(session.driver, gpu).map((handle, index) => {
          const mig = { index, handle, status: 0 };
          return {
            gpu: cell(count, gpu.index),
            device: cell(count, index),
            profile: cell(text, migName(session, mig)),
            ...fieldCells(session, mig, ['uuid']),
          };
        }),
      ),
  };
}

/** Prints the list. Returns the exit status: 15 where a GPU is lost. */
export async function list(tokens: readonly Token[], context: Context): Promise<number> {
  const { session } = await context.machine();
  if (lastValue(tokens, 'json') !== undefined) {
    context.io.out(jsonDocument(records(session), context.source));
    return statusOf(session.gpus);
  }
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
    const [name, uuid] = readGpuFields(session, gpu, ['name', 'uuid']);
    lines.push(`GPU ${gpu.index}: ${word(name as Reading)} (UUID: ${word(uuid as Reading)})`);
    migDevices(session.driver, gpu).forEach((handle, device) => {
      const mig = { index: device, handle, status: 0 };
      const [migUuid] = readGpuFields(session, mig, ['uuid']);
      const profile = migName(session, mig);
      lines.push(
        `  ${profile.padEnd(15)} Device ${String(device).padStart(2)}: (UUID: ${word(migUuid as Reading)})`,
      );
    });
  }
  context.io.out(`${lines.join('\n')}\n`);
  return statusOf(session.gpus);
}
