/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */
import { type OptionSpec, setter } from '../argv.js';
import { Missing } from '../nvml/status.js';
import { together } from '../query/ask/asking.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { PARAMETERS, type PresetProfile, presetProfiles } from '../query/power-smoothing-profiles.js';
import { jsonDocument } from '../render/document.js';
import { profileDefinitions, refusal } from '../render/power-smoothing.js';
import { type CommandSpec, command } from './command.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, idOption } from './select.js';

const SETTERS = [setter('s', 'state', 'required'), setter('spp', 'set-preset-profile', 'required')] as const;

const options = [
  idOption,
  { short: ['ppd'], long: 'print-profile-definitions', help: 'Show the preset profiles of each GPU.' },
  jsonOption,
  ...SETTERS,
] as const satisfies readonly OptionSpec[];

const LABELS = PARAMETERS.map(({ label }) => label);

const profileCells = (gpu: number, { id, parameters }: PresetProfile): Cells => ({
  gpu: cell(count, gpu),
  profile_id: cell(count, id),
  ...Object.fromEntries(PARAMETERS.map(({ name, kind }, i) => [name, parameters[i] ?? cell(kind, 0)])),
});

export const spec: CommandSpec = command({
  options,
  actions: ['print-profile-definitions', ...SETTERS.map(({ long }) => long)],
  run: async (given, context) => {
    const { session, asker } = await machineOf(context);
    const gpus = await chosenGpus(session, given.id);
    const asked = reachable(gpus);
    const found = await asker.start(together(asked.map(presetProfiles)));
    const answers = asked.map(({ index }, i) => ({
      index,
      profiles: found[i] as (typeof found)[number],
    }));
    if (given.json) {
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
});
