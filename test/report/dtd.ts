/**
 * Validity against a DTD of the kind that `--dtd` prints: elements whose content is a sequence, a choice, text, or
 * text between elements, and one attribute. Enough to check our own XML where xmllint is not installed.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';

interface Declared {
  /** Matches the children of an element, each as `<tag>`. */
  readonly children: RegExp;
  readonly holdsText: boolean;
  readonly attributes: Set<string>;
}

type Grammar = ReadonlyMap<string, Declared>;

const NAME = '[A-Za-z_][\\w.-]*';

/** The declarations of a DTD. Throws where one is of another kind, or declared twice. */
export function grammarOf(dtd: string): Grammar {
  const grammar = new Map<string, Declared>();
  const rest = dtd
    .replace(/<!--(?:(?!--)[\s\S])*-->/g, '')
    .replace(new RegExp(`<!ELEMENT (${NAME}) (\\(.*\\)[*]?)>`, 'g'), (_, tag: string, model: string) => {
      if (grammar.has(tag)) throw new Error(`${tag} is declared twice`);
      grammar.set(tag, declared(model));
      return '';
    })
    .replace(
      new RegExp(`<!ATTLIST (${NAME}) (${NAME}) CDATA #REQUIRED>`, 'g'),
      (_, tag: string, name: string) => {
        grammar.get(tag)?.attributes.add(name);
        return '';
      },
    )
    .trim();
  if (rest !== '') throw new Error(`not understood in the DTD: ${rest.split('\n')[0]}`);
  return grammar;
}

/** `(a, b?, c*)`, `(a | b)*`, `(#PCDATA)` or `(#PCDATA | a | b)*`. */
function declared(model: string): Declared {
  const particle = `${NAME}[?*]?`;
  if (!new RegExp(`^\\((#PCDATA|${particle})(, ${particle})*( \\| ${NAME})*\\)[*]?$`).test(model)) {
    throw new Error(`no such content model is known: ${model}`);
  }
  const holdsText = model.includes('#PCDATA');
  const children = model
    .replace(/#PCDATA( \| )?/, '')
    .replaceAll(new RegExp(NAME, 'g'), '(?:<$&>)')
    .replaceAll(/, /g, '')
    .replaceAll(' | ', '|');
  return { children: new RegExp(`^(?:${children})$`), holdsText, attributes: new Set() };
}

interface Element {
  readonly tag: string;
  readonly attributes: readonly string[];
  readonly children: readonly Element[];
  readonly hasText: boolean;
}

type Ordered = Readonly<Record<string, unknown>>;

function elementOf(node: Ordered): Element | undefined {
  const tag = Object.keys(node).find((key) => key !== ':@' && key !== '#text' && !key.startsWith('?'));
  if (tag === undefined) return undefined;
  const inside = node[tag] as readonly Ordered[];
  return {
    tag,
    attributes: Object.keys((node[':@'] as Ordered | undefined) ?? {}),
    children: inside.map(elementOf).filter((one) => one !== undefined),
    hasText: inside.some((one) => '#text' in one && String(one['#text']).trim() !== ''),
  };
}

/** What is wrong with a document, a line for each element; empty where it is valid. `dtd` where it has none inside. */
export function invalidities(document: string, dtd: string): readonly string[] {
  const [, root = '', rest = ''] =
    new RegExp(`<!DOCTYPE (${NAME}) (SYSTEM "[\\w.]+">|\\[)`).exec(document) ?? [];
  const internal = rest === '[' ? /\[\n([\s\S]*?\n)\]>/.exec(document) : undefined;
  const grammar = grammarOf(internal?.[1] ?? dtd);
  const body = document.replace(internal?.[0] ?? '', '').replace(/<!DOCTYPE.*\n?/, '');
  const formed = XMLValidator.validate(body);
  if (formed !== true) return [`line ${formed.err.line}: ${formed.err.msg}`];
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: '',
    processEntities: false,
    parseTagValue: false,
  });
  const top = (parser.parse(body) as readonly Ordered[]).map(elementOf).filter((one) => one !== undefined);
  const wrong: string[] = [];
  if (top.length !== 1 || top[0]?.tag !== root) wrong.push(`the root element is not ${root}`);
  const visit = (element: Element): void => {
    const { tag, attributes, children, hasText } = element;
    const rule = grammar.get(tag);
    if (rule === undefined) wrong.push(`${tag} is not declared`);
    else {
      const found = children.map((child) => `<${child.tag}>`).join('');
      if (!rule.children.test(found)) wrong.push(`${tag} may not hold ${found === '' ? 'nothing' : found}`);
      if (hasText && !rule.holdsText) wrong.push(`${tag} may not hold text`);
      if ([...rule.attributes].sort().join() !== [...attributes].sort().join()) {
        wrong.push(`${tag} has the attributes ${attributes.join() || '(none)'}`);
      }
    }
    for (const child of children) visit(child);
  };
  for (const element of top) visit(element);
  return wrong;
}
