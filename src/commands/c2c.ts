/** `c2c`: the links between CPU and GPU chip. */

import { c2cLinkText, NO_C2C } from '../format/c2c.js';
import { gpuHeading } from '../format/gpu-heading.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusReason } from '../nvml/status.js';
import { c2cErrors, c2cLinks, c2cPower, c2cSpeed } from '../query/links/c2c.js';
import type { CommandSpec } from './command.js';
import type { ShownGpu, View } from './runner/collect.js';
import { jsonOption } from './runner/json-option.js';
import { linkOption } from './runner/link-option.js';
import { refusal } from './runner/lost.js';
import { idOption } from './runner/select.js';
import { viewsCommand } from './runner/views.js';

const views = [
  {
    short: ['s'],
    long: 'status',
    help: 'Speed of each link, or that it is inactive.',
    relation: c2cLinks,
    fields: [c2cSpeed],
  },
  {
    short: ['e'],
    long: 'errorCounters',
    since: 551,
    help: 'Errors of each link.',
    relation: c2cLinks,
    fields: c2cErrors,
  },
  {
    // 580's help has one dash in front of the long name.
    short: ['gLowPwrInfo', 'getLowPowerInfo'],
    long: 'getLowPowerInfo',
    since: 551,
    help: 'Power state of each link.',
    relation: c2cLinks,
    fields: [c2cPower],
  },
] as const satisfies readonly View[];

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  linkOption,
  ...views,
  jsonOption,
] as const;

function gpuText({ cells, recordsOf }: ShownGpu): string {
  const links = recordsOf(c2cLinks);
  const lines =
    links instanceof Missing
      ? [`Unable to determine the C2C links: ${statusReason(links.status)}\n`]
      : links.map((link) => c2cLinkText(c2cLinks.fields, link));
  return gpuHeading(cells) + lines.join('');
}

export const spec: CommandSpec = viewsCommand({
  namesGpus: true,
  options,
  views,
  otherwise: [{ relation: c2cLinks, fields: [] }],
  isBareHelp: true,
  keep:
    ({ link: only }) =>
    ({ link }) =>
      only === undefined || link === only,
  text: ({ gpus }, all) => {
    const linked = gpus.filter(({ recordsOf }) => {
      const links = recordsOf(c2cLinks);
      return links instanceof Missing || links.length > 0;
    });
    // Status 3, as on the H100 and H200 (580.159.04).
    if (linked.length === 0) throw refusal(NO_C2C, NVML_ERROR_NOT_SUPPORTED, all);
    return linked.map(gpuText).join('');
  },
});
