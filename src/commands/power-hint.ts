/**
 * `power-hint`: estimates of the power that a GPU would draw. NVML has no function for them, so no GPU has them here;
 * nvidia-smi says the same of an H100 and an H200 (580.159.04).
 */
import { lastValue, type OptionSpec } from '../argv.js';
import { jsonDocument } from '../render/document.js';
import type { CommandSpec } from './index.js';
import { jsonOption } from './json-option.js';
import { lostLines, statusOf } from './lost.js';
import { chosenGpus, idOption } from './select.js';
import { wholeNumber } from './whole-number.js';

const estimate = (short: string, long: string, argument: string, help: string): OptionSpec => ({
  short: [short],
  long,
  value: 'required',
  argument,
  help,
});

const ESTIMATES: readonly OptionSpec[] = [
  estimate('gc', 'graphics-clock', 'MHZ', 'Estimate at this graphics clock.'),
  estimate('mc', 'memory-clock', 'MHZ', 'Estimate at this memory clock.'),
  estimate('t', 'temperature', 'CELSIUS', 'Estimate at this temperature.'),
  estimate('p', 'profile', 'ID', 'Estimate for this workload profile.'),
];

export const spec: CommandSpec = {
  options: [
    idOption,
    {
      short: ['l'],
      long: 'list-info',
      help: 'List the clocks, temperatures and workloads that can be estimated.',
    },
    ...ESTIMATES,
    jsonOption,
  ],
  actions: ['list-info', ...ESTIMATES.map(({ long }) => long)],
  run: async (tokens, context) => {
    for (const { long } of ESTIMATES) wholeNumber(tokens, long);
    const { session } = await context.machine();
    const gpus = chosenGpus(session, lastValue(tokens, 'id'));
    const asJson = lastValue(tokens, 'json') !== undefined;
    context.io.out(
      asJson
        ? jsonDocument({ power_hints: [] }, context.source)
        : `No supported devices found\n${lostLines(gpus)}`,
    );
    return statusOf(gpus);
  },
};
