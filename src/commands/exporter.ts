/** `exporter`: serves metrics to Prometheus, writes them to a file, or pushes them to OpenTelemetry. */
import manifest from '../../package.json' with { type: 'json' };
import type { Given, OptionSpec } from '../argv.js';
import { EXIT, UsageError } from '../errors.js';
import { CHILD_OPTION } from '../exporter/child-collector.js';
import { chosenFields, UnknownField } from '../exporter/chosen-fields.js';
import type { Wish } from '../exporter/collection.js';
import { type Collector, CollectorState } from '../exporter/collector.js';
import { dcgmDialect } from '../exporter/dialects/dcgm.js';
import type { Dialect } from '../exporter/dialects/dialect.js';
import { nvidiaSmiDialect } from '../exporter/dialects/nvidia-smi.js';
import { GPU_LABELS, type GpuLabel, nvsmiDialect, USUAL_LABELS } from '../exporter/dialects/nvsmi.js';
import { isLoopback, type Listen, readListen, USUAL_LISTEN, urlOf } from '../exporter/listen.js';
import { MetricsText } from '../exporter/metrics-text.js';
import { aboutPage, type Health, pagesOf } from '../exporter/pages.js';
import { WebServer } from '../exporter/server.js';
import { BadWebConfig, NO_CONFIG, readWebConfig, type WebConfig } from '../exporter/web-config.js';
import type { Io } from '../io.js';
import { openOutput, replaceContent } from '../output-file.js';
import { loopPeriod } from '../period.js';
import { plainly } from '../plain-text.js';
import { machineFiles, type SystemFiles } from '../system/files.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { collectForParent, collecting, collectorOf } from './exporter-collect.js';
import { loop } from './loop.js';
import { hintOf, nearestHint } from './nearest-hint.js';
import { idOption } from './select.js';

const NAMES = ['nvsmi', 'nvidia_smi', 'dcgm'] as const;

/** Milliseconds between two collections. */
const USUAL_PERIOD = 5000;
const SHORTEST_PERIOD = 100;
const LONGEST_PERIOD = 600_000;

const options = [
  idOption,
  {
    long: 'listen',
    value: 'required',
    argument: 'ADDRESS:PORT',
    help: 'Where to serve; 127.0.0.1:9835 if not given. Without an address: on all of them.',
  },
  {
    long: 'names',
    value: 'required',
    argument: 'NAMES,...',
    values: { words: NAMES, between: ',' },
    help: 'Names of the metrics: nvsmi (the default), nvidia_smi as nvidia_gpu_exporter has them, dcgm as dcgm-exporter has them.',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Time between two collections, 0.1 to 600 seconds; 5 if not given. With --textfile: write again and again.',
  },
  {
    long: 'fields',
    value: 'required',
    argument: 'FIELD,...',
    help: 'Only these fields, as --query-gpu names them; nvlink.* means all that begin so. --help-query-gpu lists them.',
  },
  {
    long: 'skip',
    value: 'required',
    argument: 'FIELD,...',
    help: 'Not these fields.',
  },
  {
    long: 'labels',
    value: 'required',
    argument: 'LABEL,...',
    values: { words: GPU_LABELS, between: ',' },
    help: `Labels of a GPU on each of its series (${USUAL_LABELS.join(',')} if not given); nvsmi_gpu_info has all.`,
  },
  { long: 'processes', help: 'Metrics of processes, with user, container, pod and job as labels.' },
  {
    long: 'pcie-throughput',
    help: 'Watch the PCIe link for 40 ms at each collection. Hopper and newer count the traffic without it.',
  },
  {
    long: 'web.config.file',
    value: 'required',
    argument: 'FILE',
    help: "TLS, client certificates and users, in the format of Prometheus' exporters. SIGHUP reads it again.",
  },
  {
    long: 'textfile',
    value: 'required',
    argument: 'FILE',
    help: 'Write the metrics to this file instead of serving them, once or with -l.',
  },
  {
    long: 'otlp',
    value: 'required',
    argument: 'URL',
    help: 'Push the metrics to this OpenTelemetry collector (OTLP over HTTP) instead of serving them; with --listen, too.',
  },
  { long: CHILD_OPTION, help: 'Print what is collected, for the exporter that started this.', hidden: true },
] as const satisfies readonly OptionSpec[];

