import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compare } from '../../tools/oracle/compare.js';
import { KINDS, kindOf, LOST_GPU } from '../../tools/oracle/kinds.js';
import { compareCut, isCutShort } from '../../tools/oracle/lost.js';
import { machineOf } from '../../tools/oracle/machines.js';
import { folderOfFile } from '../temporary.js';

const documented = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8').replace(
  /\s+/g,
  ' ',
);

describe('the kinds of lines that differ', () => {
  it.each([...new Set([LOST_GPU, ...KINDS.map(({ name }) => name)])])('are documented: %s', (name) => {
    // The whole text would be printed by toContain.
    expect(documented.includes(`**${name}**`), `docs/differences.md has **${name}**`).toBe(true);
  });

  it('do not take what is of another command line or machine', () => {
    const folder = folderOfFile();
    const healthy = machineOf('t4', '550.163.01', folder);
    const lost = machineOf('gpu1-lost', '550.163.01', folder);
    const hunk = { gone: ['| 41C |'], come: ['| ERR! |'] };
    expect(kindOf(hunk, healthy, '-q')).toBeUndefined();
    expect(kindOf(hunk, lost, '-q')).toBe(LOST_GPU);
  });
});

describe('an nvidia-smi that was cut short by a lost GPU', () => {
  const line =
    'Unable to determine the device handle for GPU1: GPU is lost.  Reboot the system to recover this GPU';
  const real = { out: `${line}\n\n\n`, status: 15 };
  const whole = { out: 'GPU 0\n 37 C\nGPU 1\n 38 C\n', status: 0 };

  it('is known by its only line and its status', () => {
    expect(isCutShort(real)).toBe(true);
    expect(isCutShort({ out: `GPU 0\n${line}\n`, status: 15 })).toBe(false);
    expect(isCutShort({ ...real, status: 0 })).toBe(false);
  });

  it('is compared with what it prints where the GPU is there', () => {
    const ours = { out: `GPU 0\n 37 C\nGPU 1\n GPU is lost\n${line}\n`, status: 15 };
    const found = compareCut(real, ours, { real: whole, ours: whole });
    expect(found).toMatchObject({ lines: 6, equal: 5 });
    expect(found.hunks).toEqual([{ gone: [' 38 C'], come: [' GPU is lost'], isOfLostGpu: true }]);
  });

  it('shows a line of another GPU that differs as what it is', () => {
    const ours = { out: `GPU 0\n 99 C\nGPU 1\n GPU is lost\n${line}\n`, status: 15 };
    const { hunks } = compareCut(real, ours, { real: whole, ours: whole });
    expect(hunks[0]).toEqual({ gone: [' 37 C'], come: [' 99 C'], isOfLostGpu: false });
  });
});

it('a comparison has the lines that are side by side in one hunk', () => {
  const found = compare({ out: 'a\nb\nc\nd\n', status: 0 }, { out: 'a\nx\nc\ny\n', status: 1 });
  expect(found).toMatchObject({ isSame: false, lines: 5, equal: 3 });
  expect(found.hunks).toEqual([
    { gone: ['b'], come: ['x'] },
    { gone: ['d'], come: ['y'] },
    { gone: ['exit status 0'], come: ['exit status 1'] },
  ]);
});
