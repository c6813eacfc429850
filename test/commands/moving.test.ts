/** Loops and monitors on a recording that moves. */
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../fake-io.js';
import { saved } from '../temporary.js';
import { runOn } from './monitor-machine.js';
import { PID, THREE_MOMENTS } from './moving-machine.js';

/** What a command line writes on the machine, looping so many times. */
async function written(argv: readonly string[], waits = 0): Promise<string> {
  const { status, io } = await runOn(THREE_MOMENTS, argv, { waits });
  expect(io.errors).toBe('');
  expect(status).toBe(0);
  return io.output;
}

const captures = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((found) => found[1] ?? '');

const linesOf = <T>(jsonLines: string): readonly T[] =>
  jsonLines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

describe('a loop on a recording that moves', () => {
  it('sees one moment after the other with --query-gpu, and begins again after the last', async () => {
    const query = ['--query-gpu=utilization.gpu,power.draw,memory.used', '--format=csv,noheader,nounits'];
    expect((await written([...query, '-l', '1'], 4)).split('\n').slice(0, -1)).toEqual([
      '10, 110.00, 1000',
      '20, 120.00, 2000',
      '30, 130.00, 3000',
      '10, 110.00, 1000',
      '20, 120.00, 2000',
    ]);
  });

  it('moves by one moment a tick, whatever the period is', async () => {
    const query = ['--query-gpu=utilization.gpu', '--format=csv,noheader,nounits'];
    for (const period of ['-lms=1', '-l=60'])
      expect(await written([...query, period], 2)).toBe('10\n20\n30\n');
  });

  it('sees the moments with --query-compute-apps', async () => {
    const query = ['--query-compute-apps=pid,used_memory', '--format=csv,noheader,nounits', '-l', '1'];
    expect(await written(query, 3)).toBe(`${PID}, 900\n${PID}, 1800\n${PID}, 2700\n${PID}, 900\n`);
  });

  it('sees the moments in the summary, its processes at the same moment as its GPUs', async () => {
    const text = await written(['-l', '1'], 3);
    expect(captures(text, /(\d+)% +Default/g)).toEqual(['10', '20', '30', '10']);
    expect(captures(text, /(\d+)MiB \|$/gm)).toEqual(['900', '1800', '2700', '900']);
  });

  it('sees the moments in the report, its lists at the same moment as the rest', async () => {
    const text = await written(['-q', '-l', '1'], 3);
    expect(captures(text, /Utilization\n +(?:GPU|Gpu) +: (\d+) %/g)).toEqual(['10', '20', '30', '10']);
    expect(captures(text, /Used GPU Memory +: (\d+) MiB/g)).toEqual(['900', '1800', '2700', '900']);
  });

  it('sees the moments in dmon, where no share of time becomes negative when it begins again', async () => {
    const text = await written(['dmon', '-s', 'puv', '-c', '8', '--format', 'jsonl'], 8);
    const lines = linesOf<Record<string, number>>(text);
    expect(lines.map((line) => line['power.draw'])).toEqual([110, 120, 130, 110, 120, 130, 110, 120]);
    expect(lines.map((line) => line['utilization.gpu'])).toEqual([10, 20, 30, 10, 20, 30, 10, 20]);
    expect(lines.map((line) => line['violation.power'])).toEqual([0, 50, 50, 0, 50, 50, 0, 50]);
  });

  it('sees the moments in pmon, with new samples of the engines each time', async () => {
    const text = await written(['pmon', '-s', 'um', '-c', '5', '--format', 'jsonl'], 5);
    const lines = linesOf<Record<string, unknown>>(text);
    expect(lines.map((line) => line['utilization.gpu'])).toEqual([5, 10, 15, 5, 10]);
    expect(lines.map((line) => line.used_gpu_memory)).toEqual([900, 1800, 2700, 900, 1800]);
    expect(new Set(lines.map((line) => line.process_name))).toEqual(new Set(['/opt/train/bin/python']));
  });
});

describe('a command that asks once', () => {
  it.each([
    [['-q', '-d', 'UTILIZATION'], /(?:GPU|Gpu) +: (\d+) %/],
    [['--query-gpu=utilization.gpu', '--format=csv,noheader,nounits'], /(\d+)/],
    [['dmon', '-c', '1', '-s', 'u'], /^ +0 +(\d+)/m],
    [['-q', '-x'], /<gpu_util>(\d+) %/],
  ])('sees the first moment: %s', async (argv, pattern) => {
    expect(captures(await written(argv), new RegExp(pattern, `g${pattern.flags}`))).toEqual(['10']);
  });

  it('sees it again the next time', async () => {
    const source = saved(THREE_MOMENTS);
    for (let i = 0; i < 2; i++) {
      const io = new FakeIo({ now: 0, waits: Number.POSITIVE_INFINITY });
      await main(['--query-gpu=utilization.gpu', '--format=csv,noheader', '--snapshot', source], io);
      expect(io.output).toBe('10 %\n');
    }
  });
});
