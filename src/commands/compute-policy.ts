/** `compute-policy -l`: the timeslice of each GPU. */
import { refused } from '../base/argv.js';
import { computePolicyTable } from '../format/not-in-nvml.js';
import { computePolicies } from '../query/not-in-nvml.js';
import type { CommandSpec } from './command.js';
import { commandNotInNvml } from './not-in-nvml.js';
import { jsonOption } from './runner/json-option.js';
import { idOption } from './runner/select.js';

const shown = commandNotInNvml(
  [
    idOption,
    { short: ['l'], long: 'list', action: true, help: 'List the compute policies.' },
    jsonOption,
    { ...refused(undefined, 'set-timeslice', 'required'), number: true },
  ],
  'the timeslice',
  computePolicies,
  computePolicyTable,
);

export const spec: CommandSpec = { ...shown, setsAlone: true };
