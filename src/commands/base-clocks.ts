/** `base-clocks`: the graphics clock that each GPU holds under any load. */
import { baseClocks } from '../query/untold.js';
import { baseClockLines } from '../render/untold.js';
import type { CommandSpec } from './index.js';
import { gpuOption, jsonOption, untoldCommand } from './untold.js';

export const spec: CommandSpec = {
  options: [gpuOption, jsonOption],
  run: untoldCommand('base_clocks', 'the base clocks', (gpu) => [baseClocks(gpu)], baseClockLines),
};
