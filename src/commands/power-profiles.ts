/** `power-profiles`: workload power profiles that the GPUs support, and those in force. */
import { type OptionSpec, setter } from '../argv.js';
import { EXIT } from '../errors.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import { type Cells, cell } from '../query/cell.js';
import { count, text } from '../query/kind.js';
import { profileNames } from '../query/power-profile-names.js';
import * as power from '../query/power-profiles.js';
import type { Probe } from '../query/probe.js';
import { askProbe } from '../query/read.js';
import type { Answer } from '../query/reading.js';
import { jsonDocument } from '../render/document.js';
import * as render from '../render/power-profiles.js';
import { type CommandSpec, command } from './command.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, idOption } from './select.js';

/** The first GPU without profiles ends the command (H200, 580.159.04). */
function refuseAbsent(asked: Answer, gpus: readonly Gpu[]): void {
  if (asked.status === 0) return;
  throw refusal(
    asked.status === NVML_ERROR_NOT_SUPPORTED
      ? 'Workload Power Profiles feature is not supported on this device.'
      : `Unable to get Workload Power Profiles information: ${statusReason(asked.status)}`,
    asked.status,
    gpus,
  );
}

interface Action extends OptionSpec {
  readonly part: string;
  readonly probe: Probe;
  readonly print: (asked: Answer) => string;
  readonly records: (asked: Answer, gpu: Gpu) => readonly Cells[];
  /** The record of a GPU without profiles: nulls, and why. */
  readonly absent: (why: Missing, gpu: Gpu) => Cells;
}

const profileCells = (id: number | Missing, gpu: Gpu): Cells => ({
  gpu: cell(count, gpu.index),
  profile_id: cell(count, id),
  name: cell(profileNames, id),
});

const detailCells = ({ id, priority, conflicts }: power.PowerProfile, gpu: Gpu): Cells => ({
  ...profileCells(id, gpu),
  priority: cell(count, priority),
  conflicts: cell(text, conflicts.join(',')),
});

/** In place of the profiles of a GPU that reports none. */
const absentDetails = (why: Missing, gpu: Gpu): Cells => ({
  ...profileCells(why, gpu),
  priority: cell(count, why),
  conflicts: cell(text, why),
});

const current = <const Long extends string>(
  short: string,
  long: Long,
  help: string,
  part: string,
  path: string,
): Action & { readonly long: Long } => ({
  short: [short],
  long,
  help,
  part,
  probe: power.currentProfiles,
  print: (asked) => render.currentList(power.idsInMask(asked, path), part === 'requested' ? part : 'engaged'),
  records: (asked, gpu) => power.idsInMask(asked, path).map((id) => profileCells(id, gpu)),
  absent: profileCells,
});

const ACTIONS = [
  {
    short: ['l'],
    long: 'list',
    help: 'List the profiles that each GPU supports.',
    part: 'profiles',
    probe: power.profilesInfo,
    print: (asked) => render.profileList(power.supportedProfiles(asked)),
    records: (asked, gpu) => power.supportedProfiles(asked).map(({ id }) => profileCells(id, gpu)),
    absent: profileCells,
  },
  {
    short: ['ld'],
    long: 'list-detailed',
    help: 'The same with the priority and the conflicts of each profile.',
    part: 'profile_details',
    probe: power.profilesInfo,
    print: (asked) => render.profileDetails(power.supportedProfiles(asked)),
    records: (asked, gpu) => power.supportedProfiles(asked).map((profile) => detailCells(profile, gpu)),
    absent: absentDetails,
  },
  current('gr', 'get-requested', 'Requested profiles.', 'requested', 'requestedProfilesMask'),
  current('ge', 'get-enforced', 'Enforced profiles.', 'enforced', 'enforcedProfilesMask'),
] as const satisfies readonly Action[];

const SETTERS = [
  setter('sr', 'set-requested', 'required'),
  setter('cr', 'clear-requested', 'required'),
] as const;

const options = [idOption, ...ACTIONS, jsonOption, ...SETTERS] as const satisfies readonly OptionSpec[];

export const spec: CommandSpec = command({
  options,
  actions: [...ACTIONS, ...SETTERS].map(({ long }) => long),
  run: async (given, context) => {
    const { session } = await machineOf(context);
    const gpus = await chosenGpus(session, given.id);
    const actions = ACTIONS.filter(({ long }) => given[long]);
    const answers = actions.map((action) => ({
      action,
      asked: reachable(gpus).map((gpu) => ({ gpu, asked: askProbe(session, action.probe, gpu) })),
    }));
    if (given.json) {
      const parts = answers.map(({ action, asked }) => [
        action.part,
        asked.flatMap(({ gpu, asked }) =>
          asked.status === 0 ? action.records(asked, gpu) : [action.absent(Missing.of(asked.status), gpu)],
        ),
      ]);
      context.io.out(jsonDocument(Object.fromEntries(parts), context.source));
      const failed = answers.flatMap(({ asked }) => asked.map((answer) => answer.asked.status)).find(Boolean);
      return statusOf(gpus) || (failed ?? EXIT.ok);
    }
    for (const { asked } of answers) for (const answer of asked) refuseAbsent(answer.asked, gpus);
    for (const { action, asked } of answers) {
      context.io.out(asked.map((answer) => action.print(answer.asked)).join(''));
    }
    context.io.out(lostLines(gpus));
    return statusOf(gpus);
  },
});
