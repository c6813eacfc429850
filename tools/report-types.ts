/** Writes src/api/generated/report.ts: the TypeScript type of the report of GPUs, from its schema. */
import { reportSchema } from './report-schema.js';

/** As much of a schema as report-schema.ts writes. */
interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | false;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

function typeOf(schema: Schema, indent: string): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map((one) => typeOf(one, indent)).join(' | ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  return types.map((type) => simpleType(type, schema, indent)).join(' | ');
}

function simpleType(type: string, schema: Schema, indent: string): string {
  if (type === 'array') {
    const { items = {} } = schema;
    const item = typeOf(items, indent);
    return items.anyOf === undefined && typeof items.type === 'string'
      ? `readonly ${item}[]`
      : `readonly (${item})[]`;
  }
  if (type === 'integer') return 'number';
  if (type !== 'object') return type;
  if (schema.properties !== undefined) return objectType(schema, indent);
  return `Readonly<Record<string, ${typeOf(schema.additionalProperties || {}, indent)}>>`;
}

function objectType({ properties = {}, required = [] }: Schema, indent: string): string {
  const lines = Object.entries(properties).map(([name, schema]) => {
    const comment = schema.description === undefined ? '' : `${indent}  /** ${schema.description} */\n`;
    const optional = required.includes(name) ? '' : '?';
    return `${comment}${indent}  readonly ${name}${optional}: ${typeOf(schema, `${indent}  `)};\n`;
  });
  return `{\n${lines.join('')}${indent}}`;
}

export function reportTypes(): string {
  const document = (reportSchema() as Schema).anyOf?.[0];
  const gpu = document?.properties?.gpu?.items;
  if (document === undefined || gpu === undefined) throw new Error('the report has no GPUs');
  // A program that opens a recording knows that; only what the CLI prints has to say so.
  const { gpu: _, source: __, ...head } = document.properties ?? {};
  const outer = objectType({ ...document, properties: head }, '').replace(/\}$/, '');
  return [
    '/** One GPU of the report. What other groups have, or GPUs that are not like this one, is not there. */',
    `export interface ReportGpu ${objectType(gpu, '')}`,
    '',
    '/** The report of every GPU. */',
    `export interface Report ${outer}  readonly gpu: readonly ReportGpu[];\n}`,
    '',
  ].join('\n');
}
