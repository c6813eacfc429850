import { describe, expect, it } from 'vitest';
import type { FakeIo } from '../fake-io.js';
import { at, nvsmi } from './run.js';

describe('a loop', () => {
  const QUERY = ['--query-gpu=timestamp,index', '--format=csv,noheader', '-i', '0'];
  const offsets = (io: FakeIo): readonly number[] => io.slept.map((time) => time - at('01:41:50.000'));

  it.each([
    ['-l alone: every 5 s', ['-l'], 5000],
    ['-l 2', ['-l', '2'], 2000],
    ['--loop=1', ['--loop=1'], 1000],
    ['-lms 200', ['-lms', '200'], 200],
    ['--loop-ms=1', ['--loop-ms=1'], 1],
  ])('has its period: %s', async (_, argv, period) => {
    const { io, status } = await nvsmi([...QUERY, ...argv], { until: ({ slept }) => slept.length === 4 });
    expect(offsets(io)).toEqual([1, 2, 3, 4].map((tick) => tick * period));
    expect(io.writes).toHaveLength(5);
    expect(status).toBe(0);
    expect(io.closed).toBe(true);
  });

  it('does not drift by the time that its ticks take', async () => {
    // Every look at the clock takes 30 ms, and a tick looks at it more than once.
    const { io } = await nvsmi([...QUERY, '-lms', '200'], {
      slowness: 30,
      until: ({ slept }) => slept.length === 50,
    });
    const first = offsets(io)[0] ?? 0;
    expect(offsets(io)).toEqual(Array.from({ length: 50 }, (_, tick) => first + tick * 200));
  });

  it('leaves out the ticks that it missed, and keeps to the clock of the others', async () => {
    let ticks = 0;
    const { io } = await nvsmi([...QUERY, '-l', '1'], {
      until: (world) => {
        ticks += 1;
        if (ticks === 2) world.pass(3500);
        return ticks === 5;
      },
    });
    expect(offsets(io).every((time) => time % 1000 === 0)).toBe(true);
    expect(new Set(offsets(io)).size).toBe(offsets(io).length);
  });

  it('prints the header once, and a tick in one write', async () => {
    const { io } = await nvsmi(['--query-gpu=index,name', '--format=csv', '-l', '1'], {
      until: ({ slept }) => slept.length === 2,
    });
    expect(io.writes).toEqual([
      'index, name\n0, NVIDIA H200\n1, NVIDIA H200\n',
      '0, NVIDIA H200\n1, NVIDIA H200\n',
      '0, NVIDIA H200\n1, NVIDIA H200\n',
    ]);
  });

  it('of the summary prints the whole table at each tick', async () => {
    const { io } = await nvsmi(['-l', '1'], { until: ({ slept }) => slept.length === 1 });
    expect(io.writes.map((text) => text.split('\n')[0])).toEqual([
      'Mon Nov 23 01:41:50 2026       ',
      'Mon Nov 23 01:41:51 2026       ',
    ]);
  });

  it.each([
    '-l=0',
    '-l=-3',
    '--loop=abc',
    '-lms=0',
    '--loop-ms=1e99',
    '-l=Infinity',
    '-l=NaN',
    '-l=0x5',
    '-lms=1e3',
  ])('is refused a period that is none: %s', async (option) => {
    const { status, out, io } = await nvsmi([...QUERY, option]);
    expect({ status, slept: io.slept }).toEqual({ status: 2, slept: [] });
    expect(out).toMatch(/^Provided \[-l\(ms\) \| --loop\(-ms\)=\] value is incorrect\./);
  });
});

describe('-f', () => {
  it('writes what stdout would have got, and nothing to stdout', async () => {
    const query = ['--query-gpu=index,name', '--format=csv'];
    const { out } = await nvsmi(query);
    const { io } = await nvsmi([...query, '-f', '/tmp/log.csv']);
    expect(io.files.get('/tmp/log.csv')).toBe(out);
    expect(io.output).toBe('');
    expect(io.closed).toBe(true);
  });

  it('is refused a file that cannot be made', async () => {
    const { status, out } = await nvsmi(['--query-gpu=index', '-f', '/nonexistent/x']);
    expect(status).toBe(255);
    expect(out).toMatch(/^Failed to create (the )?log file \/nonexistent\/x\n/);
  });
});
