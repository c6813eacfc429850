/** `gpm -g`: whether the performance metrics of a GPU are streamed. */

import { setStreaming } from '../act/gpm.js';
import { type Given, type OptionSpec, setterOf } from '../base/argv.js';
import { EXIT } from '../base/errors.js';
import { NO_GPM, streamingText } from '../format/gpm.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Cell } from '../query/cell.js';
import { nameOf } from '../query/field.js';
import { gpmStreaming } from '../query/gpu/unlisted.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import type { ShownGpu } from './runner/collect.js';
import { jsonOption } from './runner/json-option.js';
import { refusal } from './runner/lost.js';
import { chosenGpus, idOption } from './runner/select.js';
import { settable } from './runner/settable.js';
import { type CommandEnding, viewsCommand } from './runner/views.js';

const options = [
  idOption,
  { short: ['g'], long: 'get-stream-state', action: true, help: 'Show whether metrics are streamed.' },
  { ...setterOf('s', 'set-stream-state', '0|1', 'Stream the metrics, or do not.'), number: true },
  { ...jsonOption, action: true },
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

type GpmOptions = Given<typeof options>;

async function set(given: GpmOptions, context: Context): Promise<number> {
  const acting = await beginActing(given, context);
  const gpus = await chosenGpus(acting.session, given.id);
  return setStreaming(acting, gpus, Number(given['set-stream-state']));
}

const stateOf = ({ cells }: ShownGpu): Cell => cells[nameOf(gpmStreaming)] as Cell;

function text(shown: readonly ShownGpu[], all: readonly Gpu[]): string {
  const states = shown.map((one) => stateOf(one).reading);
  if (states.every((one) => one instanceof Missing && one.status === NVML_ERROR_NOT_SUPPORTED)) {
    throw refusal(NO_GPM, EXIT.noDevice, all);
  }
  return streamingText(shown.map((one) => ({ cells: one.cells, state: stateOf(one) })));
}

/** Where no GPU has an answer, its status is the program's: 3 for a GPU without GPM. */
function ending(gpus: readonly ShownGpu[]): CommandEnding | undefined {
  const readings = gpus.map((gpu) => stateOf(gpu).reading);
  const [first] = readings;
  return first instanceof Missing && readings.every((reading) => reading instanceof Missing)
    ? { status: first.status, words: '' }
    : undefined;
}

/** `gpm -g [-i GPU] [--json]` */
const shown = viewsCommand({
  options,
  views: [],
  otherwise: [{}],
  gpuFields: [gpmStreaming],
  text: ({ gpus }, all) => text(gpus, all),
  ending: ({ given, gpus }) => (given.json ? undefined : ending(gpus)),
});

export const spec: CommandSpec = settable(shown, ['set-stream-state'], set);
