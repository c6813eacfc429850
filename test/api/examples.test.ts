import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import * as nvml from '../../src/nvml.js';
import { Editor } from '../editor.js';

const GUIDE = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
const blocks = [...GUIDE.matchAll(/^```ts\n(.*?)^```/gms)].map(([, code = '']) => code);

/** An example on its own: what it takes from the text around it, and the entries where they lie here. */
function whole(code: string): string {
  const isUsed = (name: string): boolean => new RegExp(`\\b${name}\\b`).test(code);
  const names = code.includes('import') ? [] : Object.keys(nvml).filter(isUsed);
  const before = [
    names.length === 0 ? '' : `import { ${names.join(', ')} } from 'nvsmi/nvml';`,
    "import type { nvmlDevice_t } from 'nvsmi/nvml';",
    /const device\b/.test(code) ? '' : 'declare const device: nvmlDevice_t;',
    'declare const signal: AbortSignal;',
    !isUsed('nvsmi') || /const nvsmi\b/.test(code)
      ? ''
      : "import { NvidiaSmi } from 'nvsmi';\nconst nvsmi = NvidiaSmi.getInstance();",
  ];
  return `${before.join('\n')}\n${code}\nexport {};`
    .replaceAll("'nvsmi/nvml/promises'", "'./nvml-promises.js'")
    .replaceAll("'nvsmi/nvml'", "'./nvml.js'")
    .replaceAll("'nvsmi'", "'./index.js'");
}

describe('the examples of docs/library.md', () => {
  const editor = new Editor();

  it.each(blocks.map((code, i) => [i + 1, code] as const))(
    'compile: number %i',
    { timeout: 120_000 },
    (_, code) => {
      expect(editor.errors(whole(code))).toEqual([]);
    },
  );

  it('are reported where they do not', () => {
    expect(editor.errors(whole('nvmlDeviceGetMemoryInfo(device).used + 1n;'))).toHaveLength(1);
  });
});
