/** `nvlink`: what the NVLinks of each GPU are, do and count. */
import { type Given, type OptionSpec, setter } from '../argv.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { text } from '../query/kind.js';
import * as nvlink from '../query/nvlink.js';
import { askProbe } from '../query/read.js';
import { jsonDocument } from '../render/document.js';
import type { AnswerSource } from '../render/json.js';
import { nvlinkText } from '../render/nvlink.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { linkOption } from './link-option.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { identityOf, namedGpu } from './named.js';
import { linkOptions } from './nvlink-actions.js';
import { type Block, blockOf, infoCells, type Wish, wishOf } from './nvlink-block.js';
import { chosenGpus, idOption } from './select.js';

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  linkOption,
  ...linkOptions,
  { short: ['gBwMode'], long: 'getBandwidthMode', help: 'NVLink bandwidth mode of the GPUs.' },
  { short: ['info'], long: 'info', help: 'Encryption and firmware of the links.' },
  { short: ['cBridge'], long: 'checkBridge', help: 'The GPUs with NVLink; NVML does not report bridges.' },
  jsonOption,
  { short: ['g'], long: 'getcounters', help: 'Deprecated: use -gt.', hidden: true },
  { short: ['gc'], long: 'getcontrol', help: 'Deprecated.', hidden: true },
  setter('sc', 'setcontrol', 'required'),
  setter('r', 'resetcounters', 'required'),
  setter('re', 'reseterrorcounters'),
  setter('sLowPwrThres', 'setLowPowerThreshold', 'required'),
  setter('sBwMode', 'setBandwidthMode', 'required'),
] as const satisfies readonly OptionSpec[];

export type NvlinkGiven = Given<typeof options>;

/** The answers of the old counters, which end the program at the first GPU (-g: H200, 580.159.04). */
const DEPRECATED = [
  [
    'getcounters',
    'Warning: Getting counters using option -g is deprecated.\n       Please use option -gt instead.\n',
  ],
  ['getcontrol', 'Warning: Getting counter control is deprecated.\n'],
] as const;

function bandwidthCells(session: Session): Cells<'mode'> {
  const asked = askProbe(session, nvlink.bandwidthMode);
  return { mode: cell(nvlink.bandwidthModes, asked.read('value')) };
}

/** Whether the command line is about GPUs, and not about the bandwidth mode of the machine alone. */
const isAboutGpus = ({ given, asked }: Wish): boolean =>
  asked.length > 0 ||
  given.getBandwidthMode === undefined ||
  (['info', 'checkBridge', ...DEPRECATED.map(([long]) => long)] as const).some((long) => given[long]);

function gpuText(wish: Wish, block: Block): string {
  const body = nvlinkText(namedGpu(wish.session, block.gpu), block.sections, block.problem);
  const old = DEPRECATED.find(([long]) => wish.given[long]);
  if (old !== undefined) throw new UsageError(`${body}${old[1]}`, NVML_ERROR_NOT_SUPPORTED);
  return body;
}

function jsonOf(wish: Wish, blocks: readonly Block[], source: AnswerSource | undefined): string {
  const { given } = wish;
  return jsonDocument(
    {
      ...(given.getBandwidthMode ? { bandwidth_mode: bandwidthCells(wish.session) } : {}),
      gpus: blocks.map(({ gpu, ofGpu, problem }) => ({
        ...identityOf(wish.session, gpu),
        ...ofGpu,
        ...(given.info ? infoCells(wish.session, gpu) : {}),
        ...(problem === undefined ? {} : { problem: cell(text, problem) }),
      })),
      links: blocks.flatMap(({ links }) => links),
    },
    source,
  );
}

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const { session } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const wish = wishOf(session, given);
  const blocks = isAboutGpus(wish)
    ? reachable(gpus).flatMap((gpu): Block[] => {
        const block = blockOf(wish, gpu);
        return block === undefined ? [] : [block];
      })
    : [];
  if (given.json) {
    context.io.out(jsonOf(wish, blocks, context.source));
    return statusOf(gpus);
  }
  if (given.getBandwidthMode) {
    context.io.out(`GPU NVLINK bandwidth mode: ${cellText(bandwidthCells(session).mode)}\n`);
  }
  context.io.out(blocks.map((block) => gpuText(wish, block)).join('') + lostLines(gpus));
  return statusOf(gpus);
}

/** Any option at all: `nvlink -i 0` names the GPU and nothing else (H200, 580.159.04). */
export const spec: CommandSpec = command({ options, actions: options.map(({ long }) => long), run });
