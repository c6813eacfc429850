/** `power-profiles`: workload power profiles that the GPUs support, and those in force. */
import { clearProfiles, profileIds, requestProfiles } from '../act/power.js';
import { type Given, setterOf } from '../base/argv.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import * as render from '../format/power-profiles.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Cells } from '../query/cell.js';
import * as power from '../query/power/profiles.js';
import type { Relation } from '../query/relation.js';
import type { CommandSpec } from './command.js';
import type { Context } from './context.js';
import { actingOptions, beginActing } from './runner/acting.js';
import type { ShownGpu, View } from './runner/collect.js';
import { onEachGpu } from './runner/each-gpu.js';
import { jsonOption } from './runner/json-option.js';
import { refusal } from './runner/lost.js';
import { chosenGpus, idOption } from './runner/select.js';
import { settable } from './runner/settable.js';
import { viewsCommand } from './runner/views.js';

interface ProfileView extends View {
  readonly relation: Relation;
  readonly print: (profiles: readonly Cells[]) => string;
}

const views = [
  {
    short: ['l'],
    long: 'list',
    help: 'List the profiles that each GPU supports.',
    relation: power.supportedProfiles,
    print: render.profileList,
  },
  {
    short: ['ld'],
    long: 'list-detailed',
    help: 'The same, with the priority and the conflicts of each profile.',
    relation: power.detailedProfiles,
    print: render.profileDetails,
  },
  {
    short: ['gr'],
    long: 'get-requested',
    help: 'Requested profiles.',
    relation: power.requestedProfiles,
    print: render.currentList('requested'),
  },
  {
    short: ['ge'],
    long: 'get-enforced',
    help: 'Enforced profiles.',
    relation: power.enforcedProfiles,
    print: render.currentList('engaged'),
  },
] as const satisfies readonly ProfileView[];

const SETTERS = [
  setterOf('sr', 'set-requested', 'ID,...', 'Request profiles.'),
  setterOf('cr', 'clear-requested', 'ID,...', 'Withdraw the request of profiles.'),
] as const;

const options = [idOption, ...views, jsonOption, ...SETTERS, ...actingOptions] as const;

/** The profiles of a GPU. The first GPU without profiles ends the command (H200, 580.159.04). */
function profilesOf({ recordsOf }: ShownGpu, relation: Relation, gpus: readonly Gpu[]): readonly Cells[] {
  const profiles = recordsOf(relation);
  if (!(profiles instanceof Missing)) return profiles;
  throw refusal(
    profiles.status === NVML_ERROR_NOT_SUPPORTED
      ? 'Workload Power Profiles feature is not supported on this device.'
      : `Unable to get Workload Power Profiles information: ${statusReason(profiles.status)}`,
    profiles.status,
    gpus,
  );
}

const shown = viewsCommand({
  options,
  views,
  // A GPU without profiles has the status of its refusal in JSON, too.
  isRefused: true,
  text: ({ views: asked, gpus }, all) =>
    views
      .filter((view) => asked.includes(view))
      .map(({ relation, print }) => gpus.map((gpu) => print(profilesOf(gpu, relation, all))).join(''))
      .join(''),
});

/** Throws UsageError for what is no list of profiles. */
function idsOf(list: string | undefined): readonly number[] | undefined {
  if (list === undefined) return undefined;
  const ids = profileIds(list);
  if (ids !== undefined) return ids;
  throw new UsageError(plainly`"${list}" is no list of power profiles: ids are numbers, such as 0,3.`);
}

async function set(given: Given<typeof options>, context: Context): Promise<number> {
  const [request, clear] = [idsOf(given['set-requested']), idsOf(given['clear-requested'])];
  const acting = await beginActing(given, context);
  return onEachGpu(acting, await chosenGpus(acting.session, given.id), (target) => [
    ...(request === undefined ? [] : [requestProfiles(target, request)]),
    ...(clear === undefined ? [] : [clearProfiles(target, clear)]),
  ]);
}

export const spec: CommandSpec = settable(
  shown,
  SETTERS.map(({ long }) => long),
  set,
);
