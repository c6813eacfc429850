import { expect, it } from 'vitest';
import { gpuTable } from '../../src/query/gpu/index.js';
import { runOn } from './run-on.js';

it('explains every field in lines of at most 100 characters, with every word', async () => {
  const { out } = await runOn('h100-x1', ['--help-query-gpu']);
  const [, ...fields] = out.trimEnd().split('\n\n');
  const explained = fields.map((field) => field.split('\n').slice(1));
  expect(explained.map((lines) => lines.join(' '))).toEqual(gpuTable.rows.map(({ help }) => help));
  expect(explained.flat().filter((line) => line.length > 100)).toEqual([]);
  const broken = explained.filter((lines) => lines.length > 1);
  expect(broken.length).toBeGreaterThan(0);
  // No line ends earlier than it has to.
  const early = broken.filter(
    ([first = '', second = '']) => `${first} ${second.split(' ', 1)[0]}`.length <= 100,
  );
  expect(early).toEqual([]);
});
