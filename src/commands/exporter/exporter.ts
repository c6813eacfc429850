/** `exporter`: serves metrics to Prometheus, writes them to a file, or pushes them to OpenTelemetry. */
import manifest from '../../../package.json' with { type: 'json' };
import type { Given } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import type { Io } from '../../base/io.js';
import { openOutput, replaceContent } from '../../base/output-file.js';
import { plainly } from '../../base/plain-text.js';
import { CHILD_OPTION } from '../../exporter/child-collector.js';
import { type Collector, CollectorState } from '../../exporter/collector.js';
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

/** Writes the file for node_exporter. With a timeout NVML may never answer: it is asked in a process of its own. */
async function writeTextfile(order: ExporterRequest, path: string, context: Context): Promise<number> {
  const { io, source, timeout } = context;
  if (timeout !== undefined && source === undefined && io.background !== undefined)
    return writeInTime(order, path, timeout, context);
  const { sources, files } = await collecting(order, context);
  const state = new CollectorState(() => io.now(), order.health !== undefined);
  const metrics = metricsOf(order, state, files, io);
  await loop(io, order.isLoop ? order.period : undefined, async () => {
    state.take(await sources.collect());
    const health = await sources.health?.();
    if (health !== undefined) state.examined(health);
    await writeMetrics(metrics, path, io);
  });
  return EXIT.ok;
}

/** What is known at each tick, or at the timeout: a file without values of GPUs says that nothing is. */
async function writeInTime(
  order: ExporterRequest,
  path: string,
  timeout: number,
  context: Context,
): Promise<number> {
  const { io } = context;
  const due = io.elapsed() + timeout;
  let taken = (): void => undefined;
  const collector = await collectorOf(order, context, () => taken());
  const isComplete = (): boolean =>
    collector.latest !== undefined && (order.health === undefined || collector.health !== undefined);
  if (!isComplete()) {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      taken = () => {
        if (isComplete()) resolve();
      };
      timer = setTimeout(resolve, Math.max(0, due - io.elapsed()));
    });
    clearTimeout(timer);
  }
  const metrics = metricsOf(order, collector, machineFiles, io);
  let status: number = EXIT.ok;
  try {
    await loop(io, order.isLoop ? order.period : undefined, async () => {
      const isLate = !isComplete() || collector.stuckSince !== undefined;
      if (isLate && status === EXIT.ok) io.err(`nvsmi: no answer from NVML for ${timeout / 1000} s\n`);
      status = isLate ? EXIT.noAnswer : EXIT.ok;
      await writeMetrics(metrics, path, io);
    });
  } finally {
    collector.stop();
  }
  return status;
}

/** node_exporter reads the file whole: the new content replaces the old one at once. `-` is stdout. */
async function writeMetrics(metrics: MetricsText, path: string, io: Io): Promise<void> {
  const text = (await metrics.body('text', false)).toString();
  if (path === '-') {
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
