/** `compute-policy -l`: the timeslice of each GPU. */
import { computePolicies } from '../query/untold.js';
import { computePolicyTable } from '../render/untold.js';
import type { CommandSpec } from './index.js';
import { idOption } from './select.js';
import { setter } from './setter.js';
import { jsonOption, untoldCommand } from './untold.js';

export const spec: CommandSpec = {
  options: [
    idOption,
    { short: ['l'], long: 'list', help: 'List the compute policies.' },
    jsonOption,
    setter(undefined, 'set-timeslice', 'required'),
  ],
  actions: ['list', 'set-timeslice'],
  run: untoldCommand('compute_policies', 'the timeslice', computePolicies, computePolicyTable),
};
