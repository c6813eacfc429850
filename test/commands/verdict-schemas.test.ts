/** The schemas of doctor, health and events hold for what they print. */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { SOUND, withTree } from '../doctor/tree.js';
import { runOn } from './run-on.js';

const validatorOf = (name: string) =>
  new Ajv.default({ allowUnionTypes: true, validateFormats: false }).compile(
    JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')),
  );

const MACHINES = ['h200-x2', 'hgx-h100-x8', 'lost-gpu', 'mismatch', 'none', 'a100-mig', 'rtx-4090'];

describe.each(['doctor', 'health'])('the schema of %s', (name) => {
  const validate = validatorOf(name);

  it.each(MACHINES)('holds for %s', async (machine) => {
    const { out } = await runOn(machine, [name, '--json']);
    expect(validate(JSON.parse(out)), JSON.stringify(validate.errors)).toBe(true);
  });

  it('refuses what is never printed', () => {
    expect(validate({})).toBe(false);
    expect(validate({ verdict: 'good', checks: [], not_applicable: [] })).toBe(false);
  });
});

it('the schema of health holds for each line of a loop', async () => {
  const validate = validatorOf('health');
  const { out } = await runOn('hgx-h100-x8', ['health', '--json', '-l', '1'], 3);
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => validate(JSON.parse(line)))).toEqual([true, true, true]);
});

it('the schema of events holds for its lines', async () => {
  const validate = validatorOf('events');
  const text = 'NVRM: Xid (PCI:0000:00:07): 79, pid=1';
  const log = {
    ...SOUND,
    '/dev/kmsg': `4,2,10000000,-;${text}\n4,3,20000000,-;${text.replace('00:07', '99:00')}\n`,
  };
  const { out } = await withTree(log, (root) =>
    runOn('h200-x2', ['events', '--since', 'boot', '--json', '--root', root]),
  );
  const lines = out.trimEnd().split('\n');
  expect(lines.map((line) => validate(JSON.parse(line)))).toEqual([true, true]);
  expect(validate({})).toBe(false);
});
