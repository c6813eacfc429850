/** Writes src/library/generated/fields.ts: the TypeScript type of every --query-gpu field. */

import type { Row } from '../src/query/field.js';
import { gpuTable } from '../src/query/gpu/index.js';

/** What a kind makes of a value in JSON. Words and texts are strings, whatever they are given. */
function typeOf({ kind }: Row): string {
  return typeof kind.json(1);
}

export function fields(): string {
  const lines = gpuTable.fields.flatMap((row) =>
    row.names.map((name) => {
      const { unit } = row.kind;
      const doc = `${row.jsonHelp ?? row.help}${unit === undefined ? '' : ` In ${unit}.`}`;
      return `  /** ${doc.replace(/\s+/g, ' ')} */\n  readonly '${name}': ${typeOf(row)};`;
    }),
  );
  return [
    '/** The fields of --query-gpu and the types of their values. */',
    'export interface GpuFields {',
    ...lines,
    '}',
    '',
  ].join('\n');
}
