/** The scrolling tables of `dmon`, `pmon` and `replay`, aligned or as CSV. Seen on the H100 and H200, 580.159.04. */

import { plainText } from '../base/plain-text.js';
import type { Release } from '../base/release.js';
import { Missing } from '../nvml/status.js';
import type { FieldHeading, Heading, MonitorCell } from '../query/monitor/column.js';
import type { Reading } from '../query/reading.js';
import { padded, within } from './cell-width.js';
import { type MonitorLayout, monitorLayout } from './monitor-layout.js';

export interface MonitorFormat {
  readonly shape: 'table' | 'csv';
  /** The heading line with the names, and the one with the units. */
  readonly names: boolean;
  readonly units: boolean;
  /** `-o D`, `-o T`. */
  readonly date: boolean;
  readonly time: boolean;
  /** Whose layout it is; the present one where it is left out. */
  readonly release?: Release;
}

/** A column of text: cells may be narrower than their heading. */
export interface TextColumn extends Heading {
  readonly headingWidth?: number;
  /** Aligned to the left after this: the last column of pmon. */
  readonly left?: string;
}

export interface MonitorTable {
  /** The heading lines, or nothing. */
  readonly header: string;
  /** One line; `stamp` is what `stampOf` made of the tick's time. */
  row(stamp: string, gpu: number, cells: readonly string[]): string;
}

const GPU_WIDTH = 4;
const SEPARATOR = ', ';

export const ABSENT = '-';

/** A number as its column shows it: the whole part. */
export const cellText = (cell: MonitorCell, { shown }: Pick<FieldHeading, 'shown'> = {}): string =>
  cell instanceof Missing ? ABSENT : String(Math.floor(shown === undefined ? cell : shown(cell)));

export function monitorTable(columns: readonly TextColumn[], format: MonitorFormat): MonitorTable {
  const write = format.shape === 'csv' ? csv : aligned(columns, monitorLayout(format.release));
  const stamps = (date: string, time: string): readonly string[] => [
    ...(format.date ? [date] : []),
    ...(format.time ? [time] : []),
  ];
  const heading = (stamp: readonly string[], gpu: string, cells: readonly string[]): string =>
    write.heading(stamp.map(write.stamp).join(''), gpu, cells);
  const names = columns.map(({ name }) => name);
  const units = columns.map(({ unit }) => unit);
  return {
    header: [
      ...(format.names ? [heading(stamps('Date', 'Time'), 'gpu', names)] : []),
      ...(format.units ? [heading(stamps('YYYYMMDD', 'HH:MM:SS'), 'Idx', units)] : []),
    ].join(''),
    row: (stamp, gpu, cells) => write.row(stamp, String(gpu), cells),
  };
}

interface Writer {
  stamp(text: string): string;
  heading(stamp: string, gpu: string, cells: readonly string[]): string;
  row(stamp: string, gpu: string, cells: readonly string[]): string;
}

const csv: Writer = {
  stamp: (text) => `${text}${SEPARATOR}`,
  heading: (stamp, gpu, cells) => `#${stamp}${[gpu, ...cells].join(SEPARATOR)}\n`,
  row: (stamp, gpu, cells) => ` ${stamp}${[gpu, ...cells].join(SEPARATOR)}\n`,
};

function aligned(columns: readonly TextColumn[], layout: MonitorLayout): Writer {
  const { headingEnd, commandHeadingEnd, rowEnd, stampWidth } = layout;
  const isCommandLast = columns.at(-1)?.left !== undefined;
  const ends = isCommandLast ? { heading: commandHeadingEnd, row: '' } : { heading: headingEnd, row: rowEnd };
  const headingCell = (cell: string, i: number): string => {
    const { headingWidth, width = 0, left } = columns[i] ?? {};
    return left === undefined ? cell.padStart(headingWidth ?? width) : layout.commandHeading + cell;
  };
  return {
    stamp: (text) => text.padEnd(stampWidth),
    heading: (stamp, gpu, cells) =>
      `#${stamp}${[gpu.padStart(GPU_WIDTH), ...cells.map(headingCell)].join(' ')}${ends.heading}\n`,
    row: (stamp, gpu, cells) => {
      let line = ` ${stamp}${gpu.padStart(GPU_WIDTH)}`;
      for (let i = 0; i < columns.length; i++) {
        const { width, left } = columns[i] as TextColumn;
        const cell = cells[i] ?? ABSENT;
        line += left === undefined ? ` ${cell.padStart(width)}` : ` ${left}${padded(cell, width)}`;
      }
      return `${line}${ends.row}\n`;
    },
  };
}

