/** A process may be called anything: what --query-compute-apps makes of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { main } from '../../src/cli.js';
import { FakeIo } from '../fake-io.js';

const NAME = 'python\n1, forged\r\u001b[31m\u0085\u2028end';

async function query(format: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const url = new URL('../../snapshots/hgx-h100-x8.json', import.meta.url);
  const machine = JSON.parse(readFileSync(url, 'utf8'));
  machine.calls.nvmlSystemGetProcessName['81452'] = NAME;
  const path = join(folder, 'machine.json');
  writeFileSync(path, JSON.stringify(machine));
  const io = new FakeIo();
  const fields = '--query-compute-apps=pid,process_name';
  await main([fields, `--format=${format}`, '-i', '0', '--snapshot', path], io);
  return io.output;
}

it('keeps a name with line breaks and escapes to its row of CSV', async () => {
  expect(await query('csv,noheader')).toBe('81452, python?1, forged??[31m??end\n');
});

it('keeps the name as it is in JSON', async () => {
  expect(JSON.parse(await query('json'))).toEqual([{ pid: 81452, process_name: NAME }]);
});
