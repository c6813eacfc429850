import { expect, it } from 'vitest';
import { fieldHelp } from '../../src/query/field.js';
import { gpuTable } from '../../src/query/gpu/index.js';
import { tableAt } from '../../src/query/relation.js';
import { nvsmi } from '../cli/run.js';

it.each([
  ['80', {}],
  ['60', { COLUMNS: '20' }],
  ['97', { COLUMNS: '97' }],
])('explains every field in lines of at most %s characters, with every word', async (width, env) => {
  const { out } = await nvsmi(['--help-query-gpu'], { env }, 'h100-x1');
  const [, ...fields] = out.trimEnd().split('\n\n');
  const explained = fields.map((field) => field.split('\n').slice(1));
  expect(explained.map((lines) => lines.join(' '))).toEqual(tableAt(gpuTable, 580).fields.map(fieldHelp));
  expect(explained.flat().filter((line) => line.length > Number(width))).toEqual([]);
  const broken = explained.filter((lines) => lines.length > 1);
  expect(broken.length).toBeGreaterThan(0);
  // No line ends earlier than it has to.
  const early = broken.filter(
    ([first = '', second = '']) => `${first} ${second.split(' ', 1)[0]}`.length <= Number(width),
  );
  expect(early).toEqual([]);
});

it.each([
  ['a recording', [], 'h100-x1', 'fabric.health.partition_assigned', 'bbx.time_run'],
  ['--as', ['--as', '610'], 'h100-x1', 'bbx.time_run', 'reset_status.reset_required'],
  ['an older recording', [], 'vgpu-guest', 'reset_status.reset_required', 'kmd_version'],
])('lists the fields that the driver of %s has', async (_, more, machine, there, gone) => {
  const { out, status } = await nvsmi(['--help-query-gpu', ...more], {}, machine);
  expect(status).toBe(0);
  expect(out).toContain(`"${there}"`);
  expect(out).not.toContain(`"${gone}"`);
});
