/** `base-clocks`: the graphics clock that each GPU holds under any load. */

import { baseClockLines } from '../format/not-in-nvml.js';
import { baseClocks } from '../query/not-in-nvml.js';
import { type CommandSpec, command } from './command.js';
import { jsonOption } from './json-option.js';
import { commandNotInNvml } from './not-in-nvml.js';
import { idOption } from './select.js';

export const spec: CommandSpec = command({
  options: [idOption, jsonOption],
  run: commandNotInNvml('base_clocks', 'the base clocks', (gpu) => [baseClocks(gpu)], baseClockLines),
});
