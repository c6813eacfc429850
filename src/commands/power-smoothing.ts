/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */

import { activatePreset, setSmoothing } from '../act/power.js';
import { type OptionSpec, setterOf } from '../argv.js';
import { Missing } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { PARAMETERS, type PresetProfile, presetProfiles } from '../query/power-smoothing-profiles.js';
import { jsonDocument } from '../render/document.js';
import { profileDefinitions, refusal } from '../render/power-smoothing.js';
import { actingOptions, beginActing } from './acting.js';
import { type CommandSpec, command } from './command.js';
import { onEachGpu } from './each-gpu.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus, idOption } from './select.js';

const SETTERS = [
  { ...setterOf('s', 'state', '0|1', 'Switch power smoothing.'), number: true },
  { ...setterOf('spp', 'set-preset-profile', 'ID', 'Activate a preset profile.'), number: true },
] as const;

const options = [
  idOption,
  { short: ['ppd'], long: 'print-profile-definitions', help: 'Show the preset profiles of each GPU.' },
  jsonOption,
  ...SETTERS,
  ...actingOptions,
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
    const { state, 'set-preset-profile': preset } = given;
    if (state !== undefined || preset !== undefined) {
      const acting = await beginActing(given, context);
      return onEachGpu(acting, chosenGpus(acting.session, given.id), (target) => [
        ...(state === undefined ? [] : [setSmoothing(target, state)]),
        ...(preset === undefined ? [] : [activatePreset(target, preset)]),
      ]);
    }
    const { session } = await context.machine();
    const gpus = chosenGpus(session, given.id);
    const answers = reachable(gpus).map(({ index, ...gpu }) => ({
      index,
      profiles: presetProfiles(session, { index, ...gpu }),
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
