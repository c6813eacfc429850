/** The GPUs that Prometheus knows, from the metrics of our exporter, of nvidia_gpu_exporter or of dcgm-exporter. */
import type { Reading } from '../query/reading.js';
import {
  byHost,
  type Fleet,
  type FleetGpu,
  HEALTH_FIELDS,
  type Owners,
  type SilentHost,
  TABLE_FIELDS,
} from './fleet.js';
import { type DialectName, type KnownMetric, knownMetrics } from './known-metrics.js';
import type { PrometheusApi, SeriesSample } from './prometheus.js';

/** Metrics that hold texts in their labels, or say something about a host. */
const INFO = ['nvsmi_gpu_info', 'nvidia_smi_gpu_info'];
const PROCESS = ['nvsmi_process_info', 'nvidia_smi_compute_app_info'];
const AGE = 'nvsmi_exporter_collection_age_seconds';
const REACHABLE = 'nvsmi_gpu_reachable';
const CHECK = 'nvsmi_health_check_status';
/** The value of a check that fails. */
const FAILED = 2;
/** One of these is exported of every GPU. */
const PRESENCE = ['nvsmi_gpu_info', 'nvidia_smi_gpu_info', 'DCGM_FI_DEV_GPU_TEMP'];

/** How long a host is remembered that no longer answers. */
const REMEMBERED = '1h';

/** Seconds after which the values of an exporter that collects in the background are stale. */
const STALE_SECONDS = 60;

const byName = (names: readonly string[]): string => `{__name__=~"${names.join('|')}"}`;

/** Asks for some fields of all GPUs. Throws FleetError where nothing can be said. */
export async function fleetFromPrometheus(api: PrometheusApi, fields: readonly string[]): Promise<Fleet> {
  const wanted = new Set<string>([...fields, ...TABLE_FIELDS, ...HEALTH_FIELDS]);
  const metrics = knownMetrics.filter(({ field }) => wanted.has(field));
  const names = [...metrics.map(({ name }) => name), ...INFO, ...PROCESS, AGE, REACHABLE];
  const [samples, remembered, scraped] = await Promise.all([
    // Of the checks, which are many, only those that fail.
    api.query(`${byName([...new Set(names)])} or ${CHECK} == ${FAILED}`),
    api.query(`group by (instance, job) (last_over_time(${byName(PRESENCE)}[${REMEMBERED}]))`),
    // Prometheus gives the last value for five minutes.
    api.query(`max by (instance, job) (time() - timestamp(${byName(PRESENCE)}))`),
  ]);
  return fleetOf(samples, remembered, scraped, new Map(metrics.map((metric) => [metric.name, metric])));
}

/** A GPU while its samples are put together. */
interface Draft {
  readonly instance: string;
  readonly labels: Record<string, string>;
  readonly readings: Map<string, { readonly reading: Reading; readonly rank: number }>;
  readonly processes: Readonly<Record<string, string>>[];
  readonly failed: Set<string>;
  isUnreachable: boolean;
}

const RANK: Readonly<Record<DialectName, number>> = { nvsmi: 0, nvidia_smi: 1, dcgm: 2 };

const instanceOf = ({ metric }: SeriesSample): string => `${metric.job ?? ''} ${metric.instance ?? ''}`;

/** nvidia_gpu_exporter leaves the prefix out, and dcgm-exporter writes the label in capitals. */
function uuidOf({ uuid, UUID }: SeriesSample['metric']): string | undefined {
  const found = uuid ?? UUID;
  if (found === undefined || found === '') return undefined;
  return /^(GPU|MIG)-/i.test(found) ? found : `GPU-${found}`;
}

function fleetOf(
  samples: readonly SeriesSample[],
  remembered: readonly SeriesSample[],
  scraped: readonly SeriesSample[],
  metrics: ReadonlyMap<string, KnownMetric>,
): Fleet {
  const drafts = new Map<string, Draft>();
  const scrapedAgo = new Map(scraped.map((sample) => [instanceOf(sample), sample.value]));
  const ages = new Map(scrapedAgo);
  let knowsProcesses = false;
  for (const sample of samples) {
    const { metric, value } = sample;
    const { __name__: name = '' } = metric;
    // How old the values were when they were scraped, and how long ago that was.
    if (name === AGE) ages.set(instanceOf(sample), value + (scrapedAgo.get(instanceOf(sample)) ?? 0));
    // A GPU instance is a part of a GPU, whose own values are here too.
    if (metric.GPU_I_ID !== undefined) continue;
    const draft = draftOf(drafts, sample);
    if (draft === undefined) continue;
    if (INFO.includes(name)) Object.assign(draft.labels, metric);
    else if (PROCESS.includes(name)) draft.processes.push(metric);
    else if (name === CHECK) draft.failed.add(metric.check ?? '');
    else if (name === REACHABLE) draft.isUnreachable = value === 0;
    const known = metrics.get(name);
    if (known === undefined) continue;
    const before = draft.readings.get(known.field);
    if (before !== undefined && before.rank <= RANK[known.dialect]) continue;
    draft.readings.set(known.field, { reading: known.raw(value), rank: RANK[known.dialect] });
  }
  knowsProcesses = [...drafts.values()].some(({ processes }) => processes.length > 0);
  const hosts = hostNames([...drafts.values()]);
  const gpus = [...drafts.values()].map((draft) =>
    gpuOf(draft, hosts.get(draft.instance) ?? draft.instance, ages.get(draft.instance), knowsProcesses),
  );
  return { gpus: sorted(gpus), silent: silentHosts(remembered, drafts), isPrinted: false };
}

