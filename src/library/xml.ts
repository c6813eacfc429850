/** Elements as an XML document. */
import type { XmlElement } from './device-tree.js';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
const escaped = (text: string): string => text.replace(/[&<>]/g, (letter) => ESCAPES[letter] ?? letter);

function elementLines([tag, content]: XmlElement, indent: string): string[] {
  if (typeof content === 'string') return [`${indent}<${tag}>${escaped(content)}</${tag}>`];
  return [
    `${indent}<${tag}>`,
    ...content.flatMap((inner) => elementLines(inner, `${indent}  `)),
    `${indent}</${tag}>`,
  ];
}

/** The document that pynvml_utils' XmlDeviceQuery begins and names the same way. */
export const deviceXml = (root: XmlElement): string =>
  [
    '<?xml version="1.0" ?>',
    '<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v4.dtd">',
    ...elementLines(root, ''),
    '',
  ].join('\n');