const two = (n: number): string => String(n).padStart(2, '0');

/** The date and time of a tick, in local time, as its lines begin with them. */
export function stampOf(format: MonitorFormat, milliseconds: number): string {
  if (!format.date && !format.time) return '';
  const d = new Date(milliseconds);
  const date = `${d.getFullYear()}${two(d.getMonth() + 1)}${two(d.getDate())}`;
  const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
  const { stampWidth } = monitorLayout(format.release);
  const pad = format.shape === 'csv' ? csv.stamp : (text: string) => text.padEnd(stampWidth);
  return `${format.date ? pad(date) : ''}${format.time ? pad(time) : ''}`;
}

/**
 * Lines between two headings, of dmon and pmon alike, with one GPU and with two (H200, 580.159.04). It counts lines, not
 * ticks: in public outputs of eight GPUs a heading is printed within a tick, there after 25 lines.
 */
const LINES_PER_HEADING = 44;

/** Puts the heading before the first line, and again whenever so many have followed. CSV has it once. */
export class Headings {
  private left = 0;

  constructor(
    private readonly header: string,
    private readonly repeats: boolean,
  ) {}

  /** What is printed before the next line. */
  next(): string {
    if (this.left > 0) {
      this.left--;
      return '';
    }
    this.left = this.repeats ? LINES_PER_HEADING - 1 : Number.POSITIVE_INFINITY;
    return this.header;
  }
}

/** A longer command pushes the end of its line by one: `NVIDIA Share.exe` (RTX 2080 SUPER, 591). */
const COMMAND_LENGTH = 15;
const TYPE_WIDTH = 5;

/** Values as a release lays them out. */
export function valueColumns<T extends Heading>(
  columns: readonly T[],
  release: Release,
): readonly (T & TextColumn)[] {
  const { cellWidth, headingWidth } = monitorLayout(release);
  return columns.map((column) =>
    column.width === monitorLayout().cellWidth ? { ...column, width: cellWidth, headingWidth } : column,
  );
}

/** The columns of pmon. */
export function processTable(columns: readonly Heading[], release: Release): readonly TextColumn[] {
  const { pidWidth, pidHeadingWidth, typeHeadingWidth, firstHeadingWidth, command } = monitorLayout(release);
  const values = valueColumns(columns, release).map((column, i) =>
    i === 0 ? { ...column, headingWidth: firstHeadingWidth } : column,
  );
  return [
    { name: 'pid', unit: '#', width: pidWidth, headingWidth: pidHeadingWidth },
    { name: 'type', unit: 'C/G', width: TYPE_WIDTH, headingWidth: typeHeadingWidth },
    ...values,
    { name: 'command', unit: 'name', width: COMMAND_LENGTH, left: command },
  ];
}

/**
 * A command as pmon shows it: the last part of the program's path, cut to 15 characters (H200, 580.159.04), on one line whatever
 * the process calls itself. A process without a name has blanks (H200, 580.159.04). Windows paths too: the driver there reports C:\\...\\dwm.exe, which pmon shows as dwm.exe (591).
 */
export function commandCell(name: Reading): string {
  if (name instanceof Missing) return ABSENT;
  const path = String(name);
  const end = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  // What is nothing but a slash and a name stays whole: /python3.12 (535, 550 on the fake).
  const command = end === 0 ? path : path.slice(end + 1);
  return within(plainText(command), COMMAND_LENGTH);
}
