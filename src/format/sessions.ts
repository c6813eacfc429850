/** Table: the columns of session lists. Two H200 without sessions, 580.159.04. */
import { type Cells, cellText } from '../query/cell.js';
import type { TableColumn } from './columns.js';

/** A column shows the value of a name. */
export interface SessionColumn extends TableColumn {
  readonly name: string;
}

const column = (name: string, head: TableColumn['head'], width: number): SessionColumn => ({
  name,
  head,
  width,
});

export const encoderColumns: readonly SessionColumn[] = [
  column('session_id', ['Session', 'Id'], 8),
  column('pid', ['Process', 'Id'], 11),
  column('codec', ['Codec', 'Type'], 8),
  column('horizontal_resolution', ['H', 'Res'], 8),
  column('vertical_resolution', ['V', 'Res'], 8),
  column('average_fps', ['Average', 'FPS'], 8),
  column('average_latency', ['Average', 'Latency(us)'], 12),
];

export const fbcColumns: readonly SessionColumn[] = [
  column('session_id', ['Session', 'Id'], 10),
  column('pid', ['Process', 'Id'], 10),
  column('display_ordinal', ['Display', 'Ordinal'], 10),
  column('session_type', ['Session', 'Type'], 10),
  column('diff_map', ['Diff. Map', 'State'], 10),
  column('class_map', ['Class. Map', 'State'], 12),
  column('capture_mode', ['Capture', 'Mode'], 14),
  column('max_horizontal_resolution', ['Max H', 'Res'], 8),
  column('max_vertical_resolution', ['Max V', 'Res'], 8),
  column('horizontal_resolution', ['H', 'Res'], 6),
  column('vertical_resolution', ['V', 'Res'], 6),
  column('average_fps', ['Average', 'FPS'], 10),
  column('average_latency', ['Average', 'Latency(us)'], 14),
];

/** What the columns show of a session. */
export const sessionTexts = (columns: readonly SessionColumn[], cells: Cells): readonly string[] =>
  columns.map(({ name }) => {
    const shown = cells[name];
    return shown === undefined ? '' : cellText(shown);
  });
