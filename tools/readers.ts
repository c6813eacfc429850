/** Writes readers.ts: each struct as a function that reads it, so that an object is made in one go (10 ns a field less). */
import {
  ABSENT_FIELDS,
  COUNTED_FIELDS,
  TEXT_POINTERS,
  VALUE_TYPE_FIELDS,
} from '../src/nvml/functions/fields.js';
import type { Layout, ScalarType, StructField } from '../src/nvml/layout.js';
import { itemSize } from '../src/nvml/memory.js';

/** Scalars that can say "not available" by all ones. */
const ABSENT: Readonly<Partial<Record<ScalarType, string>>> = {
  u32: 'absentU32',
  i32: 'absentI32',
  u64: 'absentU64',
};

/** The function of api/read.ts for a scalar. */
const scalarFunction = (name: string, type: ScalarType): string =>
  VALUE_TYPE_FIELDS.has(name) && type === 'u32'
    ? 'valueType'
    : ((ABSENT_FIELDS.has(name) ? ABSENT[type] : undefined) ?? type);

/** The version of nvmlVgpuMetadata_t and nvmlVgpuPgpuMetadata_t is an output; that of all other structs is an input. */
const isVersion = (layout: Layout, name: string, [, offset]: StructField): boolean =>
  name === 'version' && offset === 0 && !('revision' in layout.fields);

/** Whether a reader wants the context: texts, a value's type, items. */
function usesContext(layout: Layout, known: Names): boolean {
  if (known.get(layout) === VALUE) return true;
  return Object.entries(layout.fields).some(
    ([name, [type, , length]]) =>
      TEXT_POINTERS.has(name) ||
      VALUE_TYPE_FIELDS.has(name) ||
      type === 'text' ||
      length !== undefined ||
      (typeof type === 'object' && usesContext(type, known)),
  );
}

type Names = ReadonlyMap<Layout, string>;

/** It is read as its type says. */
const VALUE = 'nvmlValue_t';

const place = (offset: number): string => (offset === 0 ? 'at' : `at + ${offset}`);

function item(name: string, type: ScalarType | Layout, offset: number, known: Names): string {
  if (typeof type === 'string') {
    const fn = scalarFunction(name, type);
    const context = fn === 'valueType' ? ', c' : '';
    return fn === 'u32' ? `m.getUint32(${place(offset)}, true)` : `r.${fn}(m, ${place(offset)}${context})`;
  }
  const struct = known.get(type);
  if (struct === VALUE) return `r.value(m, ${place(offset)}, c)`;
  return `${struct}(m, ${place(offset)}${usesContext(type, known) ? ', c' : ''})`;
}

/** The function that reads one item of an array. */
function itemFunction(name: string, type: ScalarType | Layout, known: Names): string {
  if (typeof type === 'string') return `r.${scalarFunction(name, type)}`;
  const struct = known.get(type);
  return struct === VALUE ? 'r.value' : `${struct}`;
}

function fieldText(layout: Layout, name: string, field: StructField, known: Names): string {
  const [type, offset, length] = field;
  const at = place(offset);
  if (type === 'ptr' && TEXT_POINTERS.has(name)) return `r.pointedText(m, ${at}, c)`;
  if (type === 'text') return `r.text(c, ${at}, ${length ?? 1})`;
  if (length === undefined) return item(name, type, offset, known);
  const count = layout.fields[COUNTED_FIELDS[name] ?? ''];
  const filled =
    count === undefined
      ? `${length}`
      : `Math.min(Number(${item('', count[0] as ScalarType, count[1], known)}), ${length})`;
  if (type === 'u8') return `r.bytes(c, ${at}, ${filled})`;
  return `r.items(m, ${at}, c, ${filled}, ${itemSize(type)}, ${itemFunction(name, type, known)})`;
}

function literal(layout: Layout, known: Names): string {
  const fields = Object.entries(layout.fields)
    .filter(([name, field]) => !isVersion(layout, name, field))
    .map(([name, field]) => `${name}: ${fieldText(layout, name, field, known)}`);
  return `{ ${fields.join(', ')} }`;
}

/** A struct without a name is called after its field. */
function addUnnamed(layout: Layout, name: string, known: Map<Layout, string>): void {
  for (const [field, [type]] of Object.entries(layout.fields)) {
    if (typeof type === 'object' && !known.has(type)) known.set(type, `${name}_${field}`);
  }
}

/** `layouts` are what layouts.ts exports; a struct with a second name is written once. */
export function readers(layouts: Readonly<Record<string, Layout>>): string {
  const known = new Map<Layout, string>();
  for (const [name, layout] of Object.entries(layouts)) if (!known.has(layout)) known.set(layout, name);
  const named = [...known.values()].filter((name) => name !== VALUE);
  for (const [layout, name] of known) addUnnamed(layout, name, known);
  const structs = [...known].filter(([, name]) => name !== VALUE);
  return [
    "import * as r from '../functions/read.js';",
    "import type { Layout } from '../layout.js';",
    "import * as l from './layouts.js';",
    '',
    ...structs.map(
      ([layout, name]) =>
        `function ${name}(m: DataView, at: number${usesContext(layout, known) ? ', c: r.ReadContext' : ''}) { return ${literal(layout, known)}; }`,
    ),
    '',
    '/** What reads a struct. */',
    'export const readers: ReadonlyMap<Layout, r.StructReader> = new Map<Layout, r.StructReader>([',
    '  [l.nvmlValue_t, r.value],',
    ...named.map((name) => `  [l.${name}, ${name}],`),
    ']);',
    '',
  ].join('\n');
}
