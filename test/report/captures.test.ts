/**
 * Machines that were built from public captures print what the captures show: the report, the summary, the versions, and the
 * CSV of every field that the capture's driver lists. What differs by nature is masked: the time, made-up identities, and the
 * PCIe generation of the host, which NVML does not report.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { formatSnapshot } from '../../src/snapshot/snapshot.js';
import { Machine } from '../../tools/snapshots/machine.js';
import { FakeIo } from '../fake-io.js';

const folder = mkdtempSync(join(tmpdir(), 'nvsmi-captures-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Capture {
  readonly machine: string;
  /** It is described in tools/snapshots/ and does not come with the package. */
  readonly isOfTests?: true;
  /** The beginning of the files' names in golden/elsewhere/. */
  readonly files: string;
  /** What they end with. */
  readonly has: readonly ('q' | 'default-table' | 'csv' | 'version')[];
  /** When it was taken: `load` or `idle`, in the names of all files but that of the version. */
  readonly moment?: string;
  /** Lines that the capture itself shows with other values elsewhere: it was taken over several seconds. */
  readonly moved?: RegExp;
}

const CAPTURES: readonly Capture[] = [
  { machine: 'l40s', files: 'l40s-595', moment: 'load', has: ['q', 'default-table', 'csv', 'version'] },
  {
    machine: 'rtx-2080-super',
    isOfTests: true,
    files: 'rtx2080s-610',
    moment: 'load',
    has: ['q', 'default-table', 'csv', 'version'],
  },
  {
    machine: 'rtx-2080-super-windows',
    isOfTests: true,
    files: 'rtx2080s-windows-610',
    moment: 'idle',
    has: ['q', 'default-table', 'csv', 'version'],
  },
  {
    machine: 'h100-mig',
    files: 'h100-mig-590',
    moment: 'load',
    has: ['q', 'default-table', 'csv', 'version'],
    // 52 degrees in the summary, 53 a second later in the report.
    moved: /^\| N\/A {3}5[23]C/,
  },
  { machine: 'vgpu-guest', files: 'vgpu-guest-535', has: ['q'] },
];

function sourceOf({ machine, isOfTests }: Capture): string {
  if (!isOfTests) return machine;
  const file = join(folder, `${machine}.json`);
  writeFileSync(file, formatSnapshot(Machine.described(machine).built()));
  return file;
}

function captured({ files, moment }: Capture, what: string): string {
  const name = [files, ...(what === 'version' || moment === undefined ? [] : [moment]), what].join('-');
  return readFileSync(new URL(`../golden/elsewhere/${name}.txt`, import.meta.url), 'utf8');
}

async function printed(capture: Capture, ...argv: readonly string[]): Promise<string> {
  const io = new FakeIo();
  await main(['--snapshot', sourceOf(capture), ...argv], io);
  return io.output;
}

/** Lines that cannot be the same. */
const OWN = /^(?: +(?:GPU UUID|GPU PDI|Serial Number|Host Max) +:|Timestamp +:|\w{3} \w{3} [ \d]\d )/;

const masked = (text: string, moved?: RegExp): readonly string[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => (OWN.test(line) || moved?.test(line) ? 'masked' : line));

/** Cells that are no readings: words, and what is absent. */
const isWord = (cell: string): boolean => !/^-?\d/.test(cell) && !/^(?:GPU|\[?N\/A\]?$)/.test(cell);
const isAbsent = (cell: string): boolean => /^\[/.test(cell) || cell === 'N/A';

const of = (what: Capture['has'][number]) => CAPTURES.filter(({ has }) => has.includes(what));

describe('a machine built from a capture', () => {
  it.each(of('q'))('has its report: $files', async (capture) => {
    expect(masked(await printed(capture, '-q'), capture.moved)).toEqual(
      masked(captured(capture, 'q'), capture.moved),
    );
  });

  it.each(of('default-table'))('has its summary: $files', async (capture) => {
    expect(masked(await printed(capture), capture.moved)).toEqual(
      masked(captured(capture, 'default-table'), capture.moved),
    );
  });

  it.each(of('version'))('has its versions: $files', async (capture) => {
    expect((await printed(capture, '--version')).trimEnd()).toBe(captured(capture, 'version').trimEnd());
  });

  it.each(of('csv'))('has its CSV, with its header: $files', async (capture) => {
    const [header = '', cells = ''] = captured(capture, 'csv').trim().split('\n');
    const names = header.split(', ').map((heading) => heading.replace(/ \[.*/, ''));
    const [ours = '', values = ''] = (await printed(capture, `--query-gpu=${names}`, '--format=csv')).split(
      '\n',
    );
    expect(ours).toBe(header);
    const theirs = cells.split(', ');
    const wrong = values.split(', ').flatMap((cell, i) => {
      const their = theirs[i] ?? '';
      if (names[i] === 'pcie.link.gen.hostmax') return [];
      const isSame = isWord(their) || isAbsent(their) || isAbsent(cell) ? cell === their : true;
      return isSame ? [] : [`${names[i]}: ${cell}, captured ${their}`];
    });
    expect(wrong).toEqual([]);
  });
});

/** The cells of the summary as public reports show them. */
const CELLS: readonly (readonly [machine: string, line: string])[] = [
  ['rtx-5090', '|   0  NVIDIA GeForce RTX 5090        Off |   00000000:01:00.0 Off |                  N/A |'],
  ['rtx-5090', '|  0%   31C    P8              6W /  600W |       2MiB /  32607MiB |      0%      Default |'],
  ['gb10', '|   0  NVIDIA GB10                    On  |   0000000F:01:00.0 Off |                  N/A |'],
  ['gb10', '| N/A   36C    P8              3W /  N/A  | Not Supported          |      0%      Default |'],
  ['wsl', '| NVIDIA-SMI 570.133.07             Driver Version: 572.83         CUDA Version: 12.8     |'],
  ['wsl', '|   0  NVIDIA GeForce RTX 4090        On  |   00000000:01:00.0  On |                  Off |'],
];

it.each(CELLS)('the summary of %s has a line of a public report: %s', async (machine, line) => {
  expect((await printed({ machine, files: '', has: [] })).split('\n')).toContain(line);
});
