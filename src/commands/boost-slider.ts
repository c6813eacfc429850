/** `boost-slider -l`: how far each slider goes, and where it stands. */
import { boostSliders } from '../query/untold.js';
import { boostSliderTable } from '../render/untold.js';
import type { CommandSpec } from './index.js';
import { idOption } from './select.js';
import { setter } from './setter.js';
import { jsonOption, untoldCommand } from './untold.js';

export const spec: CommandSpec = {
  options: [
    idOption,
    { short: ['l'], long: 'list', help: 'List the boost sliders.' },
    jsonOption,
    setter(undefined, 'vboost', 'required'),
  ],
  actions: ['list', 'vboost'],
  run: untoldCommand('boost_sliders', 'the boost sliders', boostSliders, boostSliderTable),
};
