/** Table: the options of `nvlink` that show something of every link, and what. */

import type { Release } from '../../base/release.js';
import type { LinkSection } from '../../format/nvlink.js';
import { Missing } from '../../nvml/status.js';
import type { Asking } from '../../query/ask/asking.js';
import { readFound } from '../../query/ask/records.js';
import type { Subject } from '../../query/ask/subject.js';
import { type Cells, cellText } from '../../query/cell.js';
import type { Field } from '../../query/field.js';
import * as nvlink from '../../query/links/nvlink.js';
import type { Found } from '../../query/relation.js';
import type { View } from '../runner/collect.js';

/** An option that shows something of every link. */
export interface LinkView extends View {
  readonly long: (typeof table)[number]['long'];
  /** How the links are shown, of which records were read; undefined where the value of the option asks for nothing. */
  readonly section: (value: string, links: readonly Cells[], release: Release) => LinkSection | undefined;
  /** What drivers from 525 to 550 say cannot be retrieved of a link that is not there; most options say nothing. */
  readonly what?: string;
  /** Lines above the links. */
  readonly head?: (gpu: Cells, release: Release) => readonly string[];
}

/** NVLink 5 counts other errors than the links before it; a GPU has one set or the other. */
function* errorFields(_value: string, gpu: Subject, found: readonly Found[]): Asking<readonly Field[]> {
  const up = found.find(({ values }) => values.active !== 0);
  if (up === undefined) return nvlink.linkErrors;
  const [record] = yield* readFound([up], nvlink.portCounters, gpu);
  const counted = nvlink.portCounters.filter((_, i) => !(record?.readings[i] instanceof Missing));
  return counted.length > 0 ? counted : nvlink.linkErrors;
}

/** `d`, `r` or both; undefined for any other letter. */
export function throughputFields(value: string): readonly Field[] | undefined {
  const letters = [...new Set(value)];
  if (letters.length === 0 || letters.some((letter) => !nvlink.throughput.has(letter))) return undefined;
  return [...nvlink.throughput.keys()]
    .filter((letter) => letters.includes(letter))
    .flatMap((letter) => nvlink.throughput.get(letter) ?? []);
}

/** Drivers up to 550 do not say what the numbers mean (525, 535, 550 on the fake). */
function lowPowerHead(gpu: Cells, release: Release): readonly string[] {
  if (release < 580) return [];
  const [unit, least, most] = lowPowerOfGpu.map(({ names: [name] }) =>
    gpu[name] === undefined ? '' : cellText(gpu[name]),
  );
  return [
    `Low Power Threshold are in units of ${unit} us`,
    `Range of Low Power Threshold values are ${least} to ${most}`,
    '',
  ];
}

const lowPowerOfGpu = [nvlink.lowPowerUnit, nvlink.lowPowerMinimum, nvlink.lowPowerMaximum];

/** A view of fields that every GPU has, in one form. */
const shows = (form: LinkSection['form'], fields: readonly Field[], spaced?: true) => ({
  relation: nvlink.nvlinks,
  fields,
  section: (): LinkSection => ({ form, fields, ...(spaced ? { spaced } : {}) }),
});

const table = [
  {
    short: ['s'],
    long: 'status',
    help: 'Speed of each link, or that it is inactive.',
    ...shows('colon', nvlink.status),
    what: 'NVLink information',
  },
  {
    short: ['c'],
    long: 'capabilities',
    help: 'Capabilities of each link.',
    ...shows('comma', nvlink.capabilities),
  },
  {
    short: ['p'],
    long: 'pcibusid',
    help: 'PCI bus id of the remote end of each link.',
    ...shows('plain', [nvlink.remoteBusId]),
  },
  {
    short: ['R'],
    long: 'remotelinkinfo',
    help: 'PCI bus id and link number of the remote end of each link.',
    ...shows('chain', [nvlink.remoteBusId, nvlink.remoteLink]),
  },
  {
    short: ['e'],
    long: 'errorcounters',
    help: 'Errors of each link since the driver was loaded.',
    what: 'NVLink errors',
    relation: nvlink.nvlinks,
    fields: errorFields,
    section: (_: string, links: readonly Cells[], release: Release): LinkSection => {
      if (release < 525) return { form: 'counts', fields: nvlink.linkErrors };
      const isCounted = ({ names: [name] }: Field): boolean => links.some((link) => name in link);
      const counted = nvlink.portCounters.filter(isCounted);
      return { form: 'colon', spaced: true, fields: counted.length > 0 ? counted : nvlink.linkErrors };
    },
  },
  {
    short: ['ec'],
    long: 'crcerrorcounters',
    help: 'Corrected ECC errors of each link, for all lanes together: NVML does not count them by lane.',
    ...shows('lanes', [nvlink.corrected], true),
  },
  {
    short: ['gt'],
    long: 'getthroughput',
    help: 'KiB sent and received by each link: payload (d), payload and protocol (r), or both (dr).',
    value: 'required',
    values: { words: ['d', 'r', 'dr'] },
    relation: nvlink.nvlinks,
    // biome-ignore lint/correctness/useYield: the value of the option says it all.
    *fields(value: string): Asking<readonly Field[]> {
      return throughputFields(value) ?? [];
    },
    section: (value: string): LinkSection | undefined => {
      const fields = throughputFields(value);
      return fields === undefined ? undefined : { form: 'colon', fields };
    },
  },
  {
    short: ['gLowPwrInfo'],
    long: 'getLowPowerInfo',
    since: 525,
    help: 'Low power state of each link, and the idle time before it.',
    ...shows('colon', nvlink.lowPower, true),
    what: 'NvLink low power info',
    gpuFields: lowPowerOfGpu,
    head: lowPowerHead,
  },
] as const;

/** The options, for their table. */
export const linkViews: readonly LinkView[] & typeof table = table;

/** The text of a link that is not there, with a driver up to 550 (470 to 550 on the fake); undefined where throughput was asked. */
export function pastLinkText({ what, long }: LinkView, link: number, release: Release): string | undefined {
  if (long === 'getthroughput') return undefined;
  return what === undefined || release < 525
    ? ''
    : `NVML: Unable to retrieve ${what} for link ${link} - inActive\n`;
}
