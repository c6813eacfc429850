import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../bin/nvsmi.js', import.meta.url));

/** The exit status of a program that loads a native module, as koffi's, or asks for koffi. */
const TOUCHED = 99;
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import Module from 'node:module';
  const load = Module._load;
  Module._load = function (name, ...rest) {
    if (name === 'koffi') process.reallyExit(${TOUCHED});
    return load.call(this, name, ...rest);
  };
  process.dlopen = () => process.reallyExit(${TOUCHED});
`)}`;

const statusOf = (line: string): Promise<number | null> =>
  new Promise((resolve, reject) => {
    const argv = line === '' ? [] : line.split(' ');
    const env = { ...process.env, NVSMI_SNAPSHOT: '', NVSMI_NVML: '' };
    const child = spawn(process.execPath, ['--import', WATCH, program, ...argv], { env, stdio: 'ignore' });
    child.on('error', reject).on('close', resolve);
  });

/** Exit statuses of command lines, a few run at a time. */
async function statusesOf(lines: readonly string[]): Promise<Record<string, number | null>> {
  const left = [...lines];
  const found: Record<string, number | null> = {};
  const work = async (): Promise<void> => {
    for (let line = left.shift(); line !== undefined; line = left.shift()) found[line] = await statusOf(line);
  };
  await Promise.all(Array.from({ length: 4 }, work));
  return found;
}

const all = (lines: readonly string[], status: number): Record<string, number> =>
  Object.fromEntries(lines.map((line) => [line, status]));

describe('koffi is left alone', { timeout: 60_000 }, () => {
  it('by no command line that asks the GPUs', async () => {
    const lines = ['', '-L', '-q', '--query-gpu=name', 'dmon -c 1', 'topo -m', '--version', 'topo -C -i 0'];
    expect(await statusesOf(lines)).toEqual(all(lines, TOUCHED));
  });

  it('by the helps', async () => {
    const lines = [
      '-h',
      '--help-query-gpu',
      '--dtd',
      'dmon -h',
      'topo',
      'nvlink -h',
      'snapshot -h',
      'vgpu -h',
    ];
    expect(await statusesOf(lines)).toEqual(all(lines, 0));
  });

  it.each([
    [
      255,
      [
        '--bogus',
        'bogus',
        '--snapshot',
        'dmon -s z',
        'dmon -o X',
        'dmon --gpm-metrics 9999',
        'dmon --format xml',
        'pmon -s z',
      ],
    ],
    [
      2,
      [
        '--query-gpu=bogus',
        '--query-gpu=name,bogus --format=csv',
        '--query-gpu=name --format=xml',
        '--query-gpu=name --format=csv,json',
        '--query-gpu=name -l 0',
        '--query-compute-apps=bogus',
        '--query-gpu=name --query-compute-apps=pid',
        '-q -d BOGUS',
        '-q -x -d ECC',
        '-q -l 0',
        '-x',
        '-u',
        '-l 0',
        '-L -i 0',
        '-pm abc',
        '-pm 0 -e 0',
        '-m 1',
        'dmon -c 0',
        'pmon -d 99',
        'nvlink -l x',
        'c2c -l x',
        'mig -lgi -gi x',
        'vgpu --query-accounted-apps=bogus',
        'vgpu -q -s',
        'topo -p2p z',
        'topo -c x',
        'topo -n 1',
        'topo -p',
        'topo -C',
        'drain -q',
        'power-hint -gc x',
        'encodersessions -l x',
        'prm -n x',
        'daemon -d 9999',
        'replay -b 99:99:99 -f /x',
        'drain -m 1',
        'apply /nonexistent',
      ],
    ],
    [3, ['compute-policy --set-timeslice 1', 'boost-slider --vboost 1']],
  ] as const)('by command lines that are refused with %i', async (status, lines) => {
    expect(await statusesOf(lines)).toEqual(all(lines, status));
  });
});
