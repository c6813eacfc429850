/**
 * `power-hint`: estimates of the power that a GPU would draw. NVML has no function for them, so no GPU has them here;
 * nvidia-smi says the same of an H100 and an H200 (580.159.04).
 */
import type { OptionSpec } from '../base/argv.js';
import { powerHints } from '../query/not-in-nvml.js';
import type { CommandSpec } from './command.js';
import { jsonOption } from './runner/json-option.js';
import { idOption } from './runner/select.js';
import { viewsCommand } from './runner/views.js';

const estimate = <const Long extends string>(short: string, long: Long, argument: string, help: string) =>
  ({
    short: [short],
    long,
    value: 'required',
    number: true,
    argument,
    action: true,
    help,
  }) as const satisfies OptionSpec;

const ESTIMATES = [
  estimate('gc', 'graphics-clock', 'MHZ', 'Estimate at this graphics clock.'),
  estimate('mc', 'memory-clock', 'MHZ', 'Estimate at this memory clock.'),
  estimate('t', 'temperature', 'CELSIUS', 'Estimate at this temperature.'),
  estimate('p', 'profile', 'ID', 'Estimate for this workload profile.'),
];

export const spec: CommandSpec = viewsCommand({
  options: [
    idOption,
    {
      short: ['l'],
      long: 'list-info',
      action: true,
      help: 'List the clocks, temperatures and workloads that can be estimated.',
    },
    ...ESTIMATES,
    jsonOption,
  ],
  views: [],
  otherwise: [{ relation: powerHints }],
  text: () => 'No supported devices found\n',
});
