/** `fleet`: the GPUs of many hosts, from Prometheus or over ssh, as nvidia-smi would show those of one. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { decimal } from '../../base/period.js';
import { jsonText, plainly } from '../../base/plain-text.js';
import { type Fleet, FleetError, TABLE_FIELDS } from '../../fleet/fleet.js';
import { fleetFromPrometheus } from '../../fleet/from-prometheus.js';
import { BadHost, readHosts } from '../../fleet/hosts.js';
import { BadHttpConfig, type HttpConfig, NO_HTTP_CONFIG, readHttpConfig } from '../../fleet/http-config.js';
import { PrometheusApi } from '../../fleet/prometheus.js';
import { spanRecord, spansOf, spanTable } from '../../fleet/span.js';
import { fleetOverSsh } from '../../fleet/ssh.js';
import { STATES } from '../../fleet/state.js';
import { fleetRecord, fleetTable, listLine, SORTS, sortedBy } from '../../fleet/table.js';
import { nameOf } from '../../query/field.js';
import { gpuTable } from '../../query/gpu/index.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { type QueryRequest, readQuery } from '../query/request.js';
import { jsonOption } from '../runner/json-option.js';
import { nearestHint } from '../runner/nearest-hint.js';
import { FILTERS, readFilter } from './filter.js';
import { queried, rowOf } from './query.js';

const USUAL_DEADLINE = 10;
const LONGEST_DEADLINE = 600;

const options = [
  {
    long: 'prometheus',
    value: 'required',
    argument: 'URL',
    help: 'Query this Prometheus, Thanos, Mimir or VictoriaMetrics.',
  },
  {
    long: 'http.config.file',
    value: 'required',
    argument: 'FILE',
    help: "User, token and TLS for --prometheus, in the format of promtool's option of this name.",
  },
  {
    long: 'ssh',
    value: 'required',
    argument: 'HOST,...|@FILE',
    help: 'Query these hosts over ssh, with nvsmi if installed, else nvidia-smi. A file has one host a line.',
  },
  {
    long: 'ssh-config',
    value: 'required',
    argument: 'FILE',
    help: "An ssh configuration file to use instead of the user's.",
  },
  { short: ['L'], long: 'list-gpus', help: 'List the GPUs.' },
  {
    long: 'query-gpu',
    value: 'required',
    argument: 'FIELD,...',
    listedBy: 'help-query-gpu',
    help: 'Chosen fields of all GPUs, after a column with the host.',
    asksFields: true,
  },
  {
    long: 'format',
    value: 'required',
    argument: 'FORMAT,...',
    values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
    help: 'For --query-gpu: csv (with noheader, nounits), json, or jsonl (one object a line).',
  },
  {
    long: 'at',
    value: 'required',
    argument: 'TIME',
    help: 'With --prometheus: values at this time (ISO 8601).',
  },
  {
    long: 'since',
    value: 'required',
    argument: 'DURATION',
    help: 'With --prometheus: minimum, mean and maximum over this duration, e.g. 30m, 1h, 7d.',
  },
  {
    long: 'filter',
    value: 'required',
    argument: 'NAME=TEXT,...',
    help: `Only GPUs that match. Names: ${FILTERS.join(', ')}. States: ${STATES.join(', ')}. TEXT may begin or end with *.`,
  },
  {
    long: 'sort',
    value: 'required',
    argument: 'COLUMN',
    help: `Sort by a column: ${SORTS.join(', ')}. A leading dash reverses the order.`,
  },
  {
    long: 'host-timeout',
    value: 'required',
    argument: 'SECONDS',
    default: String(USUAL_DEADLINE),
    help: `Timeout for each host, or for Prometheus (default ${USUAL_DEADLINE}).`,
  },
  jsonOption,
] as const satisfies readonly OptionSpec[];

type FleetGiven = Given<typeof options>;

async function fleet(given: FleetGiven, { io }: Context): Promise<number> {
  const deadlineMs = readDeadline(given['host-timeout']);
  const query = readFields(given, io);
  const isChosen = readFilter(given.filter);
  const sort = readSort(given.sort);
  refuseMixtures(given);
  if (given.since !== undefined) return printSpans(given, deadlineMs, io);
  const found = await ask(given, query?.names ?? [], deadlineMs, io);
  const chosen = { ...found, gpus: found.gpus.filter((gpu) => isChosen(gpu, found)) };
  print(sort === undefined ? chosen : sortedBy(chosen, sort), given, query, io);
  if (found.silent.length > 0) return EXIT.partial;
  return EXIT.ok;
}

function readDeadline(given: string): number {
  const seconds = decimal(given);
  if (!(seconds > 0 && seconds <= LONGEST_DEADLINE)) {
    throw new UsageError(`--host-timeout must be above 0 and at most ${LONGEST_DEADLINE} seconds.`);
  }
  return Math.ceil(seconds * 1000);
}

const NAMES: readonly string[] = gpuTable.fields.flatMap(({ names }) => names);

function readFields(given: FleetGiven, io: Io): QueryRequest | undefined {
  const { 'query-gpu': list, format } = given;
  if (list === undefined) {
    if (format !== undefined) throw new UsageError('--format needs --query-gpu.');
    return undefined;
  }
  const asked = { option: 'query-gpu', names: NAMES, list };
  return readQuery(format === undefined ? {} : { format }, asked, io);
}

function readSort(sort: string | undefined): string | undefined {
  const name = sort?.replace(/^-/, '');
  if (name !== undefined && !SORTS.includes(name)) {
    throw new UsageError(plainly`--sort: unknown column ${name}.${nearestHint(name, SORTS)}`);
  }
  return sort;
}

function refuseMixtures(given: FleetGiven): void {
  if ((given.prometheus === undefined) === (given.ssh === undefined)) {
    throw new UsageError('No hosts are given: use --prometheus URL or --ssh HOSTS.');
  }
  const asksPrometheus = given.at ?? given.since ?? given['http.config.file'];
  if (given.ssh !== undefined && asksPrometheus !== undefined) {
    throw new UsageError('--at, --since and --http.config.file need --prometheus.');
  }
  if (given.since !== undefined && (given['query-gpu'] ?? given['list-gpus']) !== undefined) {
    throw new UsageError('--since cannot be combined with --query-gpu or -L.');
  }
  if (given.since !== undefined && (given.filter ?? given.sort) !== undefined) {
    throw new UsageError('--since cannot be combined with --filter or --sort.');
  }
}

async function ask(given: FleetGiven, fields: readonly string[], deadlineMs: number, io: Io): Promise<Fleet> {
  if (given.ssh !== undefined) return askHosts(given, given.ssh, fields, deadlineMs, io);
  const canonical = fields.map((name) => nameOf(rowOf(name)));
  return spoken(() => fleetFromPrometheus(apiOf(given, deadlineMs), canonical));
}

function askHosts(
  given: FleetGiven,
  list: string,
  fields: readonly string[],
  deadlineMs: number,
  io: Io,
): Promise<Fleet> {
  const owners = fields.length === 0 && !given['list-gpus'];
  // What the filter and the list of GPUs look at is asked for, too.
  const names = owners || fields.length === 0 ? TABLE_FIELDS : [...new Set([...fields, ...TABLE_FIELDS])];
  return fleetOverSsh(hostsOf(list, io), names, { deadlineMs, config: given['ssh-config'], owners });
}

function hostsOf(list: string, io: Io): readonly string[] {
  try {
    const hosts = readHosts(list, (path) => io.readFile(path));
    if (hosts.length === 0) throw new UsageError('--ssh: no host is given.');
    return hosts;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = error instanceof BadHost ? error.message : `cannot read it: ${(error as Error).message}`;
    throw new UsageError(plainly`--ssh: ${reason}`);
  }
}

function apiOf(given: FleetGiven, deadlineMs: number): PrometheusApi {
  const url = urlOf(given.prometheus ?? '');
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError(
      plainly`--prometheus must be a URL such as http://prometheus:9090, not ${given.prometheus}`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError(
      '--prometheus: everyone can read a command line. --http.config.file has the password.',
    );
  }
  return new PrometheusApi(url, httpConfig(given['http.config.file']), deadlineMs, readTime(given.at));
}

function urlOf(given: string): URL | undefined {
  try {
    return new URL(given);
  } catch {
    return undefined;
  }
}

function httpConfig(path: string | undefined): HttpConfig {
  if (path === undefined) return NO_HTTP_CONFIG;
  try {
    return readHttpConfig(path);
  } catch (error) {
    if (!(error instanceof BadHttpConfig)) throw error;
    throw new UsageError(plainly`--http.config.file: ${error.message}`);
  }
}

function readTime(at: string | undefined): number | undefined {
  if (at === undefined) return undefined;
  const seconds = /^\d{9,11}$/.test(at) ? Number(at) : Date.parse(at) / 1000;
  if (!Number.isFinite(seconds))
    throw new UsageError(plainly`--at must be a time such as 2026-11-23T09:00:00Z, not ${at}`);
  return seconds;
}

/** Turns the failure of a source into a refusal. */
async function spoken<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    throw new UsageError(plainly`--prometheus: ${error.message}`, error.isLate ? EXIT.noAnswer : EXIT.usage);
  }
}

