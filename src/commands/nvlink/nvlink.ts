/** `nvlink`: what the NVLinks of each GPU are, do and count. */
import { BANDWIDTH_MODES } from '../../act/nvlink.js';
import {
  type AnyGiven,
  dated,
  type Given,
  type OptionSpec,
  refused,
  setter,
  setterOf,
} from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { at, type Past, type Release } from '../../base/release.js';
import { gpuHeading } from '../../format/gpu-heading.js';
import { headLines, sectionText } from '../../format/nvlink.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../../nvml/generated/constants.js';
import { Missing, statusReason } from '../../nvml/status.js';
import { type Cells, cellText } from '../../query/cell.js';
import { gpuRow } from '../../query/gpu-fields.js';
import * as nvlink from '../../query/links/nvlink.js';
import type { CommandSpec } from '../command.js';
import { actingOptions, beginActing } from '../runner/acting.js';
import type { ShownGpu, View } from '../runner/collect.js';
import { jsonOption } from '../runner/json-option.js';
import { linkOption } from '../runner/link-option.js';
import { refusal } from '../runner/lost.js';
import { idOption } from '../runner/select.js';
import { leaving, settableAfter } from '../runner/settable.js';
import { type Shown, viewsCommand } from '../runner/views.js';
import { NVLINK_SETTERS, setNvlink } from './setters.js';
import { type LinkView, linkViews, pastLinkText, throughputFields } from './views.js';

const BANDWIDTH = {
  short: ['gBwMode'],
  long: 'getBandwidthMode',
  since: 535,
  help: 'NVLink bandwidth mode of the GPUs.',
  relation: nvlink.nvlinkBandwidth,
} as const satisfies View;

const INFO = {
  short: ['info'],
  long: 'info',
  since: 551,
  help: 'Encryption and firmware of the links.',
  gpuFields: [nvlink.nvlinkEncryption, nvlink.nvlinkFirmware],
} as const satisfies View;

/** Views of a GPU's links, all of them or none of their fields. */
const about = <const Option extends OptionSpec>(option: Option) =>
  ({ ...option, relation: nvlink.nvlinks, fields: [] }) as const;

interface Deprecated {
  readonly words: string;
  readonly past?: readonly Past<{ readonly words: string }>[];
}

/** The answers of the old counters, which end the program at the first GPU (-g: H200, 580.159.04). */
const DEPRECATED: ReadonlyMap<string, Deprecated> = new Map([
  [
    'getcounters',
    {
      words:
        'Warning: Getting counters using option -g is deprecated.\n       Please use option -gt instead.\n',
      past: [
        {
          until: 580,
          words:
            'Warning: Getting counters using option -g is deprecated. \nPlease use option -gt instead.\n',
        },
      ],
    },
  ],
  [
    'getcontrol',
    {
      words: 'Warning: Getting counter control is deprecated.\n',
      past: [{ until: 580, words: 'Warning: Getting counter control is deprecated!\n' }],
    },
  ],
  ['setcontrol', { words: 'Warning: Setting counter control is deprecated!\n' }],
  ['resetcounters', { words: 'Warning: Resetting throughput counters is deprecated!\n' }],
]);

const views = [
  ...linkViews,
  BANDWIDTH,
  about(INFO),
  about({
    short: ['cBridge'],
    long: 'checkBridge',
    since: 525,
    help: 'List the GPUs with NVLink; NVML does not report bridges.',
  }),
  about({
    short: ['g'],
    long: 'getcounters',
    help: 'Deprecated: use -gt.',
    hidden: true,
    past: [{ until: 580, value: 'required' }],
  }),
  about({
    short: ['gc'],
    long: 'getcontrol',
    help: 'Deprecated.',
    hidden: true,
    past: [{ until: 580, value: 'required' }],
  }),
  about({ ...setterOf('sc', 'setcontrol', 'VALUE', 'Deprecated.'), hidden: true }),
  about({ ...setterOf('r', 'resetcounters', 'VALUE', 'Deprecated.'), hidden: true }),
] as const;

/** They are in 580's help alone: of NVML's functions none says that it is about the width of a link. */
const WIDTH_UNSEEN = 'its effect is unknown. Use nvidia-smi for it.';

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  linkOption,
  ...views,
  jsonOption,
  setter('re', 'reseterrorcounters', 'Reset the error counters of the links.'),
  dated(
    525,
    setterOf(
      'sLowPwrThres',
      'setLowPowerThreshold',
      'VALUE|default',
      'Set the idle time after which a link enters its low power state.',
    ),
  ),
  dated(
    535,
    setterOf('sBwMode', 'setBandwidthMode', BANDWIDTH_MODES.join('|'), 'Set the bandwidth mode of NVLink.'),
  ),
  dated(551, { ...refused('sLWidth', 'setLinkWidth', 'required'), refused: WIDTH_UNSEEN }),
  {
    short: ['gLWidth'],
    long: 'getLinkWidth',
    since: 551,
    help: 'Refused: its effect is unknown.',
    hidden: true,
    refused: WIDTH_UNSEEN,
  },
  ...actingOptions,
] as const satisfies readonly OptionSpec[];

type NvlinkGiven = Given<typeof options>;

const MIG_MODE = 'mig.mode.current';