function draftOf(drafts: Map<string, Draft>, sample: SeriesSample): Draft | undefined {
  const uuid = uuidOf(sample.metric);
  const index = sample.metric.gpu;
  if (uuid === undefined && index === undefined) return undefined;
  const instance = instanceOf(sample);
  const key = `${instance} ${uuid ?? index}`;
  let draft = drafts.get(key);
  if (draft === undefined) {
    draft = {
      instance,
      labels: {},
      readings: new Map(),
      processes: [],
      failed: new Set(),
      isUnreachable: false,
    };
    drafts.set(key, draft);
  }
  for (const [name, text] of Object.entries(sample.metric)) draft.labels[name] ??= text;
  return draft;
}

const sorted = (gpus: readonly FleetGpu[]): readonly FleetGpu[] =>
  [...gpus].sort(
    (a, b) => byHost(a.host, b.host) || Number(a.readings.get('index')) - Number(b.readings.get('index')),
  );

/** A host by the label that names it, else by its address; with the port only where two would have one name. */
function hostNames(drafts: readonly Draft[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Map<string, string>();
  const isTwice = new Set<string>();
  for (const { instance, labels } of drafts) {
    const name = nameOf(labels);
    names.set(instance, name);
    if ((taken.get(name) ?? instance) !== instance) isTwice.add(name);
    taken.set(name, instance);
  }
  for (const { instance, labels } of drafts) {
    if (isTwice.has(nameOf(labels)) && labels.node === undefined)
      names.set(instance, labels.instance ?? instance);
  }
  return names;
}

const nameOf = ({ node, hostname, Hostname, instance = '' }: Readonly<Record<string, string>>): string =>
  node ?? hostname ?? Hostname ?? instance.replace(/:\d+$/, '');

/** Fields that are texts, by the labels that hold them. */
const TEXTS: Readonly<Record<string, readonly string[]>> = {
  name: ['name', 'modelName'],
  serial: ['serial'],
  'pci.bus_id': ['pci_bus_id'],
  vbios_version: ['vbios_version'],
  driver_version: ['driver_version', 'DCGM_FI_DRIVER_VERSION'],
  compute_cap: ['compute_cap'],
};

/** Checks whose failure is a problem by the readings already. */
const SAID: ReadonlySet<string> = new Set([
  'gpu-reachable',
  'recovery-action',
  'row-remap',
  'ecc-uncorrected',
]);

function gpuOf(draft: Draft, host: string, age: number | undefined, knowsProcesses: boolean): FleetGpu {
  const { labels } = draft;
  const readings = new Map<string, Reading>(
    [...draft.readings].map(([field, { reading }]) => [field, reading]),
  );
  for (const [field, names] of Object.entries(TEXTS)) {
    const text = names.map((name) => labels[name]).find((each) => each !== undefined && each !== '');
    if (text !== undefined) readings.set(field, text);
  }
  const uuid = uuidOf(labels);
  if (uuid !== undefined) readings.set('uuid', uuid);
  const index = labels.index ?? labels.gpu;
  if (index !== undefined && /^\d+$/.test(index)) readings.set('index', Number(index));
  const problems = [
    ...(draft.isUnreachable ? ['lost'] : []),
    // What the readings say themselves is not said twice.
    ...[...draft.failed].filter((check) => !SAID.has(check)).map((check) => `health: ${check}`),
    ...(age !== undefined && age > STALE_SECONDS ? [`no values for ${Math.round(age)} s`] : []),
  ];
  const owners = knowsProcesses ? ownersOf(draft.processes) : undefined;
  return { host, readings, owners, ageSeconds: age, problems };
}

function ownersOf(processes: Draft['processes']): Owners {
  const all = (label: string): readonly string[] =>
    [...new Set(processes.flatMap((each) => each[label] ?? []))].filter((text) => text !== '').sort();
  return { users: all('user'), pods: all('pod_uid'), jobs: all('job_id'), processes: processes.length };
}

/** Hosts that had GPUs within the hour and have none now. */
function silentHosts(
  remembered: readonly SeriesSample[],
  drafts: ReadonlyMap<string, Draft>,
): readonly SilentHost[] {
  const now = new Set([...drafts.values()].map(({ instance }) => instance));
  return remembered
    .filter((sample) => !now.has(instanceOf(sample)))
    .map(({ metric: { instance = '' } }) => ({
      host: instance,
      reason: `has no values now, but had some within ${REMEMBERED}`,
    }))
    .sort((a, b) => byHost(a.host, b.host));
}
