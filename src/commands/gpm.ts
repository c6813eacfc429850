/** `gpm -g`: whether the performance metrics of a GPU are streamed. */

import { setStreaming } from '../act/gpm.js';
import { type Given, type OptionSpec, setterOf } from '../base/argv.js';
import { EXIT } from '../base/errors.js';
import { jsonDocument } from '../format/document.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { nvmlGpmQueryIfStreamingEnabled } from '../nvml/generated/entries.js';
import { Missing } from '../nvml/status.js';
import { readOne, together } from '../query/ask/asking.js';
import { cell, cellText } from '../query/cell.js';
import { count, words } from '../query/kind.js';
import { sample } from '../query/probe.js';
import type { Reading } from '../query/reading.js';
import { actingOptions, beginActing } from './acting.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, idOption } from './select.js';

const streaming = sample(nvmlGpmQueryIfStreamingEnabled);
const state = words({ 0: 'DISABLED', 1: 'ENABLED' });

const options = [
  idOption,
  { short: ['g'], long: 'get-stream-state', action: true, help: 'Show whether metrics are streamed.' },
  { ...setterOf('s', 'set-stream-state', '0|1', 'Stream the metrics, or do not.'), number: true },
  { ...jsonOption, action: true },
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

async function gpm(given: Given<typeof options>, context: Context): Promise<number> {
  const wanted = given['set-stream-state'];
  if (wanted !== undefined) {
    const acting = await beginActing(given, context);
    return setStreaming(acting, await chosenGpus(acting.session, given.id), wanted);
  }
  const { session, asker } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const asJson = given.json;
  // JSON has a reason also for a GPU that is lost; the text has a line for that one.
  const asked = asJson ? gpus : reachable(gpus);
  const readings = await asker.start(together(asked.map((gpu) => readOne(streaming, gpu, 'state'))));
  const states = asked.map((gpu, i) => ({ gpu, state: cell(state, readings[i] as Reading) }));
  if (asJson) {
    const gpm = states.map((one) => ({ gpu: cell(count, one.gpu.index), streaming: one.state }));
    context.io.out(jsonDocument({ gpm }, context.source));
    return statusOf(gpus);
  }
  if (
    states.every(
      (one) => one.state.reading instanceof Missing && one.state.reading.status === NVML_ERROR_NOT_SUPPORTED,
    )
  ) {
    throw refusal('No GPM capable devices found.', EXIT.noDevice, gpus);
  }
  const lines = states.map((one) => ({
    index: one.gpu.index,
    text: `GPM stream state: ${cellText(one.state)}`,
  }));
  // Two H200s in the same state get one line (580.159.04); GPUs that differ have a line each.
  const same = lines.every(({ text }) => text === lines[0]?.text);
  const shown = same
    ? lines.slice(0, 1).map(({ text }) => text)
    : lines.map(({ index, text }) => `GPU ${index}: ${text}`);
  context.io.out(shown.map((text) => `${text}\n`).join('') + lostLines(gpus));
  return statusOf(gpus) || statusOfAll(states.map((one) => one.state.reading));
}

/** Where no GPU has an answer, its status is the program's: 3 for a GPU without GPM. */
function statusOfAll(readings: readonly Reading[]): number {
  const [first] = readings;
  return first instanceof Missing && readings.every((reading) => reading instanceof Missing)
    ? first.status
    : EXIT.ok;
}

/** `gpm -g [-i GPU] [--json]` */
export const spec: CommandSpec = command({
  options,
  run: gpm,
});
