/** A C program that prints how the compiler lays out every struct that src/nvml/generated/layouts.ts describes. */
import type { Layout, StructField } from '../../src/nvml/layout.js';
import { api } from '../../tools/api.js';
import { declarations } from '../../tools/simulator/declarations.js';

/** `struct path` → [kind, offset, length], as the layouts say it. */
export type Places = Readonly<Record<string, readonly (number | string)[]>>;

/** Structs under their own names; aliases are the same objects. */
export const structNames: readonly string[] = Object.keys(api.structs);

/** What the layouts say, a line for each field; a nested struct's fields by their path. */
export function placesOf(
  name: string,
  layout: Layout,
): [path: string, place: readonly (number | string)[]][] {
  return [[name, ['struct', 0, layout.size]], ...fieldPlaces(`${name} `, layout, 0)];
}

function fieldPlaces(prefix: string, layout: Layout, base: number): ReturnType<typeof placesOf> {
  return Object.entries(layout.fields).flatMap(([name, [type, offset, length]]: [string, StructField]) => {
    const path = `${prefix}${name}`;
    const at = base + offset;
    if (typeof type === 'string') return [[path, [type, at, length ?? 1]]];
    const element = length === undefined ? path : `${path}[0]`;
    return [[path, ['struct', at, type.size * (length ?? 1)]], ...fieldPlaces(`${element}.`, type, at)];
  });
}

/** A member of a struct, through an object that is never made. */
const member = (struct: string, path: string): string => `((${struct} *)0)->${path}`;

export function layoutProgram(places: ReturnType<typeof placesOf>): string {
  const lines = places.map(([key, [type, , length]]) => {
    const [struct = '', path] = key.split(' ');
    if (path === undefined) return `  printf("${key}\\tstruct\\t0\\t%zu\\n", sizeof(${struct}));`;
    const value = member(struct, path);
    const offset = `offsetof(${struct}, ${path})`;
    if (type === 'struct') return `  printf("${key}\\tstruct\\t%zu\\t%zu\\n", ${offset}, sizeof(${value}));`;
    const isArray = length !== 1 || type === 'text';
    const element = isArray ? `${value}[0]` : value;
    return `  printf("${key}\\t%s\\t%zu\\t%zu\\n", KIND(${element}, ${Number(isArray)}), ${offset}, sizeof(${value}) / sizeof(${element}));`;
  });
  return [
    '#include <stddef.h>',
    '#include <stdio.h>',
    declarations(),
    '#define KIND(value, array) _Generic((value), char: array ? "text" : "u8", unsigned char: "u8", \\',
    '  unsigned short: "u16", unsigned int: "u32", int: "i32", unsigned long: "u64", \\',
    '  unsigned long long: "u64", long long: "i64", double: "f64", default: "ptr")',
    'int main(void)',
    '{',
    ...lines,
    '  return 0;',
    '}',
    '',
  ].join('\n');
}

export function parsePlaces(output: string): Places {
  const rows = output.trimEnd().split('\n');
  return Object.fromEntries(
    rows.map((row) => {
      const [key = '', type = '', offset, length] = row.split('\t');
      return [key, [type, Number(offset), Number(length)]];
    }),
  );
}
