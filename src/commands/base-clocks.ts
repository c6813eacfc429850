/** `base-clocks`: the graphics clock that each GPU holds under any load. */

import { baseClockLines } from '../format/not-in-nvml.js';
import { baseClocks } from '../query/not-in-nvml.js';
import type { CommandSpec } from './command.js';
import { commandNotInNvml } from './not-in-nvml.js';
import { jsonOption } from './runner/json-option.js';
import { idOption } from './runner/select.js';

export const spec: CommandSpec = commandNotInNvml(
  [idOption, jsonOption],
  'the base clocks',
  baseClocks,
  baseClockLines,
);
