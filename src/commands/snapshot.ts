/** `snapshot`: records every read-only answer of this machine to a file. */
import { lastValue, type OptionSpec } from '../argv.js';
import { anonymize } from '../nvml/anonymize.js';
import type { Call, FieldId } from '../nvml/call.js';
import { call, text } from '../nvml/call.js';
import { readText } from '../nvml/memory.js';
import { ask, type Session } from '../nvml/session.js';
import { formatSnapshot, SNAPSHOT_VERSION, type Snapshot } from '../nvml/snapshot.js';
import { survey } from '../nvml/survey.js';
import type { Probe } from '../query/probe.js';
import type { SystemFiles } from '../system/files.js';
import { recordedPaths } from '../system/recorded.js';
import type { CommandSpec } from './index.js';

const snapshotOptions: readonly OptionSpec[] = [
  {
    short: ['o'],
    long: 'output',
    value: 'required',
    argument: 'FILE',
    help: 'Write here instead of to stdout.',
  },
  { long: 'title', value: 'required', argument: 'TEXT', help: 'What machine this is, in a line.' },
  {
    long: 'keep-identities',
    help: 'Keep UUIDs, serial numbers, host and user names, and arguments in the names of processes. Without it they are made up or left out.',
  },
];

export interface SnapshotOptions {
  readonly title?: string | undefined;
  readonly keepIdentities?: boolean;
  /** Probes whose particular arguments the general survey may not think of. */
  readonly probes?: readonly Probe[];
}

/** The snapshot of an open machine, as the text of its file. */
function takeSnapshot(session: Session, files: SystemFiles, options: SnapshotOptions = {}): string {
  const probes = options.probes ?? [];
  const calls = survey(session.driver, {
    cpus: countCpus(files),
    extraCalls: probes.flatMap((probe): readonly Call[] => probe.calls),
    extraFields: probes.flatMap((probe): readonly FieldId[] =>
      probe.field === undefined ? [] : [probe.field],
    ),
  });
  const snapshot: Snapshot = {
    format: 'nvsmi-snapshot',
    version: SNAPSHOT_VERSION,
    title: options.title ?? titleOf(session),
    origin: 'recorded',
    identities: 'kept',
    files: recordedPaths(files, calls),
    calls,
  };
  return formatSnapshot(options.keepIdentities ? snapshot : anonymize(snapshot));
}

/** "2 x NVIDIA H200, driver 580.159.04" */
function titleOf(session: Session): string {
  const read = (what: Call): string | undefined => {
    const { status, memory } = ask(session.driver, what);
    return status === 0 && memory[0] !== undefined ? readText(memory[0], 0, memory[0].length) : undefined;
  };
  const names = session.gpus.map(({ handle }) =>
    handle === undefined ? 'lost GPU' : (read(call('nvmlDeviceGetName', handle, text(96))) ?? 'GPU'),
  );
  const kinds = [...new Set(names)].map((name) => `${names.filter((n) => n === name).length} x ${name}`);
  const driver = read(call('nvmlSystemGetDriverVersion', text(80))) ?? 'unknown';
  return `${kinds.length === 0 ? 'no GPU' : kinds.join(', ')}, driver ${driver}`;
}

const countCpus = (files: SystemFiles): number =>
  files.list('/sys/devices/system/cpu').filter((name) => /^cpu\d+$/.test(name)).length;

/** `snapshot [-o FILE] [--title TEXT] [--keep-identities]` */
export const spec: CommandSpec = {
  options: snapshotOptions,
  run: async (tokens, context) => {
    const { session, files } = await context.machine();
    const output = lastValue(tokens, 'output');
    // A file that cannot be made is refused now, not after all that there is to ask.
    if (output !== undefined) context.io.redirect(output);
    const { tables } = await import('../query/tables/index.js');
    const { reportProbes } = await import('../report/probes.js');
    const rowProbes = tables.flatMap(({ rows }) =>
      rows.flatMap(({ source }) => ('probe' in source ? [source.probe] : [])),
    );
    const probes = [...rowProbes, ...reportProbes];
    const snapshot = takeSnapshot(session, files, {
      title: lastValue(tokens, 'title'),
      keepIdentities: lastValue(tokens, 'keep-identities') !== undefined,
      probes,
    });
    context.io.out(snapshot);
    return 0;
  },
};
