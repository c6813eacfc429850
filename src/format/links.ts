/** What the text about links is made of: the fields of a record with nvidia-smi's words for them. */
import { type Cell, type Cells, cellText } from '../query/cell.js';
import type { Field } from '../query/field.js';

/** A value of a link, with nvidia-smi's words for it. */
export interface LabelledCell {
  readonly label: string;
  readonly cell: Cell;
}

/** The cells of fields that a record has, in the order of the fields. */
export const labelledCells = (fields: readonly Field[], record: Cells): readonly LabelledCell[] =>
  fields.flatMap((field) => {
    const cell = record[field.names[0]];
    return cell === undefined || 'item' in field.source ? [] : [{ label: field.label ?? '', cell }];
  });

/** A link that is known to be inactive has no values. */
export const isInactive = ({ active }: Cells): boolean => active?.reading === 0;

export const linkNumberOf = ({ link }: Cells): string => (link === undefined ? '' : cellText(link));
