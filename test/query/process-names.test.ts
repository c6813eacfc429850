import { expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { recorded, set } from '../commands/made-machine.js';
import { FakeIo } from '../fake-io.js';
import { saved } from '../temporary.js';

const NAME = 'python\n1, forged\r\u001b[31m\u0085\u2028end';

const query = (format: string): Promise<string> =>
  shown(['--query-compute-apps=pid,process_name', `--format=${format}`, '-i', '0']);

async function shown(argv: readonly string[]): Promise<string> {
  const machine = recorded('hgx-h100-x8');
  set(machine.calls, 'nvmlSystemGetProcessName', '81452', NAME);
  const path = saved(machine);
  const io = new FakeIo();
  await main([...argv, '--snapshot', path], io);
  return io.output;
}

it('keeps a name with line breaks and escapes to its row of CSV', async () => {
  expect(await query('csv,noheader')).toBe('81452, python?1? forged??[31m??end\n');
});

it('keeps the name unchanged in JSON', async () => {
  expect(JSON.parse(await query('json')).compute_apps).toEqual([{ pid: 81452, process_name: NAME }]);
});

it.each([[[]], [['-q', '-d', 'PIDS']], [['pmon', '-c', '1']]])(
  'lets nothing of a name reach the terminal with %j',
  async (argv) => {
    const out = await shown(argv);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(out.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/)).toBeNull();
    expect(out).toContain('python?1');
  },
);
