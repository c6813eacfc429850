import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import * as layouts from '../../src/nvml/generated/layouts.js';
import type { Layout } from '../../src/nvml/layout.js';
import { api } from '../../tools/api.js';
import { compileProgram, compiler } from '../fake-nvml/build.js';
import { layoutProgram, parsePlaces, placesOf, structNames } from '../fake-nvml/layout-program.js';

const known = layouts as Readonly<Record<string, Layout>>;

describe('struct layouts', () => {
  it('exist for every struct of NVML, with every field that has a name', () => {
    expect(structNames).toHaveLength(160);
    for (const name of structNames) {
      const fields = api.structs[name]?.fields ?? [];
      const names = fields.flatMap((field) => (field.name === null ? (field.fields ?? []) : [field]));
      expect(Object.keys(known[name]?.fields ?? {}), name).toEqual(names.map((field) => field.name));
    }
  });

  it.skipIf(compiler === undefined)(
    'are those of the C compiler: sizes, offsets, widths, signs and lengths',
    () => {
      const places = structNames.flatMap((name) => placesOf(name, known[name] as Layout));
      const output = execFileSync(compileProgram(layoutProgram(places)), { encoding: 'utf8' });
      expect(parsePlaces(output)).toEqual(Object.fromEntries(places));
    },
  );
});
