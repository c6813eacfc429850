/** Elements as an XML document. */
import type { XmlElement } from './device-tree.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string =>
  /[&<>]/.test(text) ? text.replace(/[&<>]/g, (letter) => ESCAPES[letter] ?? letter) : text;

function elementText([tag, content]: XmlElement, indent: string): string {
  if (typeof content === 'string') return `${indent}<${tag}>${escaped(content)}</${tag}>\n`;
  let text = `${indent}<${tag}>\n`;
  for (const inner of content) text += elementText(inner, `${indent}  `);
  return `${text}${indent}</${tag}>\n`;
}

/** The document that pynvml_utils' XmlDeviceQuery begins and names the same way. */
export const deviceXml = (root: XmlElement): string =>
  `<?xml version="1.0" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v4.dtd">\n${elementText(root, '')}`;
