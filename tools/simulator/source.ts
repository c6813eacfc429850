/** The C source of the fake: NVML's declarations, the hand-written runtime, and one function per symbol. */
import { readFileSync } from 'node:fs';
import { NVML_ERROR_NOT_FOUND } from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import type { Status } from '../../src/nvml/status.js';
import { UNRECORDED } from '../../src/snapshot/unrecorded.js';
import { type ApiParam, api, resolve, scalarOf } from '../api.js';
import { declarations, isHandle } from './declarations.js';

/** The hand-written parts, each after what it needs. */
const PARTS = ['moments.c', 'runtime.c', 'state.c', 'control.c', 'events.c', 'gpm.c', 'internal.c'];

/** All functions of NVML that this repository knows, in the order of their numbers in the fake. */
export const FUNCTIONS: readonly string[] = Object.keys(api.functions);

const LETTERS: Readonly<Record<string, string>> = { ptr: 'p', u32: 'u', i32: 'i', u64: 'q' };

/**
 * What each parameter is to the dispatcher, a letter each: d device, h other handle, u i q scalar, s C string in, p pointer,
 * n room for a text or a set of words, which says nothing about what is asked.
 */
export function roles(params: readonly ApiParam[]): string {
  const letters = params.map((param) => {
    if (isHandle(param.type)) return param.type === 'nvmlDevice_t' ? 'd' : 'h';
    if (resolve(param.type) === 'char*') return param.type.startsWith('const') ? 's' : 'p';
    return LETTERS[scalarOf(param.type) ?? 'ptr'] ?? 'p';
  });
  params.forEach((param, i) => {
    const room =
      resolve(param.type) === 'char*' ? i + 1 : resolve(param.type) === 'unsigned long*' ? i - 1 : -1;
    if (letters[i] === 'p' && letters[room] === 'u') letters[room] = 'n';
  });
  return letters.join('');
}

const list = (items: readonly string[]): string => (items.length === 0 ? 'void' : items.join(', '));

function exported(name: string, index: number): string {
  const params = api.functions[name]?.params ?? [];
  const letters = roles(params);
  const types = list(params.map((param) => param.type));
  const typed = list(params.map((param) => `${param.type} ${param.name}`));
  const packed = params.map((param, i) =>
    'dhps'.includes(letters[i] ?? '')
      ? `(uint64_t)(uintptr_t)${param.name}, `
      : `(uint64_t)${scalarOf(param.type) === 'u64' ? '' : '(uint32_t)'}${param.name}, `,
  );
  return [
    `EXPORT nvmlReturn_t ${name}(${typed})`,
    '{',
    `  nvmlReturn_t (*fake_function)(${types}) = NULL;`,
    `  const uint64_t fake_args[] = { ${packed.join('')}0 };`,
    `  nvmlReturn_t fake_status = fake_call(${index}, fake_args, (void **)&fake_function);`,
    `  return fake_function == NULL ? fake_status : fake_function(${params.map((param) => param.name).join(', ')});`,
    '}',
  ].join('\n');
}

function errorString(): string {
  const cases = Object.entries(api.enums.nvmlReturn_t ?? {}).map(
    ([name, value]) => `  case ${value}: return "${name}";`,
  );
  return [
    'EXPORT const char *nvmlErrorString(nvmlReturn_t status)',
    '{',
    '  const char *(*real)(nvmlReturn_t) = (const char *(*)(nvmlReturn_t))fake_real("nvmlErrorString");',
    '  const char *text = fake_text("nvmlErrorString", (uint64_t)status);',
    '  if (text != NULL) return text;',
    '  if (real != NULL) return real(status);',
    '  switch ((int)status) {',
    ...cases,
    '  }',
    '  return "unknown status";',
    '}',
  ].join('\n');
}

/**
 * A symbol of the real library that no header declares. Its parameters are unknown: up to eight integers or
 * pointers pass through, which is what x86-64 and arm64 hand over without looking.
 */
function passedThrough(name: string): string {
  const params = Array.from({ length: 8 }, (_, i) => `uint64_t p${i}`);
  return [
    `EXPORT uint64_t ${name}(${params.join(', ')})`,
    '{',
    `  uint64_t (*real)(${params.join(', ')}) = fake_real("${name}");`,
    '  return real == NULL ? NVML_ERROR_FUNCTION_NOT_FOUND : real(p0, p1, p2, p3, p4, p5, p6, p7);',
    '}',
  ].join('\n');
}

/** The status of inputs without an entry. */
const unrecorded = (name: string): Status => UNRECORDED[name as FunctionName] ?? NVML_ERROR_NOT_FOUND;

export interface SourceOptions {
  /** Can hand calls to a real library. */
  readonly front?: boolean;
  /** Undeclared symbols to hand to the real library in front mode. */
  readonly also?: readonly string[];
}

export function librarySource({ front = false, also = [] }: SourceOptions): string {
  const rows = FUNCTIONS.map((name) => {
    const fn = api.functions[name];
    const needsInit = fn?.returnCodes?.includes('NVML_ERROR_UNINITIALIZED') === true;
    return `  { "${name}", "${roles(fn?.params ?? [])}", ${Number(needsInit && name !== 'nvmlShutdown')}, ${unrecorded(name)}, NULL },`;
  });
  const parts = PARTS.map((name) =>
    readFileSync(new URL(`../../simulator/${name}`, import.meta.url), 'utf8'),
  );
  return [
    ...(front ? ['#define FRONT'] : []),
    '#define _GNU_SOURCE',
    '#include <stddef.h>',
    '#include <stdint.h>',
    declarations(),
    `#define FUNCTIONS ${FUNCTIONS.length}`,
    'struct function { const char *name, *params; int needs_init, unrecorded; void *real; };',
    'static const struct { const char *name; int value; } statuses[] = {',
    ...Object.entries(api.enums.nvmlReturn_t ?? {}).map(([name, value]) => `  { "${name}", ${value} },`),
    '};',
    'static struct function functions[FUNCTIONS] = {',
    ...rows,
    '};',
    ...parts,
    ...FUNCTIONS.map((name, index) => (name === 'nvmlErrorString' ? errorString() : exported(name, index))),
    ...also.filter((name) => !FUNCTIONS.includes(name)).map(passedThrough),
    '',
  ].join('\n');
}
