/** `base-clocks`: the graphics clock that each GPU holds under any load. */
import { baseClocks } from '../query/untold.js';
import { baseClockLines } from '../render/untold.js';
import type { CommandSpec } from './index.js';
import { idOption } from './select.js';
import { jsonOption, untoldCommand } from './untold.js';

export const spec: CommandSpec = {
  options: [idOption, jsonOption],
  run: untoldCommand('base_clocks', 'the base clocks', (gpu) => [baseClocks(gpu)], baseClockLines),
};
