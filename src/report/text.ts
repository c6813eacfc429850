/** The report as text: labels in levels of four blanks, values in one column. */

import { PRESENT, type Release } from '../base/release.js';
import { statusWords } from '../nvml/status.js';
import type { Reading } from '../query/reading.js';
import type { Document, ReportPart } from './document.js';
import type { List } from './node.js';
import { textValue } from './value.js';

/** The column of the colons. */
const column = (release: Release): number => (release < 580 ? 42 : 55);
const LEVEL = '    ';

/** The text of a whole report. */
export function reportText(document: Document): string {
  const { tree, head, counts, blocks } = document;
  const at = column(tree.release ?? PRESENT);
  const out: string[] = ['', '==============NVSMI LOG==============', ''];
  writeParts(out, head, '', at);
  out.push('');
  writeParts(out, counts, '', at);
  for (const { id, refusal, parts } of blocks) {
    out.push(refusal ?? `${tree.label} ${textValue(tree.id.kind, id)}`);
    if (refusal === undefined) writeParts(out, parts, LEVEL, at);
    out.push('');
  }
  // A report without any subject ends with a blank line, too (-q -u on the H200, 580.159.04).
  if (blocks.length === 0) out.push('');
  out.push('');
  return out.join('\n');
}

const line = (indent: string, label: string, value: string, column: number): string =>
  `${(indent + label).padEnd(column)}: ${value}`;

function writeParts(out: string[], parts: readonly ReportPart[], indent: string, column: number): void {
  for (const part of parts) {
    switch (part.is) {
      case 'value':
        writeValue(out, part, indent, column);
        break;
      case 'section':
        out.push(indent + part.node.label);
        writeParts(out, part.parts, indent + LEVEL, column);
        break;
      case 'list':
        writeList(out, part.node, part.items, indent, column);
    }
  }
}

function writeValue(
  out: string[],
  { node, reading }: Extract<ReportPart, { is: 'value' }>,
  indent: string,
  column: number,
): void {
  const at = 'deeper' in node && node.deeper ? indent + LEVEL : indent;
  if (node.type === 'leaf') {
    out.push(line(at, node.label ?? '', textValue(node.of.kind, reading), column));
    return;
  }
  const label = node.label === '' && node.type === 'list' ? node.item.label : node.label;
  if (label !== undefined) out.push(line(at, label, missingWords(reading), column));
}

/** A section or list shrinks to a line only where its reading is missing. */
const missingWords = (reading: Reading): string =>
  typeof reading === 'object' ? statusWords(reading.status) : String(reading);

function writeList(
  out: string[],
  node: List,
  items: Extract<ReportPart, { is: 'list' }>['items'],
  indent: string,
  column: number,
): void {
  const { item, none, onlyFirst } = node;
  let at = node.deeper ? indent + LEVEL : indent;
  if (node.label !== '') {
    if (items.length === 0 && none?.text !== undefined) {
      out.push(line(at, node.label ?? '', none.text, column));
      return;
    }
    out.push(at + node.label);
    at += LEVEL;
  }
  for (const each of onlyFirst ? items.slice(0, 1) : items) {
    if ('of' in item) {
      out.push(line(at, item.label ?? '', textValue(item.of.kind, each as Reading), node.column ?? column));
      continue;
    }
    if (item.label !== undefined) out.push(at + item.label);
    writeParts(
      out,
      each as readonly ReportPart[],
      item.label === undefined ? at : at + LEVEL,
      node.column ?? column,
    );
  }
}
