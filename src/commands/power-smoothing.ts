/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */
import { lastValue, type OptionSpec } from '../argv.js';
import { Missing } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { PARAMETERS, type PresetProfile, presetProfiles } from '../query/power-smoothing-profiles.js';
import { jsonDocument } from '../render/document.js';
import { profileDefinitions, refusal } from '../render/power-smoothing.js';
import type { CommandSpec } from './index.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus, idOption } from './select.js';
import { refuseSetters, setter } from './setter.js';

const SETTERS = [setter('s', 'state', 'required'), setter('spp', 'set-preset-profile', 'required')];

const options: readonly OptionSpec[] = [
  idOption,
  { short: ['ppd'], long: 'print-profile-definitions', help: 'Show the preset profiles of each GPU.' },
  jsonOption,
  ...SETTERS,
];

const LABELS = PARAMETERS.map(({ label }) => label);

const profileCells = (gpu: number, { id, parameters }: PresetProfile): Cells => ({
  gpu: cell(count, gpu),
  profile_id: cell(count, id),
  ...Object.fromEntries(PARAMETERS.map(({ name, kind }, i) => [name, parameters[i] ?? cell(kind, 0)])),
});

export const spec: CommandSpec = {
  options,
  actions: ['print-profile-definitions', ...SETTERS.map(({ long }) => long)],
  run: async (tokens, context) => {
    refuseSetters(tokens);
    const { session } = await context.machine();
    const gpus = chosenGpus(session, lastValue(tokens, 'id'));
    const answers = reachable(gpus).map(({ index, ...gpu }) => ({
      index,
      profiles: presetProfiles(session, { index, ...gpu }),
    }));
    if (lastValue(tokens, 'json') !== undefined) {
      const records = answers.flatMap(({ index, profiles }) =>
        profiles instanceof Missing ? [] : profiles.map((profile) => profileCells(index, profile)),
      );
      context.io.out(jsonDocument({ preset_profiles: records }, context.source));
    } else {
      const text = answers.map(({ index, profiles }) =>
        profiles instanceof Missing ? refusal(profiles) : profileDefinitions(index, LABELS, profiles),
      );
      context.io.out(text.join('') + lostLines(gpus));
    }
    return statusOf(gpus);
  },
};
