/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */
import { activatePreset, setSmoothing } from '../act/power.js';
import {
  PRESET_PARAMETERS,
  type PresetParameter,
  parameterValue,
  updatePreset,
} from '../act/power-smoothing.js';
import { type AnyGiven, type Given, setterOf } from '../base/argv.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { profileDefinitions, refusal } from '../format/power-smoothing.js';
import { Missing } from '../nvml/status.js';
import { presetProfiles } from '../query/power/smoothing-profiles.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import type { View } from './runner/collect.js';
import { onEachGpu } from './runner/each-gpu.js';
import { jsonOption } from './runner/json-option.js';
import { chosenGpus, idOption } from './runner/select.js';
import { settableAfter } from './runner/settable.js';
import { viewsCommand } from './runner/views.js';

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

const PARAMETERS = PRESET_PARAMETERS.map(({ short, long, what, unit }) =>
  setterOf(
    short,
    long,
    unit === '' ? 'NUMBER' : unit === '%' ? 'PERCENT' : unit,
    `With -p: set the ${what} of a preset profile.`,
  ),
);

const options = [
  idOption,
  view,
  jsonOption,
  ...SETTERS,
  {
    short: ['p'],
    long: 'profile',
    value: 'required',
    number: true,
    argument: 'ID',
    help: 'The preset profile whose parameters are set.',
    beside: 'setter',
  },
  ...PARAMETERS,
  ...actingOptions,
] as const;

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

/** A parameter and its value. Throws UsageError for a value that is none. */
function parametersOf(given: AnyGiven): readonly (readonly [parameter: PresetParameter, value: number])[] {
  return PRESET_PARAMETERS.flatMap((parameter) => {
    const text = given[parameter.long];
    if (text === undefined) return [];
    const value = parameterValue(parameter, String(text));
    if (value === undefined) {
      throw new UsageError(plainly`Option "${String(text)}" is invalid for "-${parameter.short}".`);
    }
    return [[parameter, value] as const];
  });
}

async function set(given: Given<typeof options>, context: Context): Promise<number> {
  const { state, profile, 'set-preset-profile': preset } = given;
  const parameters = parametersOf(given);
  if (parameters.length > 0 !== (profile !== undefined)) {
    throw new UsageError('A parameter of a preset profile needs the profile: -p ID, and -p ID a parameter.');
  }
  const acting = await beginActing(given, context);
  return onEachGpu(acting, await chosenGpus(acting.session, given.id), (target) => [
    ...(state === undefined ? [] : [setSmoothing(target, state)]),
    ...parameters.map(([parameter, value]) => updatePreset(target, profile ?? 0, parameter, value)),
    ...(preset === undefined ? [] : [activatePreset(target, preset)]),
  ]);
}

export const spec: CommandSpec = settableAfter(
  shown,
  [view.long],
  [...SETTERS, ...PARAMETERS].map(({ long }) => long),
  set,
);
