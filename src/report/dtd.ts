/** The DTD of a report: which elements contain which, read from the tree. */
import type { Tree } from './document.js';
import type { List, Node } from './node.js';

/** How an element may look: the sequences of its children that were found, and whether it may hold text. */
interface ContentModel {
  readonly sequences: string[];
  holdsText: boolean;
  /** In our words, from the labels and units of the leaves. */
  readonly notes: Set<string>;
}

/** The declarations, a line each, in the order of the tree. */
export function dtdOf(tree: Tree): string {
  const elements = new Map<string, ContentModel>();
  const root = contentOf(elements, tree.root);
  const top = sequence([...tree.head, ...tree.counts]);
  root.sequences.push([...top, `${tree.tag}*`].join(', '));
  declare(elements, [...tree.head, ...tree.counts], []);
  contentOf(elements, tree.tag).sequences.push(sequence(tree.parts).join(', '));
  declare(elements, tree.parts, []);
  const lines = [...elements].flatMap(([tag, content]) => [
    ...comment(content),
    `<!ELEMENT ${tag} ${model(content)}>`,
    ...(tag === tree.tag ? [`<!ATTLIST ${tag} id CDATA #REQUIRED>`] : []),
  ]);
  return `${lines.join('\n')}\n`;
}

function contentOf(elements: Map<string, ContentModel>, tag: string): ContentModel {
  let content = elements.get(tag);
  if (content === undefined) {
    content = { sequences: [], holdsText: false, notes: new Set() };
    elements.set(tag, content);
  }
  return content;
}

const isInXml = (node: Node): boolean => node.tag !== undefined && !node.notInXml;

/** The children of an element in order, each with how often it may come. */
function sequence(nodes: readonly Node[]): readonly string[] {
  const found = new Map<string, string>();
  for (const node of nodes.filter(isInXml)) {
    const tag = node.tag ?? '';
    const isOptional = node.when !== undefined || ('newer' in node && node.newer !== undefined);
    if (node.type === 'list' && !node.enclosed) found.set(node.item.tag, `${node.item.tag}*`);
    else found.set(tag, isOptional ? `${tag}?` : tag);
  }
  return [...found.values()];
}

function declare(elements: Map<string, ContentModel>, nodes: readonly Node[], path: readonly string[]): void {
  for (const node of nodes.filter(isInXml)) {
    const tag = node.tag ?? '';
    const where = node.label === undefined || node.label === '' ? path : [...path, node.label.trim()];
    switch (node.type) {
      case 'leaf': {
        const content = contentOf(elements, tag);
        content.holdsText = true;
        content.notes.add(note(where, node.of.kind.unit));
        break;
      }
      case 'section': {
        const content = contentOf(elements, tag);
        if (node.gate !== undefined) content.holdsText = true;
        content.sequences.push(sequence(node.parts).join(', '));
        declare(elements, node.parts, where);
        break;
      }
      case 'list':
        declareList(elements, node, where);
    }
  }
}

function declareList(elements: Map<string, ContentModel>, node: List, where: readonly string[]): void {
  const { item } = node;
  if (node.enclosed) {
    // Text in place of the items says why there are none.
    const content = contentOf(elements, node.tag ?? '');
    content.holdsText = true;
    content.sequences.push(`${item.tag}*`);
  }
  const content = contentOf(elements, item.tag);
  if ('of' in item) {
    content.holdsText = true;
    content.notes.add(note(where, item.of.kind.unit));
    return;
  }
  content.sequences.push(sequence(item.parts).join(', '));
  declare(elements, item.parts, where);
}

const note = (where: readonly string[], unit: string | undefined): string =>
  `${where.join(' / ')}${unit === undefined ? '' : `, in ${unit}`}`;

/** `--` ends a comment in XML. */
function comment({ notes }: ContentModel): readonly string[] {
  const words = [...notes].filter((words) => words !== '').join('; ');
  return words === '' ? [] : [`<!-- ${words.replaceAll('--', '- -')} -->`];
}

/** One sequence unchanged; several, or text beside them, as a choice. */
function model({ sequences, holdsText }: ContentModel): string {
  const different = [...new Set(sequences)].filter((one) => one !== '');
  if (different.length === 0) return '(#PCDATA)';
  if (different.length === 1 && !holdsText) return `(${different[0]})`;
  const names = new Set(different.flatMap((one) => one.split(', ').map((name) => name.replace(/[?*]$/, ''))));
  return holdsText ? `(#PCDATA | ${[...names].join(' | ')})*` : `(${[...names].join(' | ')})*`;
}
