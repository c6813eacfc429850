/** `nvlink`: a line or more for each link, as nvidia-smi 580.159.04 prints them on two H200s. */
import { type Cell, cellText, cellWithUnit } from '../query/cell.js';
import { gpuHeading, type NamedGpu } from './gpu-heading.js';

/** A value of a link, with nvidia-smi's words for it. */
export interface LabelledCell {
  readonly label: string;
  readonly cell: Cell;
}

/** How the values of a link are laid out on their lines. */
const FORMS = {
  plain: (link: number, [first]: readonly LabelledCell[]) =>
    first === undefined ? [] : [`Link ${link}: ${cellWithUnit(first.cell)}`],
  colon: (link: number, cells: readonly LabelledCell[]) =>
    cells.map(({ label, cell }) => `Link ${link}: ${label}: ${cellWithUnit(cell)}`),
  comma: (link: number, cells: readonly LabelledCell[]) =>
    cells.map(({ label, cell }) => `Link ${link}, ${label}: ${cellText(cell)}`),
  /** One line: `Link 0: Remote Device FFFFFFFF:FF:FF.0: Link 0`. */
  chain: (link: number, cells: readonly LabelledCell[]) => [
    `Link ${link}: ${cells.map(({ label, cell }) => `${label} ${cellText(cell)}`).join(': ')}`,
  ],
  /** nvidia-smi has a line for each lane; NVML counts them together. */
  lanes: (link: number, cells: readonly LabelledCell[]) => [
    `Link ${link}:`,
    ...cells.map(({ label, cell }) => `\t\t ${label}: ${cellText(cell)}`),
  ],
} as const;

export type LinkForm = keyof typeof FORMS;

export interface LinkValues {
  readonly link: number;
  readonly active: boolean;
  readonly cells: readonly LabelledCell[];
}

/** What one option asked for. */
export interface LinkSection {
  readonly form: LinkForm;
  /** An empty line after each link. */
  readonly spaced: boolean;
  /** Lines above the links. */
  readonly head: readonly string[];
  /** Empty where the link that was asked for is not there; undefined where the section is about the GPU. */
  readonly links: readonly LinkValues[] | undefined;
}

function linkLines(section: LinkSection, { link, active, cells }: LinkValues): string {
  const lines = active ? FORMS[section.form](link, cells) : [`Link ${link}: <inactive>`];
  return `${lines.map((line) => (line.startsWith('\t') ? `${line}\n` : `\t ${line}\n`)).join('')}${section.spaced ? '\n' : ''}`;
}

function sectionText(section: LinkSection): string {
  const head = section.head.map((line) => (line === '' ? '\n' : `\t ${line}\n`)).join('');
  if (section.links === undefined) return head;
  if (section.links.length === 0) return '\t Invalid Link\n';
  return head + section.links.map((values) => linkLines(section, values)).join('');
}

/** A GPU: its name, then its sections or why there are none. */
export const nvlinkText = (gpu: NamedGpu, sections: readonly LinkSection[], problem?: string): string =>
  gpuHeading(gpu) + (problem === undefined ? sections.map(sectionText).join('') : `${problem}\n`);
