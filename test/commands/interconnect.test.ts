import { describe, expect, it } from 'vitest';
import { HINTS } from '../cli/hints.js';
import { h200Pair } from './h200-pair.js';
import { type Recorded, recordedRuns, snapshotOf } from './recorded-runs.js';
import { runOn } from './run-on.js';

const pair = snapshotOf('two H200s', h200Pair);

const OURS = /^(topo|nvlink|c2c|pci-|sb$|drain$|hn$|nb-nvlink$|nb-pl$|load-nvlink)/;

/** The words of the legends are ours; their labels and everything above them are nvidia-smi's. */
const withoutProse = (text: string): string => text.replace(/^( {2}\S+ *=) .*$/gm, '$1');

/** Recorded runs that cannot come out the same, and why. */
const DIFFERENT: Readonly<Record<string, string>> = {
  'h200-x2/nvlink-ec': 'NVML counts the lanes of a link together',
  'h100-x1/pci-g': 'the counters changed before the machine was recorded',
  'h100-x1/pci-gc': 'the counters changed before the machine was recorded',
};

describe.each([
  ['h100-x1', 'h100-x1'],
  ['h200-x2', pair],
])('what nvidia-smi 580.159.04 printed on %s', (golden, snapshot) => {
  const runs = recordedRuns(golden, OURS).filter(({ name }) => DIFFERENT[`${golden}/${name}`] === undefined);

  it.each(runs.map((one): [string, Recorded] => [`nvidia-smi ${one.argv.join(' ')} (${one.name})`, one]))(
    'is what we print: %s',
    async (_, { argv, status, out }) => {
      const ours = await runOn(snapshot, argv);
      expect(withoutProse(ours.out)).toBe(withoutProse(out));
      expect(ours.status).toBe(status);
      expect(ours.err).toMatch(ours.status === 0 ? /^$/ : HINTS);
    },
  );
});

describe('a recording that continued to count', () => {
  it.each(['pci-g', 'pci-gc'])('has the same lines apart from the numbers: %s', async (name) => {
    const [recorded] = recordedRuns('h100-x1', new RegExp(`^${name}$`));
    const ours = await runOn('h100-x1', recorded?.argv ?? []);
    const unnumbered = (text = ''): string => text.replace(/: +(\d+|Not Found)$/gm, ': N');
    expect(unnumbered(ours.out)).toBe(unnumbered(recorded?.out));
    expect(ours.status).toBe(recorded?.status);
  });
});

/** Odd command lines as two H200s answered them. */
const REFUSALS: readonly (readonly [argv: string, status: number, out: string])[] = [
  ['topo --bogus', 2, 'Option "--bogus" is not recognized.\n'],
  ['topo -i 9', 6, 'No devices were found\n'],
  ['topo extra', 2, 'Option "extra" is not recognized.\n'],
  ['topo -x', 2, 'Option "-x" is not recognized.\n'],
  ['topo -m -i 0', 255, 'The -i command line argument must be used in conjunction with -n or -p.\n\n'],
  ['topo -n 9 -i 0', 255, 'Failed to display the nearest GPUs\n\n'],
  ['topo -c abc', 2, 'Option "abc" is invalid for "-c".\n'],
  ['topo -p2p', 2, 'Option "-p2p" is missing its value.\n'],
  ['topo -p2p z', 2, 'Invalid p2p capability index specified at the command-line\n'],
  ['nvlink --bogus', 2, 'Option "--bogus" is not recognized.\n'],
  ['nvlink -i 9', 6, 'No devices were found\n'],
  ['nvlink extra', 2, 'Option "extra" is not recognized.\n'],
  ['nvlink -gt', 2, 'Option "-gt" is missing its value.\n'],
  ['clocks --bogus', 2, 'Option "--bogus" is not recognized.\n'],
  ['pci -i 9', 6, 'No devices were found\n'],
  ['pci --bogus', 2, 'Option "--bogus" is not recognized.\n'],
  ['c2c -i 9', 6, 'No devices were found\n'],
  ['c2c extra', 2, 'Option "extra" is not recognized.\n'],
];

describe('-i beside questions of topo that are about no GPU', () => {
  it.each(['-p2p r', '-c 0'])(
    'is refused after the answer: %s (470 to 580 on the fake)',
    async (question) => {
      const alone = await runOn(pair, ['topo', ...question.split(' ')]);
      const beside = await runOn(pair, ['topo', ...question.split(' '), '-m', '-i', '0']);
      expect(beside.out).toBe(
        `${alone.out}The -i command line argument must be used in conjunction with -n or -p.\n\n`,
      );
      expect(beside.status).toBe(255);
    },
  );
});

describe('a command line that cannot be carried out', () => {
  it.each(REFUSALS)('is refused as nvidia-smi refuses it: %s', async (argv, status, out) => {
    expect(await runOn(pair, argv.split(' '))).toEqual({
      status,
      out,
      err: expect.stringMatching(HINTS),
    });
  });

  it('names the GPU before it refuses an unknown kind of throughput', async () => {
    const heading = 'GPU 0: NVIDIA H200 (UUID: GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000)\n';
    const { status, out } = await runOn(pair, ['nvlink', '-gt', 'z']);
    expect(out).toBe(`${heading}Failed to get throughput counters\n`);
    expect(status).toBe(2);
  });

  it.each(['nvlink -re', 'nvlink -sBwMode FULL', 'drain -m 1 -p 0000:00:06.0'])(
    'changes no recording: %s',
    async (argv) => {
      const { status, out } = await runOn(pair, argv.split(' '));
      expect(out).toContain('A recorded machine cannot be changed');
      expect(status).toBe(2);
    },
  );

  it.each(['topo', 'clocks -i 9', 'nvlink', 'drain'])('asks for nothing, and gets help: %s', async (argv) => {
    const { status, out } = await runOn(pair, argv.split(' '));
    expect(out).toMatch(/^\nUsage: nvsmi /);
    expect(status).toBe(0);
  });
});

describe('answers that were not recorded as a whole', () => {
  it('names a GPU when nothing is asked of its links', async () => {
    const { out } = await runOn(pair, ['nvlink', '-i', '0']);
    expect(out).toBe('GPU 0: NVIDIA H200 (UUID: GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000)\n');
  });

  it('names the GPUs of a path by their indexes, in whatever order -i has them', async () => {
    const { out } = await runOn(pair, ['topo', '-i', '1,0', '-p']);
    expect(out).toBe('Device 0 is connected to device 1 by way of a PCIe host bridge.\n\n');
  });

  it('says that no GPU is near a CPU that is not there', async () => {
    const { out, status } = await runOn(pair, ['topo', '-c', '99']);
    expect(out).toBe('No GPUs were found to have an affinity with CPU 99.\n\n');
    expect(status).toBe(0);
  });

  it('shows payload before protocol where both are asked for', async () => {
    const { out } = await runOn(pair, ['nvlink', '-gt', 'rd', '-i', '0', '-l', '4']);
    expect(out.split('\n').slice(1, 5)).toEqual([
      '\t Link 4: Data Tx: 0 KiB',
      '\t Link 4: Data Rx: 0 KiB',
      '\t Link 4: Raw Tx: 271 KiB',
      '\t Link 4: Raw Rx: 406 KiB',
    ]);
  });

  it('counts the corrected errors of all lanes of a link together', async () => {
    const { out } = await runOn(pair, ['nvlink', '-ec', '-i', '1', '-l', '3']);
    expect(out.split('\n').slice(1)).toEqual([
      '\t Link 3:',
      '\t\t All Lanes ECC Correction Count: 13',
      '',
      '',
    ]);
  });
});
