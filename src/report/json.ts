/** The report as JSON: tags as keys, values in their units, null for what is absent and why under `reasons`. */
import { Missing, statusReason } from '../nvml/status.js';
import { jsonReading, SCHEMA_VERSION } from '../query/cell.js';
import type { JsonScalar } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { Document, ReportPart } from './document.js';
import type { List } from './node.js';

export type JsonValue = JsonScalar | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The whole document. The subjects are an array, also where there is only one. */
export function reportJson({ tree, head, counts, blocks }: Document): JsonValue {
  return objectOf([...head, ...counts], {
    [tree.tag]: blocks.map(({ id, parts }) => objectOf(parts, {}, { id: tree.id.kind.json(id) })),
    schema_version: SCHEMA_VERSION,
  });
}

function objectOf(
  parts: readonly ReportPart[],
  after: Readonly<Record<string, JsonValue>>,
  before: Readonly<Record<string, JsonValue>> = {},
): JsonValue {
  const object: Record<string, JsonValue> = { ...before };
  const reasons: Record<string, string> = {};
  for (const part of parts) {
    const key = part.node.tag ?? '';
    if (part.is === 'section') object[key] = objectOf(part.parts, {});
    else if (part.is === 'list') object[key] = itemsOf(part.node, part.items);
    else if (part.node.type === 'leaf') {
      const { value, reason } = jsonReading(part.node.of.kind, part.reading);
      object[key] = value;
      if (reason !== undefined) reasons[key] = reason;
    } else if (part.reading instanceof Missing) {
      object[key] = null;
      reasons[key] = statusReason(part.reading.status);
    }
  }
  Object.assign(object, after);
  return Object.keys(reasons).length === 0 ? object : { ...object, reasons };
}

function itemsOf({ item }: List, items: Extract<ReportPart, { is: 'list' }>['items']): readonly JsonValue[] {
  return items.map((each) => {
    if (!('of' in item)) return objectOf(each as readonly ReportPart[], {});
    return jsonReading(item.of.kind, each as Reading).value;
  });
}
