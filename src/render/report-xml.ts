/** The report as XML, indented with tabs as nvidia-smi's. fast-xml-parser writes the elements and escapes them. */
import { XMLBuilder } from 'fast-xml-parser';
import { statusWords } from '../nvml/status.js';
import type { Reading } from '../query/asked.js';
import type { Document, Part } from '../report/document.js';
import type { List } from '../report/node.js';
import { reportValue } from './report-value.js';

/** What the builder takes: an element by its tag, or text; attributes under ':@'. */
type Ordered = { readonly [tag: string]: readonly Ordered[] | string | Readonly<Record<string, string>> };

const builder = new XMLBuilder({ preserveOrder: true, format: false, ignoreAttributes: false });

/** What XML 1.0 has no place for, whatever a process may be called. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is replaced
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const printable = (value: string): string => value.replace(FORBIDDEN, '\ufffd');

const text = (value: string): Ordered => ({ '#text': value });
const newLine: readonly Ordered[] = Array.from({ length: 12 }, (_, depth) => text(`\n${'\t'.repeat(depth)}`));
const lineAt = (depth: number): Ordered => newLine[depth] ?? text(`\n${'\t'.repeat(depth)}`);

/** The text of a whole document. `dtd` is put into it in place of its name. */
export function reportXml(document: Document, dtd?: string): string {
  const { tree, head, counts, blocks } = document;
  const root: Ordered[] = [];
  writeParts(root, [...head, ...counts], 1);
  blocks.forEach(({ id, parts }, i) => {
    if (i > 0) root.push(text('\n'));
    const inside: Ordered[] = [];
    writeParts(inside, parts, 2);
    inside.push(lineAt(1));
    root.push(lineAt(1), {
      [tree.tag]: inside,
      ':@': { '@_id': printable(reportValue(tree.id.kind, id)) },
    });
  });
  root.push(text(blocks.length === 0 ? '\n' : '\n\n'));
  const doctype = dtd === undefined ? `SYSTEM "${tree.dtd}"` : `[\n${dtd}]`;
  return `<?xml version="1.0" ?>\n<!DOCTYPE ${tree.root} ${doctype}>\n${builder.build([{ [tree.root]: root }])}\n`;
}

const value = (tag: string, content: string): Ordered => ({ [tag]: [text(printable(content))] });

function writeParts(into: Ordered[], parts: readonly Part[], depth: number): void {
  for (const part of parts) {
    const tag = part.node.tag ?? '';
    switch (part.is) {
      case 'value': {
        const { node, reading } = part;
        into.push(
          lineAt(depth),
          value(
            tag,
            node.type === 'leaf' ? reportValue(node.inXml ?? node.of.kind, reading) : missingWords(reading),
          ),
        );
        break;
      }
      case 'section': {
        const inside: Ordered[] = [];
        writeParts(inside, part.parts, depth + 1);
        inside.push(lineAt(depth));
        into.push(lineAt(depth), { [tag]: inside });
        break;
      }
      case 'list':
        writeList(into, part.node, part.items, depth);
    }
  }
}

const missingWords = (reading: Reading): string =>
  typeof reading === 'object' ? statusWords(reading.status) : String(reading);

function writeList(
  into: Ordered[],
  node: List,
  items: Extract<Part, { is: 'list' }>['items'],
  depth: number,
): void {
  if (!node.enclosed) {
    writeItems(into, node, items, depth);
    return;
  }
  const inside: Ordered[] = [];
  if (items.length === 0 && node.none?.xml !== undefined) inside.push(lineAt(depth + 1), text(node.none.xml));
  writeItems(inside, node, items, depth + 1);
  inside.push(lineAt(depth));
  into.push(lineAt(depth), { [node.tag ?? '']: inside });
}

function writeItems(
  into: Ordered[],
  { item }: List,
  items: Extract<Part, { is: 'list' }>['items'],
  depth: number,
): void {
  for (const each of items) {
    if ('of' in item) {
      into.push(lineAt(depth), value(item.tag, reportValue(item.of.kind, each as Reading)));
      continue;
    }
    const inside: Ordered[] = [];
    writeParts(inside, each as readonly Part[], depth + 1);
    inside.push(lineAt(depth));
    into.push(lineAt(depth), { [item.tag]: inside });
  }
}
