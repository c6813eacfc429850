/** `exporter`: serves metrics to Prometheus, writes them to a file, or pushes them to OpenTelemetry. */
import manifest from '../../../package.json' with { type: 'json' };
import type { Given } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { openOutput, replaceContent } from '../../base/output-file.js';
import { plainly } from '../../base/plain-text.js';
import { CHILD_OPTION } from '../../exporter/child-collector.js';
import { type Collector, CollectorState, DEADLINE } from '../../exporter/collector.js';
import { dcgmDialect } from '../../exporter/dialects/dcgm.js';
import type { Dialect } from '../../exporter/dialects/dialect.js';
import { nvidiaSmiDialect } from '../../exporter/dialects/nvidia-smi.js';
import { labelsOfGpu, nvsmiDialect } from '../../exporter/dialects/nvsmi.js';
import { isLoopback, urlOf } from '../../exporter/listen.js';
import { MetricsText } from '../../exporter/metrics-text.js';
import { aboutPage, pagesOf } from '../../exporter/pages.js';
import { WebServer } from '../../exporter/server.js';
import { BadWebConfig, NO_CONFIG, readWebConfig, type WebConfig } from '../../exporter/web-config.js';
import { machineFiles, type SystemFiles } from '../../system/files.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { collectForParent, collecting, collectorOf } from './collect.js';
import { type ExporterRequest, type NAMES, options, readOrder } from './request.js';

/** The path that is no file. */
const STDOUT = '-';

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

const metricsOf = (order: ExporterRequest, collector: Collector, files: SystemFiles, io: Io): MetricsText =>
  new MetricsText(
    collector,
    dialectsOf(order, hostOf(files, io)),
    labelsOfGpu(order.labels, hostOf(files, io)),
    manifest.version,
    () => io.now(),
  );

/** The name of this host: in a pod that of the node, where the pod has it. */
const hostOf = (files: SystemFiles, { env }: Io): string =>
  env.NODE_NAME ?? (files.read('/proc/sys/kernel/hostname') ?? '').trim();

/**
 * Writes the file for node_exporter. A GPU that does not answer in time has no values in it; where NVML cannot be opened, it says that
 * nothing is known.
 */
async function writeTextfile(order: ExporterRequest, path: string, context: Context): Promise<number> {
  const { io } = context;
  const state = new CollectorState(() => io.now(), order.health !== undefined);
  const write = (files: SystemFiles): Promise<void> =>
    writeMetrics(metricsOf(order, state, files, io), path, io);
  await context.timed?.(DEADLINE, order.selectors).catch(async (error: unknown) => {
    const isOfNvml = context.source === undefined && !(error instanceof UsageError);
    if (isOfNvml && path !== STDOUT) await write(machineFiles);
    throw error;
  });
  const { sources, files } = await collecting(order, context);
  await loop(io, order.isLoop ? order.period : undefined, async () => {
    state.take(await sources.collect());
    const health = await sources.health?.();
    if (health !== undefined) state.examined(health);
    await write(files);
  });
  return EXIT.ok;
}

/** node_exporter reads the file whole: the new content replaces the old one at once. `-` is stdout. */
async function writeMetrics(metrics: MetricsText, path: string, io: Io): Promise<void> {
  const text = (await metrics.body('text', false)).toString();
  if (path === STDOUT) {
    io.out(text);
    return;
  }
  try {
    replaceContent(openOutput(path), text);
  } catch (error) {
    throw new UsageError(plainly`Cannot write ${path}: ${(error as Error).message}`);
  }
}

function dialectsOf({ names, labels, wish }: ExporterRequest, hostname: string): readonly Dialect[] {
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

async function serve(
  { listen, webConfig: path }: ExporterRequest,
  config: WebConfig,
  metrics: MetricsText,
  collector: Collector,
  io: Io,
): Promise<number> {
  const about = aboutPage(manifest.version);
  const server = serverOf(
    config,
    pagesOf(metrics, collector, () => io.now(), about),
  );
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
      io.err(plainly`nvsmi: reloaded ${path}\n`);
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
  { period }: ExporterRequest,
  collector: Collector,
  hostname: string,
  io: Io,
): Promise<void> {
  const { pushTo } = await import('../../exporter/otlp.js');
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
  timesItself: true,
  options,
  notes: () =>
    'A GPU has about 130 series, and 10 for each NVLink. --processes adds two for each process, up to 256 processes per GPU.\n',
  run: exporter,
});