interface Order {
  readonly listen: Listen;
  readonly names: readonly (typeof NAMES)[number][];
  readonly labels: readonly GpuLabel[];
  readonly period: number;
  readonly isLoop: boolean;
  readonly wish: Wish;
  readonly webConfig: string | undefined;
  readonly textfile: string | undefined;
  readonly otlp: string | undefined;
  /** Whether --otlp is alone, and nothing is served. */
  readonly isPush: boolean;
  readonly selectors: string | undefined;
}

/** Understands the options, and refuses what is wrong before the machine is asked. */
function readOrder(given: Given<typeof options>): Order {
  const listen = given.listen === undefined ? USUAL_LISTEN : readListen(given.listen);
  if (listen === undefined) throw new UsageError(plainly`--listen is ADDRESS:PORT, not ${given.listen}`);
  const period = loopPeriod(given) ?? USUAL_PERIOD;
  if (period < SHORTEST_PERIOD || period > LONGEST_PERIOD) {
    throw new UsageError('The time between two collections is 0.1 to 600 seconds.');
  }
  if (given.textfile !== undefined && given.listen !== undefined) {
    throw new UsageError('--textfile writes a file and serves nothing: it does not go with --listen.');
  }
  return {
    listen,
    names: given.names === undefined ? ['nvsmi'] : words(given.names, NAMES, 'names'),
    labels: given.labels === undefined ? USUAL_LABELS : words(given.labels, GPU_LABELS, 'labels'),
    period,
    isLoop: given.loop !== undefined,
    wish: {
      has: fieldsChosen(given),
      processes: given.processes === true,
      pcieThroughput: given['pcie-throughput'] === true,
    },
    webConfig: given['web.config.file'],
    textfile: given.textfile,
    otlp: given.otlp === undefined ? undefined : readUrl(given.otlp),
    isPush: given.otlp !== undefined && given.listen === undefined,
    selectors: given.id,
  };
}

function readUrl(text: string): string {
  if (!/^https?:\/\/[^/\s@]+(\/\S*)?$/.test(text)) {
    throw new UsageError(plainly`--otlp is a URL, such as http://localhost:4318, not ${text}`);
  }
  return text;
}

/** The words of a comma list, each of which is known. */
function words<Word extends string>(list: string, known: readonly Word[], option: string): readonly Word[] {
  const given = list.split(',').map((word) => word.trim());
  for (const word of given) {
    if (known.includes(word as Word)) continue;
    throw new UsageError(
      plainly`--${option}: ${word} is not one of ${known.join(', ')}.${nearestHint(word, known)}`,
    );
  }
  return known.filter((word) => given.includes(word));
}

function fieldsChosen({ fields, skip }: { readonly fields?: string; readonly skip?: string }): Wish['has'] {
  try {
    return chosenFields(fields, skip);
  } catch (error) {
    if (!(error instanceof UnknownField)) throw error;
    throw new UsageError(plainly`Field "${error.field}" is not a metric.${hintOf(error.nearest)}`);
  }
}

async function exporter(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  const order = readOrder(given);
  if (given[CHILD_OPTION]) return collectForParent(order, context);
  if (order.textfile !== undefined) return writeTextfile(order, order.textfile, context);
  const config = order.webConfig === undefined ? NO_CONFIG : webConfig(order.webConfig);
  let metrics: MetricsText | undefined;
  const collector = await collectorOf(order, context, () => metrics?.prepare());
  const files = context.source === undefined ? machineFiles : (await context.machine()).files;
  metrics = metricsOf(order, collector, files, io);
  if (order.otlp !== undefined) await push(order.otlp, order, collector, hostOf(files, io), io);
  if (order.isPush) return forever();
  return serve(order, config, metrics, collector, io);
}

const metricsOf = (order: Order, collector: Collector, files: SystemFiles, io: Io): MetricsText =>
  new MetricsText(collector, dialectsOf(order, hostOf(files, io)), manifest.version, () => io.now());

/** The name of this host: in a pod that of the node, where the pod has it. */
const hostOf = (files: SystemFiles, { env }: Io): string =>
  env.NODE_NAME ?? (files.read('/proc/sys/kernel/hostname') ?? '').trim();

