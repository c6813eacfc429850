/** `power-smoothing -ppd`: what the preset profiles of power smoothing say. */
import { setter } from '../argv.js';
import { Missing } from '../nvml/status.js';
import { presetProfiles } from '../query/power-smoothing-profiles.js';
import { profileDefinitions, refusal } from '../render/power-smoothing.js';
import type { CommandSpec } from './command.js';
import { jsonOption } from './json-option.js';
import { idOption } from './select.js';
import { type View, viewsCommand } from './views.js';

const view = {
  short: ['ppd'],
  long: 'print-profile-definitions',
  help: 'Show the preset profiles of each GPU.',
  relation: presetProfiles,
} as const satisfies View;

const SETTERS = [setter('s', 'state', 'required'), setter('spp', 'set-preset-profile', 'required')] as const;

export const spec: CommandSpec = viewsCommand({
  options: [idOption, view, jsonOption, ...SETTERS],
  views: [view],
  actions: [view, ...SETTERS].map(({ long }) => long),
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