/** The text of a GPU; empty where it has no NVLink: nvidia-smi ignores it until 580 (H100 without peers, 580.159.04). */
function gpuText(gpu: ShownGpu, { given, views: asked, release }: Shown<NvlinkGiven>): string {
  // An H100 (590.48.01); an A100 is left out (580.159.04 and older).
  const namesAll = release() >= 590;
  if (isInMigMode(gpu.cells) && !namesAll) return '';
  if (hasNoLinks(gpu)) return namesAll ? `${gpuHeading(gpu.cells)}${NO_NVLINK}` : '';
  const deprecated = asked.flatMap(({ long }) => DEPRECATED.get(long) ?? []);
  const text = gpuHeading(gpu.cells) + bodyOf(gpu, given, asked, release());
  if (deprecated.length > 0)
    throw new UsageError(
      `${text}${at(deprecated[0] as Deprecated, release()).words}`,
      NVML_ERROR_NOT_SUPPORTED,
    );
  return text;
}

/** An L40S and a GeForce RTX 4080 SUPER (595). */
const NO_NVLINK = 'Device does not have or support Nvlink\n';

function hasNoLinks({ cells, recordsOf, foundOf }: ShownGpu): boolean {
  const isListed = !(recordsOf(nvlink.nvlinks) instanceof Missing);
  return isListed && foundOf(nvlink.nvlinks).length === 0 && !isInMigMode(cells);
}

const isInMigMode = (gpu: Cells): boolean => gpu[MIG_MODE]?.reading === 1;

function bodyOf(
  { cells, recordsOf, foundOf }: ShownGpu,
  given: NvlinkGiven,
  asked: readonly View[],
  release: Release,
): string {
  const links = recordsOf(nvlink.nvlinks);
  if (isInMigMode(cells)) return 'Nvlink queries are not supported for Devices in MIG mode\n';
  if (links instanceof Missing) return `Unable to determine the NVLinks: ${statusReason(links.status)}\n`;
  if (foundOf(nvlink.nvlinks).every(({ active }) => active === 0)) {
    return 'NVML: Unable to retrieve Nvlink information as all links are inActive\n';
  }
  const sections = linkViews
    .filter((view) => asked.includes(view))
    .map((view: LinkView) => {
      if (links.length === 0 && given.link !== undefined && release < 580) {
        const text = pastLinkText(view, given.link, release);
        if (text !== undefined) return text;
        throw new UsageError(`${gpuHeading(cells)}${NO_THROUGHPUT}`);
      }
      const section = view.section(String(given[view.long] ?? ''), links, release);
      if (section !== undefined)
        return headLines(view.head?.(cells, release) ?? []) + sectionText(section, links);
      throw new UsageError(`${gpuHeading(cells)}${NO_THROUGHPUT}`);
    });
  return sections.join('') + (given.info ? headLines(infoLines(cells)) : '');
}

/** An A100: 535, 550 and 580 on the fake. */
const noBandwidthMode = ({ status }: Missing, release: Release): string =>
  status === NVML_ERROR_NOT_SUPPORTED && release >= 580
    ? 'Getting nvlink bandwidth mode is not supported'
    : 'Unable to read nvlink bandwidth mode';

const NO_THROUGHPUT = 'Failed to get throughput counters';

function infoLines(gpu: Cells): readonly string[] {
  const word = (name: string): string => (gpu[name] === undefined ? '' : cellText(gpu[name]));
  return [`NVLE: ${word('nvlink.encryption')}`, `Firmware Version: ${word('nvlink.firmware')}`];
}

const shown = viewsCommand({
  namesGpus: true,
  options,
  views,
  otherwise: [{ relation: nvlink.nvlinks, fields: [] }],
  isBareHelp: true,
  gpuFields: [gpuRow(MIG_MODE)],
  keep:
    ({ link: only }) =>
    ({ link }) =>
      only === undefined || link === only,
  check: ({ json, getthroughput: letters }) => {
    if (json && letters !== undefined && throughputFields(letters) === undefined) {
      throw new UsageError(NO_THROUGHPUT);
    }
  },
  text: (shown, gpus) => {
    const mode = shown.systemOf(nvlink.nvlinkBandwidth)[nvlink.bandwidthMode.names[0]];
    if (mode?.reading instanceof Missing)
      throw refusal(noBandwidthMode(mode.reading, shown.release()), mode.reading.status, gpus);
    const head = mode === undefined ? '' : `GPU NVLINK bandwidth mode: ${cellText(mode)}\n`;
    const isAboutGpus = shown.views.some(({ relation }) => relation === nvlink.nvlinks);
    return head + (isAboutGpus ? shown.gpus.map((gpu) => gpuText(gpu, shown)).join('') : '');
  },
});

const VIEWS = views.map(({ long }) => long);

/** Beside the bandwidth mode nvidia-smi does nothing else (550.163.01). */
function leftBeside(given: AnyGiven): readonly string[] {
  const asked = [...NVLINK_SETTERS, ...VIEWS].filter((long) => given[long] !== undefined);
  const isSet = asked.some((long) => isIn(long, NVLINK_SETTERS));
  const alone = ['setBandwidthMode', 'getBandwidthMode'].find((long) => given[long] !== undefined);
  return isSet && alone !== undefined ? asked.filter((long) => long !== alone) : [];
}

const isIn = (long: string, list: readonly string[]): boolean => list.includes(long);

export const spec: CommandSpec = leaving(
  settableAfter(shown, VIEWS, NVLINK_SETTERS, async (given: NvlinkGiven, context) =>
    setNvlink(given, given.id, await beginActing(given, context)),
  ),
  leftBeside,
);
