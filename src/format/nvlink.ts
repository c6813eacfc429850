/** `nvlink`: a line or more for each link, as nvidia-smi 580.159.04 prints them on two H200s. */
import { type Cells, cellText, cellWithUnit } from '../query/cell.js';
import type { Field } from '../query/field.js';
import { isInactive, type LabelledCell, labelledCells, linkNumberOf } from './links.js';

/** What errors were called up to 470. */
const COUNTED: Readonly<Record<string, string>> = {
  'Replay Errors': 'replay errors',
  'Recovery Errors': 'recovery errors',
  'CRC Errors': 'flit CRC errors',
};

/** How the values of a link are laid out on their lines. */
const FORMS = {
  plain: (link: string, [first]: readonly LabelledCell[]) =>
    first === undefined ? [] : [`Link ${link}: ${cellWithUnit(first.cell)}`],
  /** The speed has no label. */
  colon: (link: string, cells: readonly LabelledCell[]) =>
    cells.map(({ label, cell }) => `Link ${link}: ${label === '' ? '' : `${label}: `}${cellWithUnit(cell)}`),
  /** `Link 0: 3 replay errors`, up to 470. */
  counts: (link: string, cells: readonly LabelledCell[]) =>
    cells.map(({ label, cell }) => `Link ${link}: ${cellText(cell)} ${COUNTED[label] ?? label}`),
  comma: (link: string, cells: readonly LabelledCell[]) =>
    cells.map(({ label, cell }) => `Link ${link}, ${label}: ${cellText(cell)}`),
  /** One line: `Link 0: Remote Device FFFFFFFF:FF:FF.0: Link 0`. */
  chain: (link: string, cells: readonly LabelledCell[]) => [
    `Link ${link}: ${cells.map(({ label, cell }) => `${label} ${cellText(cell)}`).join(': ')}`,
  ],
  /** nvidia-smi has a line for each lane; NVML counts them together. */
  lanes: (link: string, cells: readonly LabelledCell[]) => [
    `Link ${link}:`,
    ...cells.map(({ label, cell }) => `\t\t ${label}: ${cellText(cell)}`),
  ],
} as const;

export type LinkForm = keyof typeof FORMS;

/** What one option shows of the links. */
export interface LinkSection {
  readonly form: LinkForm;
  readonly fields: readonly Field[];
  /** An empty line after each link. */
  readonly spaced?: true;
}

/** Lines about the GPU itself. */
export const headLines = (lines: readonly string[]): string =>
  lines.map((line) => (line === '' ? '\n' : `\t ${line}\n`)).join('');

/** The links of a section; where the link that was asked for is not there, it says so. */
export function sectionText({ form, fields, spaced }: LinkSection, links: readonly Cells[]): string {
  if (links.length === 0) return '\t Invalid Link\n';
  return links
    .map((record) => {
      const link = linkNumberOf(record);
      const lines = isInactive(record)
        ? [`Link ${link}: <inactive>`]
        : FORMS[form](link, labelledCells(fields, record));
      const text = lines.map((line) => (line.startsWith('\t') ? `${line}\n` : `\t ${line}\n`)).join('');
      return spaced ? `${text}\n` : text;
    })
    .join('');
}
