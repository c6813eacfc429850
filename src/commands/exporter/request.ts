/** What a command line of the exporter asks for: read, or refused, before the machine is asked. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { EXIT, UsageError } from '../../base/errors.js';
import { decimal, loopPeriod } from '../../base/period.js';
import { plainly } from '../../base/plain-text.js';
import { CHILD_OPTION } from '../../exporter/child-collector.js';
import { chosenFields, UnknownMetricField } from '../../exporter/chosen-fields.js';
import { GPU_LABELS, type GpuLabel, USUAL_LABELS } from '../../exporter/dialects/nvsmi.js';
import { type Listen, readListen, USUAL_LISTEN } from '../../exporter/listen.js';
import type { Wish } from '../../exporter/observed.js';
import { healthChecks } from '../../health/checks/index.js';
import { chosenChecks } from '../runner/check-options.js';
import { hintOf, nearestHint } from '../runner/nearest-hint.js';
import { idOption } from '../runner/select.js';
import type { Checking } from './health.js';

export const NAMES = ['nvsmi', 'nvidia_smi', 'dcgm'] as const;

/** Milliseconds between two collections. */
const USUAL_PERIOD = 5000;
const SHORTEST_PERIOD = 100;
const LONGEST_PERIOD = 600_000;

export const options = [
  idOption,
  {
    long: 'listen',
    value: 'required',
    argument: 'ADDRESS:PORT',
    help: 'Address to listen on (default 127.0.0.1:9835). Without an address, listen on all of them.',
  },
  {
    long: 'names',
    value: 'required',
    argument: 'NAMES,...',
    values: { words: NAMES, between: ',' },
    default: 'nvsmi',
    help: 'Names of the metrics: nvsmi (default), nvidia_smi (those of nvidia_gpu_exporter), dcgm (those of dcgm-exporter).',
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Interval between collections, 0.1 to 600 seconds (default 5). With --textfile: write repeatedly.',
  },
  {
    long: 'fields',
    value: 'required',
    argument: 'FIELD,...',
    help: 'Only these fields, by their names in --query-gpu; nvlink.* matches all with this prefix. --help-query-gpu lists them.',
  },
  {
    long: 'skip',
    value: 'required',
    argument: 'FIELD,...',
    help: 'Omit these fields.',
  },
  {
    long: 'labels',
    value: 'required',
    argument: 'LABEL,...',
    values: { words: GPU_LABELS, between: ',' },
    default: USUAL_LABELS.join(','),
    help: `Labels of the series of a GPU (default ${USUAL_LABELS.join(',')}); nvsmi_gpu_info has all.`,
  },
  { long: 'processes', help: 'Metrics of processes, with user, container, pod and job as labels.' },
  {
    long: 'pcie-throughput',
    help: 'Measure PCIe throughput for 40 ms at each collection. Not needed on Hopper and newer, which count the traffic.',
  },
  {
    long: 'health',
    value: 'required',
    argument: 'SECONDS',
    help: 'Interval between runs of the health checks (default 60); 0 disables them.',
  },
  {
    long: 'health-checks',
    value: 'required',
    argument: 'CHECK,...',
    help: 'Only these health checks; nvsmi health --list lists them.',
  },
  { long: 'health-skip', value: 'required', argument: 'CHECK,...', help: 'Skip these health checks.' },
  {
    long: 'health-expect',
    value: 'required',
    argument: 'FILE',
    help: 'Compare with the expectations in this file, written by nvsmi health --learn.',
  },
  {
    long: 'web.config.file',
    value: 'required',
    argument: 'FILE',
    help: "TLS, client certificates and users, in the format of Prometheus' exporters. SIGHUP reloads it.",
  },
  {
    long: 'textfile',
    value: 'required',
    argument: 'FILE',
    help: 'Write the metrics to this file (- for stdout) instead of serving them; once, or repeatedly with -l.',
  },
  {
    long: 'otlp',
    value: 'required',
    argument: 'URL',
    help: 'Push the metrics to this OpenTelemetry collector (OTLP over HTTP) instead of serving them; with --listen, do both.',
  },
  { long: CHILD_OPTION, help: 'Print what is collected, for the exporter that started this.', hidden: true },
] as const satisfies readonly OptionSpec[];

export interface ExporterRequest {
  readonly listen: Listen;
  readonly names: readonly (typeof NAMES)[number][];
  readonly labels: readonly GpuLabel[];
  readonly period: number;
  readonly isLoop: boolean;
  readonly wish: Wish;
  /** Undefined where health is not checked. */
  readonly health: Checking | undefined;
  readonly webConfig: string | undefined;
  readonly textfile: string | undefined;
  readonly otlp: string | undefined;
  /** Whether --otlp is alone, and nothing is served. */
  readonly isPush: boolean;
  readonly selectors: string | undefined;
}

/** Understands the options, and refuses what is wrong before the machine is asked. */
export function readOrder(given: Given<typeof options>): ExporterRequest {
  const listen = given.listen === undefined ? USUAL_LISTEN : readListen(given.listen);
  if (listen === undefined) throw new UsageError(plainly`--listen must be ADDRESS:PORT, not ${given.listen}`);
  const period = loopPeriod(given) ?? USUAL_PERIOD;
  if (period < SHORTEST_PERIOD || period > LONGEST_PERIOD) {
    throw new UsageError('The interval between collections must be 0.1 to 600 seconds.');
  }
  if (given.textfile !== undefined && given.listen !== undefined) {
    throw new UsageError('--textfile cannot be combined with --listen.');
  }
  if (given.textfile !== undefined && given.otlp !== undefined) {
    throw new UsageError('--textfile cannot be combined with --otlp.');
  }
  return {
    listen,
    names: words(given.names, NAMES, 'names'),
    labels: words(given.labels, GPU_LABELS, 'labels'),
    period,
    isLoop: given.loop !== undefined,
    wish: {
      has: fieldsChosen(given),
      processes: given.processes === true,
      pcieThroughput: given['pcie-throughput'] === true,
    },
    health: checking(given),
    webConfig: given['web.config.file'],
    textfile: given.textfile,
    otlp: given.otlp === undefined ? undefined : readUrl(given.otlp),
    isPush: given.otlp !== undefined && given.listen === undefined,
    selectors: given.id,
  };
}

const USUAL_HEALTH_SECONDS = 60;
const LONGEST_HEALTH_SECONDS = 86_400;

function checking(given: Given<typeof options>): Checking | undefined {
  const seconds = given.health === undefined ? USUAL_HEALTH_SECONDS : decimal(given.health);
  if (!(seconds === 0 || (seconds >= 1 && seconds <= LONGEST_HEALTH_SECONDS))) {
    throw new UsageError(`--health must be 0, or 1 to ${LONGEST_HEALTH_SECONDS} seconds.`);
  }
  const { 'health-checks': checks, 'health-skip': skip, 'health-expect': expect } = given;
  const chosen = chosenChecks(
    healthChecks,
    { ...(checks === undefined ? {} : { checks }), ...(skip === undefined ? {} : { skip }) },
    EXIT.usage,
    { checks: 'health-checks', skip: 'health-skip' },
  );
  return seconds === 0 ? undefined : { checks: chosen, period: seconds * 1000, expect };
}

function readUrl(text: string): string {
  if (!/^https?:\/\/[^/\s@]+(\/\S*)?$/.test(text)) {
    throw new UsageError(plainly`--otlp must be a URL such as http://localhost:4318, not ${text}`);
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
    if (!(error instanceof UnknownMetricField)) throw error;
    throw new UsageError(plainly`Field "${error.field}" is not a metric.${hintOf(error.nearest)}`);
  }
}
