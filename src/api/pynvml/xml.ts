/** The XML document of pynvml_utils' XmlDeviceQuery. fast-xml-parser writes the elements. */
import { XMLBuilder } from 'fast-xml-parser';

/** A text, elements by their tags, or several of one tag. */
export type XmlElement = string | readonly XmlElement[] | { readonly [tag: string]: XmlElement };

const INDENT = '  ';

const builder = new XMLBuilder({ format: true, indentBy: INDENT, processEntities: false });

/** Quotation marks stay as they are, as in Python's texts. */
const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string =>
  /[&<>]/.test(text) ? text.replace(/[&<>]/g, (letter) => ENTITIES[letter] ?? letter) : text;

/** The end tag of what has no elements is on its own line. */
function closed(element: XmlElement, depth: number): XmlElement {
  if (typeof element === 'string') return escaped(element);
  if (Array.isArray(element)) return element.map((one) => closed(one, depth));
  const inside = Object.entries(element).filter(([, one]) => !Array.isArray(one) || one.length > 0);
  if (inside.length === 0) return `\n${INDENT.repeat(depth)}`;
  return Object.fromEntries(inside.map(([tag, one]) => [tag, closed(one, depth + 1)]));
}

export const deviceXml = (root: XmlElement): string =>
  `<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v4.dtd">\n${builder.build({ nvidia_smi: closed(root, 0) })}`;
