/** What nvml.h declares, as the parsed facts in nvml-api.json spell it. */
import { readFileSync } from 'node:fs';

export interface ApiField {
  readonly name: string | null;
  readonly type: string;
  readonly dims?: readonly number[];
  readonly offset?: number;
  readonly size?: number;
  readonly fields?: readonly ApiField[];
}

export interface ApiStruct {
  readonly kind: 'struct' | 'union';
  readonly fields: readonly ApiField[];
  readonly size: number;
  readonly align: number;
}

export interface ApiParam {
  readonly name: string;
  readonly type: string;
  readonly dims?: readonly number[];
  readonly direction?: 'in' | 'out' | 'in,out';
}

export interface ApiFunction {
  readonly returns: string;
  readonly params: readonly ApiParam[];
  readonly returnCodes?: readonly string[];
}

export interface Api {
  readonly headerVersion: string;
  readonly unversionedNames: Readonly<Record<string, string>>;
  readonly constants: Readonly<Record<string, number | string>>;
  readonly strings: Readonly<Record<string, string>>;
  readonly enums: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly typedefs: Readonly<Record<string, string>>;
  readonly structs: Readonly<Record<string, ApiStruct>>;
  readonly functions: Readonly<Record<string, ApiFunction>>;
}

export const api: Api = JSON.parse(readFileSync(new URL('./nvml-api.json', import.meta.url), 'utf8'));

/** A C scalar as the layouts name it: width and signedness. */
export type ScalarCode = 'u8' | 'u16' | 'u32' | 'u64' | 'i32' | 'i64' | 'f64' | 'ptr';

const C_SCALARS: Readonly<Record<string, ScalarCode>> = {
  'unsigned char': 'u8',
  'unsigned short': 'u16',
  'unsigned int': 'u32',
  unsigned: 'u32',
  int: 'i32',
  'unsigned long': 'u64',
  'unsigned long long': 'u64',
  'signed long long': 'i64',
  'long long': 'i64',
  double: 'f64',
};

/** Follows typedefs until a scalar, a pointer, an enum or a struct is reached. */
export function resolve(type: string): string {
  const bare = type.replace(/^const /, '');
  const next = api.typedefs[bare];
  return next === undefined ? bare : resolve(next);
}

/** The scalar code of a C type, or undefined for a struct. Enums are 32 bits wide, signed where a member is. */
export function scalarOf(type: string): ScalarCode | undefined {
  const resolved = resolve(type);
  if (resolved.endsWith('*')) return 'ptr';
  const members = api.enums[resolved];
  if (members !== undefined) return Object.values(members).some((value) => value < 0) ? 'i32' : 'u32';
  return C_SCALARS[resolved];
}
