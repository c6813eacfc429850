/** `boost-slider -l`: the maximum and the current value of each slider. */
import { refused } from '../base/argv.js';
import { boostSliderTable } from '../format/not-in-nvml.js';
import { boostSliders } from '../query/not-in-nvml.js';
import type { CommandSpec } from './command.js';
import { commandNotInNvml } from './not-in-nvml.js';
import { jsonOption } from './runner/json-option.js';
import { idOption } from './runner/select.js';

const shown = commandNotInNvml(
  [
    idOption,
    { short: ['l'], long: 'list', action: true, help: 'List the boost sliders.' },
    jsonOption,
    { ...refused(undefined, 'vboost', 'required'), number: true },
  ],
  'the boost sliders',
  boostSliders,
  boostSliderTable,
);

export const spec: CommandSpec = { ...shown, setsAlone: true };
