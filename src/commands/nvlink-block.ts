/** What `nvlink` asks of one GPU, collected for text and for JSON. */
import type { Given } from '../argv.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Reading, View } from '../query/bound-probe.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { releaseOf } from '../query/driver-release.js';
import { readGpuFields } from '../query/gpu-fields.js';
import { count, text } from '../query/kind.js';
import * as nvlink from '../query/nvlink.js';
import { askProbe, readValues } from '../query/read.js';
import { gpuHeading } from '../render/gpu-heading.js';
import type { LinkSection, LinkValues } from '../render/nvlink.js';
import type { linkOption } from './link-option.js';
import { namedGpu } from './named.js';
import { type AskedOf, type LinkAction, linkActions, type linkOptions } from './nvlink-actions.js';

/** What was asked on the command line. */
export interface Wish {
  readonly session: Session;
  /** What the command line gives. */
  readonly given: WishGiven;
  /** What it asks of each link, with the values of its options. */
  readonly asked: readonly (readonly [LinkAction, value: string])[];
}

type WishGiven = Given<typeof linkOptions> &
  Given<readonly [typeof linkOption]> & {
    readonly info?: true;
    readonly getBandwidthMode?: true;
    readonly checkBridge?: true;
    readonly getcounters?: true;
    readonly getcontrol?: true;
  };

export function wishOf(session: Session, given: WishGiven): Wish {
  const asked = linkActions.flatMap((action): [LinkAction, string][] => {
    const value = given[action.long];
    return value === undefined ? [] : [[action, value === true ? '' : value]];
  });
  return { session, given, asked };
}

/** One GPU's part of the output. */
export interface Block {
  readonly gpu: Gpu;
  /** Why its links cannot be read. */
  readonly problem?: string;
  readonly sections: readonly LinkSection[];
  /** The same for JSON, a record a link. */
  readonly links: readonly Cells[];
  readonly ofGpu: Cells;
}

/** A GPU's links; undefined where it has none: nvidia-smi ignores it (H100 without peers, 580.159.04). */
export function blockOf(wish: Wish, gpu: Gpu): Block | undefined {
  const { session, given } = wish;
  const empty = { gpu, sections: [], links: [], ofGpu: {} };
  if (readGpuFields(session, gpu, ['mig.mode.current'])[0] === 1) {
    // An H100 (590.48.01); an A100 is left out (580.159.04 and older).
    if (releaseOf(session) < 590) return undefined;
    return { ...empty, problem: 'Nvlink queries are not supported for Devices in MIG mode' };
  }
  const all = nvlink.linksOf(session, gpu);
  if (all instanceof Missing) {
    return {
      ...empty,
      problem: `Unable to determine the NVLinks: ${statusReason(all.status)}`,
      links: [linkCells(gpu, all, all)],
    };
  }
  if (all.length === 0) return undefined;
  const links = given.link === undefined ? all : all.filter(({ index }) => index === given.link);
  const up =
    all.find(({ active }) => !(active instanceof Missing) && active !== 0) ?? all.find(nvlink.isAskable);
  if (up === undefined) {
    return {
      ...empty,
      problem: 'NVML: Unable to retrieve Nvlink information as all links are inActive',
      links: links.map((link) => stateOf(gpu, link)),
    };
  }
  const askedOf = (value: string): AskedOf => ({ session, gpu, value, link: up.index });
  const read = wish.asked.map(([action, value]) => sectionOf(askedOf(value), action, links));
  return {
    gpu,
    sections: [...read.map(({ section }) => section), ...(given.info ? [infoSection(session, gpu)] : [])],
    links: links.map((link, i) =>
      Object.assign(stateOf(gpu, link), ...read.map(({ records }) => records[i] ?? {})),
    ),
    ofGpu: Object.assign({}, ...wish.asked.map(([{ ofGpu }, value]) => ofGpu?.(askedOf(value)))),
  };
}

const linkCells = (gpu: Gpu, link: Reading, active: Reading): Cells => ({
  gpu: cell(count, gpu.index),
  link: cell(count, link),
  active: cell(nvlink.yes, active),
});

const stateOf = (gpu: Gpu, { index, active }: nvlink.Link): Cells => linkCells(gpu, index, active);

function sectionOf(
  asked: AskedOf,
  action: LinkAction,
  links: readonly nvlink.Link[],
): { section: LinkSection; records: readonly Cells[] } {
  const fields = action.fields(asked);
  if (fields === undefined) {
    const heading = gpuHeading(namedGpu(asked.session, asked.gpu));
    throw new UsageError(`${heading}Failed to get throughput counters`);
  }
  const values = links.map(({ index, active: state }) => {
    const active = nvlink.isAskable({ active: state });
    const readings = active
      ? readValues(
          asked.session,
          asked.gpu,
          fields.map(({ of }) => of(index)),
        )
      : [];
    const cells = fields.flatMap(({ key, label, kind }, i) => {
      const reading = readings[i];
      return reading === undefined ? [] : [{ key, label, cell: cell(kind, reading) }];
    });
    return { link: index, active, cells };
  });
  return {
    section: {
      form: action.form,
      spaced: action.spaced ?? false,
      head: action.head?.(asked) ?? [],
      links: values satisfies readonly LinkValues[],
    },
    records: values.map(({ cells }) => Object.fromEntries(cells.map(({ key, cell: what }) => [key, what]))),
  };
}

/** `--info` is about the GPU, without a line for each link. */
export function infoCells(session: Session, gpu: Gpu): Cells<'nvle' | 'firmware_version'> {
  const info = askProbe(session, nvlink.linkInfo, gpu);
  const entries = info.elements('firmwareInfo.numValidEntries', 'firmwareInfo.firmwareVersion');
  return {
    nvle: cell(nvlink.encryption, info.read('isNvleEnabled')),
    firmware_version: cell(text, entries instanceof Missing ? entries : versionsOf(entries)),
  };
}

function versionsOf(entries: readonly View[]): Reading {
  const versions = entries.map((entry) =>
    ['major', 'minor', 'subMinor'].map((part) => entry.raw(part)).join('.'),
  );
  return versions.length === 0 ? Missing.of(NVML_ERROR_NOT_SUPPORTED) : versions.join(', ');
}

function infoSection(session: Session, gpu: Gpu): LinkSection {
  const { nvle, firmware_version: firmware } = infoCells(session, gpu);
  return {
    form: 'plain',
    spaced: false,
    head: [`NVLE: ${cellText(nvle)}`, `Firmware Version: ${cellText(firmware)}`],
    links: undefined,
  };
}
