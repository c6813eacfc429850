/** `--get-hostname`: the host name that was given to each GPU. */
import { Missing } from '../nvml/status.js';
import { type Cells, cellText } from '../query/cell.js';
import { gpuRow } from '../query/gpu-fields.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './runner/json-option.js';
import { idOption } from './runner/select.js';
import { viewsCommand } from './runner/views.js';

/** The names, or that a GPU has none (two H200s, 580.159.04; a name itself has not been seen). */
export const spec: CommandSpec = viewsCommand({
  options: [idOption, jsonOption],
  views: [],
  otherwise: [{}],
  gpuFields: [gpuRow('pci.bus_id'), gpuRow('hostname')],
  text: ({ gpus }) => gpus.map(({ cells }) => line(cells as Cells as HostCells)).join(''),
  after: 'All done.\n',
});

type HostCells = Cells<'pci.bus_id' | 'hostname'>;

const line = ({ 'pci.bus_id': busId, hostname: name }: HostCells): string =>
  name.reading instanceof Missing
    ? `Hostname not supported for GPU ${cellText(busId)}.\nTreating as warning and moving on.\n`
    : `Hostname of GPU ${cellText(busId)}: ${cellText(name)}\n`;

/** `--get-hostname` is an option of the program. */
export const hostname = (
  { id, json }: { readonly id?: string; readonly json?: true },
  context: Context,
): Promise<number> =>
  spec.run({ ...(id === undefined ? {} : { id }), ...(json === undefined ? {} : { json }) }, context);
