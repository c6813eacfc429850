import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { api } from '../../tools/api.js';
import { CONSTANT_COMMENTS } from '../../tools/constant-comments.js';
import { docOf, summaryOf } from '../../tools/docstrings.js';
import { OUTPUTS, PARAMETERS } from '../../tools/parameters.js';
import { functionNames, shapeOf, signatureOf } from '../../tools/signatures.js';
import { SUMMARIES } from '../../tools/summaries.js';
import { Editor } from '../editor.js';

/** They are written by hand. */
const BY_HAND = ['nvmlInit', 'nvmlInit_v2', 'nvmlInitWithFlags', 'nvmlShutdown', 'nvmlErrorString'];
const names = functionNames.filter((name) => !BY_HAND.includes(name));
const unversioned = (name: string): string => name.replace(/_v\d+$/, '');
const linesOf = (name: string, tag: string): string[] =>
  docOf(name)
    .filter((line) => line.startsWith(` * @${tag} `))
    .map((line) => line.slice(` * @${tag} `.length));
const paramsOf = (name: string): Record<string, string> =>
  Object.fromEntries(linesOf(name, 'param').map((line) => line.split(/ (.*)/).slice(0, 2)));

describe('the comments of functions', () => {
  it('say the unit of the parameter that has it, and of no other', () => {
    expect(paramsOf('nvmlDeviceSetPowerManagementLimit')).toEqual({
      device: 'the GPU',
      limit: 'the power limit, in mW',
    });
    expect(paramsOf('nvmlDeviceSetFanSpeed_v2')).toEqual({
      device: 'the GPU',
      fan: 'index of the fan, 0 to nvmlDeviceGetNumFans() - 1',
      speed: '% of the maximum speed',
    });
    expect(paramsOf('nvmlDeviceSetTemperatureThreshold')).toMatchObject({
      device: 'the GPU',
      temp: 'the temperature, in °C',
    });
    expect(paramsOf('nvmlDeviceSetConfComputeUnprotectedMemSize')).toEqual({
      device: 'the GPU',
      sizeKiB: 'size of the unprotected memory, in KiB',
    });
    const handles = names.flatMap((name) => {
      const { inputs } = signatureOf(shapeOf(name));
      const params = paramsOf(name);
      return inputs
        .filter(({ of }) => /^nvml\w+_t$/.test(of) && /Device_t|Unit_t|Instance_t/.test(of))
        .map((i) => params[i.name]);
    });
    expect(handles.filter((text) => text === undefined || /\b(in |mW|MHz|KiB|°C|%)/.test(text))).toEqual([]);
  });

  it('say something about every parameter, every error and every unit in a name', () => {
    for (const name of names) {
      const { inputs, outputs } = signatureOf(shapeOf(name));
      expect(
        linesOf(name, 'param').filter((line) => !line.includes(' ')),
        name,
      ).toEqual([]);
      expect(linesOf(name, 'param'), name).toHaveLength(inputs.length);
      expect(linesOf(name, 'throws').join(), name).toMatch(/^NVMLError_\w+/);
      const withUnit = outputs.filter((one) => /(MHz|Us|KiB)$/.test(one.name));
      for (const one of withUnit) expect(linesOf(name, 'returns').join(), name).toMatch(`${one.name}, in `);
    }
  });

  it('name values by more than the prefix that all of NVML has', () => {
    const bare = names.filter((name) =>
      / NVML_\*(?!_)/.test(
        docOf(name)
          .join('\n')
          .replace(/or NVML_ERROR_\*/g, ''),
      ),
    );
    expect(bare).toEqual([]);
    expect(paramsOf('nvmlDeviceGetSamples').type).toBe('{@link t.nvmlSamplingType_t}: NVML_*_SAMPLES');
    expect(paramsOf('nvmlDeviceGetTotalEccErrors').counterType).toBe(
      '{@link t.nvmlEccCounterType_t}: NVML_VOLATILE_ECC or NVML_AGGREGATE_ECC',
    );
    expect(linesOf('nvmlDeviceSetMigMode', 'returns').join()).toContain('NVML_SUCCESS or NVML_ERROR_*');
  });

  it('begin with a sentence in words', () => {
    for (const name of names) {
      expect(summaryOf(name), name).toMatch(/^[A-Z][^\n]+\.$/);
      // Remains of camel case: P2 P, V of, num of, clk, bw.
      expect(summaryOf(name), name).not.toMatch(
        /\b[A-Z]\d [A-Z]\b| V of|\b(num|clk|bw|curr|info|psu|numa|the if)\b/,
      );
    }
  });

  it('use every line of their tables', () => {
    const stems = new Set(functionNames.map(unversioned));
    expect(Object.keys(SUMMARIES).filter((name) => !stems.has(name))).toEqual([]);
    const inputs = new Set<string>();
    const outputs = new Set<string>();
    for (const name of functionNames) {
      const signature = signatureOf(shapeOf(name));
      for (const one of signature.inputs) inputs.add(one.name).add(`${unversioned(name)}.${one.name}`);
      for (const one of signature.outputs) outputs.add(one.name).add(`${unversioned(name)}.${one.name}`);
    }
    expect(Object.keys(PARAMETERS).filter((name) => !inputs.has(name))).toEqual([]);
    expect(Object.keys(OUTPUTS).filter((name) => !outputs.has(name))).toEqual([]);
  });
});

