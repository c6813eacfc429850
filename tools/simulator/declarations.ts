/** The C declarations of NVML, written from the facts in tools/nvml-api.json. */
import { type ApiField, api, resolve } from '../api.js';

/** Opaque handles are pointers to structs that are never defined. */
const OPAQUE = /^struct \w+_st\*$/;

export const isHandle = (type: string): boolean => OPAQUE.test(resolve(type));

/** Members of C enums share one namespace; a few are declared in two enums. */
function enums(): string[] {
  const known = new Set<string>();
  return Object.entries(api.enums).map(([name, members]) => {
    const fresh = Object.entries(members).filter(([member]) => !known.has(member));
    for (const [member] of fresh) known.add(member);
    const body = fresh.map(([member, value]) => `${member} = ${value}`).join(', ');
    return `typedef enum { ${body === '' ? `${name}_EMPTY` : body} } ${name};`;
  });
}

function declarator(field: ApiField): string {
  return `${field.name ?? ''}${(field.dims ?? []).map((dim) => `[${dim}]`).join('')};`;
}

function member(field: ApiField): string {
  if (field.fields === undefined) return `${field.type} ${declarator(field)}`;
  return `${field.type} { ${field.fields.map(member).join(' ')} } ${declarator(field)}`;
}

/** Types that a struct needs before it. */
function needs(fields: readonly ApiField[]): string[] {
  return fields.flatMap((field) => (field.fields === undefined ? [bare(field.type)] : needs(field.fields)));
}

const bare = (type: string): string => type.replace(/^const /, '').replace(/\*+$/, '');

/** Typedefs, enums and structs, each after what it needs. */
export function declarations(): string {
  const out = enums();
  const done = new Set<string>();
  const emit = (name: string): void => {
    if (done.has(name)) return;
    done.add(name);
    const alias = api.typedefs[name];
    const struct = api.structs[name];
    if (alias !== undefined) {
      emit(bare(alias));
      out.push(`typedef ${alias} ${name};`);
    } else if (struct !== undefined) {
      for (const needed of needs(struct.fields)) emit(needed);
      out.push(`typedef ${struct.kind} { ${struct.fields.map(member).join(' ')} } ${name};`);
    }
  };
  for (const name of [...Object.keys(api.typedefs), ...Object.keys(api.structs)]) emit(name);
  return `${out.join('\n')}\n`;
}
