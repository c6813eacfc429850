/** Table: the options of `nvlink` that ask something of every link, and what. */

import type { OptionSpec } from '../argv.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { count } from '../query/kind.js';
import * as nvlink from '../query/nvlink.js';
import { readValues } from '../query/read.js';
import type { LinkForm } from '../render/nvlink.js';

/** What an option asks of each link. */
export interface LinkAction extends OptionSpec {
  readonly form: LinkForm;
  readonly spaced?: true;
  /** The values; undefined where the value of the option names none. */
  readonly fields: (asked: AskedOf) => readonly nvlink.LinkField[] | undefined;
  readonly head?: (asked: AskedOf) => readonly string[];
  /** What it shows of the GPU itself, for JSON. */
  readonly ofGpu?: (asked: AskedOf) => Cells;
}

export interface AskedOf {
  readonly session: Session;
  readonly gpu: Gpu;
  /** The value of the option. */
  readonly value: string;
  /** A link that is up. */
  readonly link: number;
}

/** NVLink 5 counts other errors than the links before it; a GPU has one set or the other. */
function errorFields({ session, gpu, link }: AskedOf): readonly nvlink.LinkField[] {
  const answers = readValues(
    session,
    gpu,
    nvlink.portCounters.map(({ of }) => of(link)),
  );
  const counted = nvlink.portCounters.filter((_, i) => !(answers[i] instanceof Missing));
  return counted.length > 0 ? counted : nvlink.linkErrors;
}

/** `d`, `r` or both; undefined for any other letter. */
function throughputFields({ value }: AskedOf): readonly nvlink.LinkField[] | undefined {
  const letters = [...new Set(value)];
  if (letters.length === 0 || letters.some((letter) => !nvlink.throughput.has(letter))) return undefined;
  return [...nvlink.throughput.keys()]
    .filter((letter) => letters.includes(letter))
    .flatMap((letter) => nvlink.throughput.get(letter) ?? []);
}

function lowPowerCells({ session, gpu }: AskedOf): Cells {
  const { unitMicroseconds, minimum, maximum } = nvlink.lowPowerOf(session, gpu);
  return {
    low_power_threshold_unit_us: cell(count, unitMicroseconds),
    low_power_threshold_min: cell(count, minimum),
    low_power_threshold_max: cell(count, maximum),
  };
}

function lowPowerHead(asked: AskedOf): readonly string[] {
  const { low_power_threshold_unit_us: unit, ...range } = lowPowerCells(asked);
  const [least, most] = Object.values(range).map(cellText);
  return [
    `Low Power Threshold are in units of ${unit === undefined ? '' : cellText(unit)} us`,
    `Range of Low Power Threshold values are ${least} to ${most}`,
    '',
  ];
}

const table = [
  {
    short: ['s'],
    long: 'status',
    help: 'Speed of each link, or that it is inactive.',
    form: 'plain',
    fields: () => [nvlink.speed],
  },
  {
    short: ['c'],
    long: 'capabilities',
    help: 'Capabilities of each link.',
    form: 'comma',
    fields: () => nvlink.capabilities,
  },
  {
    short: ['p'],
    long: 'pcibusid',
    help: 'PCI bus id of the remote end of each link.',
    form: 'plain',
    fields: () => [nvlink.remoteBusId],
  },
  {
    short: ['R'],
    long: 'remotelinkinfo',
    help: 'PCI bus id and link number of the remote end of each link.',
    form: 'chain',
    fields: () => [nvlink.remoteBusId, nvlink.remoteLink],
  },
  {
    short: ['e'],
    long: 'errorcounters',
    help: 'Errors of each link since the driver was loaded.',
    form: 'colon',
    spaced: true,
    fields: errorFields,
  },
  {
    short: ['ec'],
    long: 'crcerrorcounters',
    help: 'Corrected ECC errors of each link, for all lanes together: NVML does not count them by lane.',
    form: 'lanes',
    spaced: true,
    fields: () => [nvlink.corrected],
  },
  {
    short: ['gt'],
    long: 'getthroughput',
    help: 'KiB sent and received by each link: d payload, r payload and protocol, dr both.',
    form: 'colon',
    value: 'required',
    values: { words: ['d', 'r', 'dr'] },
    fields: throughputFields,
  },
  {
    short: ['gLowPwrInfo'],
    long: 'getLowPowerInfo',
    help: 'Low power state of each link, and the idle time before it.',
    form: 'colon',
    spaced: true,
    fields: ({ session, gpu }) => nvlink.lowPowerOf(session, gpu).fields,
    head: lowPowerHead,
    ofGpu: lowPowerCells,
  },
] as const satisfies readonly LinkAction[];

/** The options, for their table. */
export const linkOptions = table;
export const linkActions: readonly (LinkAction & { readonly long: (typeof table)[number]['long'] })[] = table;
