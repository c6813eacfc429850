/** The report as XML, indented with tabs as nvidia-smi's. fast-xml-parser writes the elements. */
import { XMLBuilder } from 'fast-xml-parser';
import { respelled } from '../base/plain-text.js';
import { statusWords } from '../nvml/status.js';
import type { Kind } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { Document, ReportPart } from './document.js';
import type { List, Node } from './node.js';
import { xmlValue } from './value.js';

/** What the builder takes: texts and elements by their tags, several of one tag as an array, attributes under @_. */
interface Element {
  [tag: string]: XmlContent | XmlContent[];
}
type XmlContent = string | Element;

const builder = new XMLBuilder({
  format: true,
  indentBy: '\t',
  ignoreAttributes: false,
  processEntities: false,
});

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** What XML 1.0 has no place for, not even as a reference. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/;

/** A character that is not plain as a reference, which a parser reads as that character. */
const reference = (character: string): string =>
  character.length === 1 && FORBIDDEN.test(character)
    ? '\ufffd'
    : `&#x${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()};`;

const escaped = (value: string): string =>
  respelled(
    value.replace(/[&<>"']/g, (letter) => ENTITIES[letter] ?? letter),
    reference,
  );

const valueIn = (kind: Kind, reading: Reading): string => escaped(xmlValue(kind, reading));

const lineAt = (depth: number): string => `\n${'\t'.repeat(depth)}`;

/** The text of a whole document. `dtd` is put into it in place of its name. */
export function reportXml(document: Document, dtd?: string): string {
  const { tree, head, counts, blocks } = document;
  const root = elementOf([...head, ...counts], 1);
  for (const { id, refusal, parts } of blocks) {
    if (refusal !== undefined) {
      put(root, tree.tag, { [REFUSAL]: escaped(refusal) });
      continue;
    }
    const attributes = { '@_id': valueIn(tree.id.kind, id) };
    put(root, tree.tag, { ...attributes, ...elementOf(parts, 2) });
  }
  const doctype = dtd === undefined ? `SYSTEM "${tree.dtd}"` : `[\n${dtd}]`;
  // A blank line follows each GPU; in texts there is no such tag, as < is escaped.
  const end = `\t</${tree.tag}>\n`;
  const body = dedented(builder.build({ [tree.root]: root }), flatTags(tree.parts)).replaceAll(
    end,
    `${end}\n`,
  );
  return `<?xml version="1.0" ?>\n<!DOCTYPE ${tree.root} ${doctype}>\n${withRefusals(body, tree.tag)}`;
}

const REFUSAL = 'error_string';

/** A refusal takes the place of its subject among the others. */
const withRefusals = (xml: string, tag: string): string =>
  xml.replace(new RegExp(`\t<${tag}>\n\t\t(<${REFUSAL}>.*</${REFUSAL}>)\n\t</${tag}>\n`, 'g'), '\t$1\n');

const flatTags = (nodes: readonly Node[]): readonly string[] =>
  nodes.flatMap((node) => (node.type === 'list' && node.flat && node.tag !== undefined ? [node.tag] : []));

/** Lines inside the elements of some tags begin with a tab less, where there are elements in them. */
function dedented(xml: string, tags: readonly string[]): string {
  return tags.reduce(
    (text, tag) =>
      text.replace(new RegExp(`<${tag}>\\n(\\t*<[^]*?)\\n\\t*</${tag}>`, 'g'), (whole, inside: string) =>
        whole.replace(inside, inside.replace(/^\t/gm, '')),
      ),
    xml,
  );
}

/** Elements of one tag follow one another. */
function put(into: Element, tag: string, content: XmlContent): void {
  const there = into[tag];
  if (there === undefined) into[tag] = content;
  else if (Array.isArray(there)) there.push(content);
  else into[tag] = [there, content];
}

/** The end tag is on its own line, also where nothing or a word is before it. */
const closed = (element: Element, depth: number, word?: string): XmlContent => {
  if (Object.keys(element).length > 0) return element;
  return `${word === undefined ? '' : lineAt(depth + 1) + word}${lineAt(depth)}`;
};

function elementOf(parts: readonly ReportPart[], depth: number): Element {
  const element: Element = {};
  for (const part of parts) {
    const tag = part.node.tag ?? '';
    switch (part.is) {
      case 'value': {
        const { node, reading } = part;
        const words =
          node.type === 'leaf' ? valueIn(node.inXml ?? node.of.kind, reading) : missingWords(reading);
        put(element, tag, words);
        break;
      }
      case 'section':
        put(element, tag, closed(elementOf(part.parts, depth + 1), depth));
        break;
      case 'list': {
        const { node, items } = part;
        if (!node.enclosed) putItems(element, node, items, depth);
        else {
          const inside: Element = {};
          putItems(inside, node, items, depth + 1);
          put(element, tag, closed(inside, depth, node.none?.xml));
        }
      }
    }
  }
  return element;
}

const missingWords = (reading: Reading): string =>
  typeof reading === 'object' ? statusWords(reading.status) : String(reading);

function putItems(
  into: Element,
  { item, onlyFirst }: List,
  items: Extract<ReportPart, { is: 'list' }>['items'],
  depth: number,
): void {
  for (const each of onlyFirst ? items.slice(0, 1) : items) {
    if ('of' in item) put(into, item.tag, valueIn(item.of.kind, each as Reading));
    else put(into, item.tag, closed(elementOf(each as readonly ReportPart[], depth + 1), depth));
  }
}