describe('an editor', { timeout: 120_000 }, () => {
  const editor = new Editor();
  const hover = (module: string, fn: string): string =>
    editor.hover(`import { ${fn} } from './${module}.js';\n${fn.slice(0, 6)}|${fn.slice(6)};`);

  it('shows the same over a function and its promise', () => {
    for (const fn of ['nvmlDeviceGetTemperature', 'nvmlDeviceSetFanSpeed_v2', 'nvmlDeviceGetSamples']) {
      const [sentence, ...tags] = hover('nvml', fn).split('\n');
      const [later, ...laterTags] = hover('nvml-promises', fn).split('\n');
      expect(later).toBe(`${sentence} On a worker thread.`);
      const options = laterTags.filter((tag) => tag.startsWith('@param options '));
      expect(options).toHaveLength(fn.startsWith('nvmlDeviceSet') ? 0 : 1);
      expect(laterTags.filter((tag) => !options.includes(tag))).toEqual(tags);
      expect(tags.filter((tag) => tag.startsWith('@throws NVMLError_'))).toHaveLength(1);
    }
  });

  it('shows over a reason or an event what it means', () => {
    expect(hover('nvml', 'nvmlClocksEventReasonSwPowerCap')).toBe(
      'The software power cap limits the clocks.',
    );
    expect(Object.keys(CONSTANT_COMMENTS).filter((name) => !(name in api.constants))).toEqual([]);
    const masks = Object.keys(api.constants).filter(
      (name) => /^nvml(Clocks\w+Reason|Event|SystemEventType(?!Count))/.test(name) && !/_v\d$/.test(name),
    );
    expect(masks.filter((name) => !(name in CONSTANT_COMMENTS))).toEqual([]);
  });

  it('shows over a field id what it is, its unit and its scope', () => {
    expect(hover('nvml', 'NVML_FI_DEV_POWER_INSTANT')).toBe(
      'Instantaneous power draw, in mW. Scope: NVML_POWER_SCOPE_*.',
    );
    const text = readFileSync(new URL('../../src/nvml/generated/constants.ts', import.meta.url), 'utf8');
    expect(text.match(/^export const NVML_FI_\w+/gm)?.length).toBeGreaterThan(300);
    expect(text.match(/^\/\*\* [A-Z].+\. \*\/\nexport const NVML_FI_\w+/gm)?.length).toBe(
      text.match(/^export const NVML_FI_\w+/gm)?.length,
    );
  });
});
