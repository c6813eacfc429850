import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { gb200, h200x2 } from './machines.js';
import { a100WithMig } from './mig-machine.js';
import { runOn } from './run-on.js';
import { migVgpuHost, vgpuHost } from './vgpu-machine.js';

const MIG_LISTS = ['-lgip', '-lgipp', '-lgi', '-lcip', '-lcipp', '-lci'];
const GETTERS = ['-q', '-gc', '-gg', '-d', '-e', '-f', '-grs', '-gkr', '-mgm', '-gm'];

type Case = readonly [name: string, options: readonly string[], machine: () => string | Snapshot];

const h100 = () => 'h100-x1';

const CASES: readonly Case[] = [
  ['mig', MIG_LISTS, h100],
  ['mig', MIG_LISTS, a100WithMig],
  ['conf-compute', GETTERS, h100],
  ['conf-compute', GETTERS, h200x2],
  ['compute-policy', ['-l'], h200x2],
  ['boost-slider', ['-l'], h200x2],
  ['base-clocks', [], h200x2],
  ['power-hint', ['-l'], h200x2],
  ['encodersessions', [], h200x2],
  ['fbcsessions', [], h200x2],
  ['power-smoothing', ['-ppd'], gb200],
  ['power-profiles', ['-l', '-ld', '-gr', '-ge'], gb200],
  ['power-profiles', ['-l', '-ld', '-gr', '-ge'], h100],
  ['vgpu', ['-q'], h100],
  ...[
    [],
    ['-q'],
    ['-s'],
    ['-c'],
    ['-u'],
    ['-p'],
    ['-es'],
    ['-fs'],
    ['-ss'],
    ['-sl'],
    ['-sc'],
    ['-m'],
    ['-ghm'],
  ].map((options): Case => ['vgpu', options, vgpuHost]),
  ...[['--gpm-metrics=1,10'], ['-ss', '-gi', '2'], ['-sl', '-gi', '2'], ['-ghm', '-gi', '2']].map(
    (options): Case => ['vgpu', ['-i', '0', ...options], migVgpuHost],
  ),
];

function validator(name: string) {
  const schema = JSON.parse(
    readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'),
  );
  const [part = ''] = Object.keys(schema.properties);
  return {
    validate: new Ajv.default({ allowUnionTypes: true, validateFormats: false }).compile(schema),
    part,
  };
}

const MACHINES = ['h100-x1', 'hgx-h100-x8', 'a100-mig', 'rtx-4090', 'lost-gpu'];
const OPTIONS = ['--version', '-L', '-B', '--get-hostname'];

describe('the schemas of nvsmi itself', () => {
  it.each(MACHINES)('hold for the summary of %s, once and in a loop', async (machine) => {
    const { validate } = validator('summary');
    expect(
      validate(JSON.parse((await runOn(machine, ['--json'])).out)),
      JSON.stringify(validate.errors),
    ).toBe(true);
    const lines = (await runOn(machine, ['--json', '-l', '1'])).out.trimEnd().split('\n');
    expect(lines.map((line) => validate(JSON.parse(line)))).toEqual([true]);
  });

  it.each(OPTIONS.flatMap((option) => MACHINES.map((machine) => [option, machine] as const)))(
    'hold for %s on %s',
    async (option, machine) => {
      const names: Readonly<Record<string, string>> = { '-L': 'list-gpus', '-B': 'list-excluded-gpus' };
      const { validate } = validator(names[option] ?? option.slice(2));
      const { out } = await runOn(machine, [option, '--json']);
      expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
    },
  );

  it.each(['summary', 'version', 'list-gpus', 'list-excluded-gpus', 'get-hostname'])(
    'refuse what is never printed: %s',
    (name) => {
      expect(validator(name).validate({})).toBe(false);
    },
  );
});

describe('the schemas of the JSON outputs', () => {
  it.each(CASES)('hold for %s %j', async (name, options, machine) => {
    const { validate } = validator(name);
    const { out } = await runOn(machine(), [name, ...options, '--json']);
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each([...new Set(CASES.map(([name]) => name))])('refuse what %s never prints', (name) => {
    const { validate, part } = validator(name);
    expect(validate({})).toBe(false);
    expect(validate({ [part]: [{ gpu: 'zero' }] })).toBe(false);
  });
});