/** Writes the file for node_exporter, which reads it whole: the new content replaces the old one at once. */
async function writeTextfile(order: Order, path: string, context: Context): Promise<number> {
  const { io } = context;
  const { collect, files } = await collecting(order, context);
  const state = new CollectorState(() => io.now());
  const metrics = metricsOf(order, state, files, io);
  await loop(io, order.isLoop ? order.period : undefined, async () => {
    state.take(await collect());
    const text = await metrics.plain('text');
    try {
      replaceContent(openOutput(path), text);
    } catch (error) {
      throw new UsageError(plainly`Cannot write ${path}: ${(error as Error).message}`);
    }
  });
  return EXIT.ok;
}

function dialectsOf({ names, labels, wish }: Order, hostname: string): readonly Dialect[] {
  const make: Readonly<Record<(typeof NAMES)[number], () => Dialect>> = {
    nvsmi: () => nvsmiDialect(labels, hostname),
    nvidia_smi: () => nvidiaSmiDialect(wish.processes),
    dcgm: () => dcgmDialect(hostname),
  };
  return names.map((name) => make[name]());
}

function webConfig(path: string): WebConfig {
  try {
    return readWebConfig(path);
  } catch (error) {
    if (!(error instanceof BadWebConfig)) throw error;
    throw new UsageError(plainly`--web.config.file: ${error.message}`);
  }
}

const unknownHealth = async (): Promise<Health> => ({
  verdict: 'unknown',
  lines: ['The health of the GPUs is not checked.'],
});

async function serve(
  { listen, webConfig: path }: Order,
  config: WebConfig,
  metrics: MetricsText,
  collector: Collector,
  io: Io,
): Promise<number> {
  const about = aboutPage(manifest.version);
  const server = serverOf(config, pagesOf(metrics, collector, unknownHealth, about));
  let port: number;
  try {
    port = await server.listen(listen.host, listen.port);
  } catch (error) {
    collector.stop();
    throw new UsageError(plainly`Cannot listen on ${listen.host} port ${listen.port}: ${reason(error)}`);
  }
  if (
    !isLoopback(listen) &&
    config.users.size === 0 &&
    !(config.tls?.clientAuth.startsWith('Require') ?? false)
  ) {
    io.err('nvsmi: everyone who reaches this machine can read the metrics: --web.config.file sets users\n');
  }
  io.err(`nvsmi: serving ${urlOf(listen, port, config.tls !== undefined)}\n`);
  io.background?.onHangup(() => {
    if (path === undefined) return;
    try {
      server.reload(readWebConfig(path));
      io.err(plainly`nvsmi: read ${path} again\n`);
    } catch (error) {
      io.err(plainly`nvsmi: kept the old configuration: ${(error as Error).message}\n`);
    }
  });
  return forever();
}

/** A signal ends the program. */
const forever = (): Promise<never> => new Promise(() => undefined);

async function push(
  url: string,
  { period }: Order,
  collector: Collector,
  hostname: string,
  io: Io,
): Promise<void> {
  const { pushTo } = await import('../exporter/otlp.js');
  const { OTEL_METRIC_EXPORT_INTERVAL = '' } = io.env;
  const every = /^\d{2,9}$/.test(OTEL_METRIC_EXPORT_INTERVAL) ? Number(OTEL_METRIC_EXPORT_INTERVAL) : period;
  const report = (text: string): void => io.err(plainly`nvsmi: ${text}\n`);
  pushTo({ url, version: manifest.version, hostname, period: every, report }, collector);
  io.err(plainly`nvsmi: pushing to ${url}\n`);
}

/** A server with certificates that cannot be used is refused in a line. */
function serverOf(config: WebConfig, pages: ReturnType<typeof pagesOf>): WebServer {
  try {
    return new WebServer(config, pages);
  } catch (error) {
    throw new UsageError(
      plainly`--web.config.file: the certificate cannot be used: ${(error as Error).message}`,
    );
  }
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use',
  EACCES: 'this user may not',
  EADDRNOTAVAIL: 'no such address on this machine',
  ENOTFOUND: 'no such host',
};

const reason = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? message;
};

export const spec: CommandSpec = command({
  options,
  notes: () =>
    'Series of one GPU: about 130, and 10 for each NVLink. Metrics of processes add two for each process, up to 256 processes on a GPU.\n',
  run: exporter,
});
