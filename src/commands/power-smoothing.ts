/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */
import { activatePreset, setSmoothing } from '../act/power.js';
import { type Given, setterOf } from '../base/argv.js';
import { profileDefinitions, refusal } from '../format/power-smoothing.js';
import { Missing } from '../nvml/status.js';
import { presetProfiles } from '../query/power-smoothing-profiles.js';
import { actingOptions, beginActing } from './acting.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { onEachGpu } from './each-gpu.js';
import { jsonOption } from './json-option.js';
import { chosenGpus, idOption } from './select.js';
import { settable } from './settable.js';
import { type View, viewsCommand } from './views.js';

const view = {
  short: ['ppd'],
  long: 'print-profile-definitions',
  help: 'Show the preset profiles of each GPU.',
  relation: presetProfiles,
} as const satisfies View;

const SETTERS = [
  { ...setterOf('s', 'state', '0|1', 'Switch power smoothing.'), number: true },
  { ...setterOf('spp', 'set-preset-profile', 'ID', 'Activate a preset profile.'), number: true },
] as const;

const options = [idOption, view, jsonOption, ...SETTERS, ...actingOptions] as const;

const shown = viewsCommand({
  options,
  views: [view],
  text: ({ gpus }) =>
    gpus
      .map(({ gpu, recordsOf }) => {
        const profiles = recordsOf(presetProfiles);
        return profiles instanceof Missing
          ? refusal(profiles)
          : profileDefinitions(gpu.index, presetProfiles.fields, profiles);
      })
      .join(''),
});

async function set(given: Given<typeof options>, context: Context): Promise<number> {
  const { state, 'set-preset-profile': preset } = given;
  const acting = await beginActing(given, context);
  return onEachGpu(acting, await chosenGpus(acting.session, given.id), (target) => [
    ...(state === undefined ? [] : [setSmoothing(target, state)]),
    ...(preset === undefined ? [] : [activatePreset(target, preset)]),
  ]);
}

export const spec: CommandSpec = settable(
  shown,
  SETTERS.map(({ long }) => long),
  set,
);