async function printSpans(given: FleetGiven, deadlineMs: number, io: Io): Promise<number> {
  const { since = '' } = given;
  if (!/^([1-9]\d{0,5}(ms|[smhdwy]))+$/.test(since)) {
    throw new UsageError(plainly`--since must be a duration such as 30m, 1h or 7d, not ${since}`);
  }
  const lines = await spoken(() => spansOf(apiOf(given, deadlineMs), since));
  if (lines.length === 0) throw new UsageError('No GPU was found.', EXIT.noDevice);
  io.out(given.json ? `${jsonText({ since, gpus: lines.map(spanRecord) }, 2)}\n` : spanTable(lines, since));
  return EXIT.ok;
}

function print(found: Fleet, given: FleetGiven, query: QueryRequest | undefined, io: Io): void {
  const { gpus, silent } = found;
  if (given.json) {
    const records = gpus.map((gpu) => fleetRecord(gpu, found));
    io.out(`${jsonText({ gpus: records, silent }, 2)}\n`);
    return;
  }
  if (query !== undefined) io.out(queried(found, query));
  else if (given['list-gpus']) io.out(gpus.map((gpu) => `${listLine(gpu, found)}\n`).join(''));
  else io.out(fleetTable(found));
  // On stderr: stdout is for the rows. The table has lines for these hosts itself.
  if (query === undefined && !given['list-gpus']) return;
  for (const { host, reason } of silent) io.err(plainly`${host}: ${reason}\n`);
}

export const spec: CommandSpec = command({
  options,
  notes: () =>
    'States: free: no process, and up to 128 MiB of memory in use; busy: something is computing; held: a process or memory in use, and nothing is computing; unhealthy: lost, in need of recovery, or with uncorrected errors. If a host does not answer, the exit status is 5.\n',
  run: fleet,
});
