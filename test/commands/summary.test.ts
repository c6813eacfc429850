import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../fake-io.js';

async function summaryOf(snapshot: string, ...argv: readonly string[]) {
  const io = new FakeIo();
  const status = await main([...argv, '--snapshot', snapshot], io);
  return { status, lines: io.output.split('\n'), output: io.output };
}

describe('nvsmi alone', () => {
  it('shows a lost GPU in ERR! cells beside the others, says so below, and ends with 15', async () => {
    const { status, lines } = await summaryOf('lost-gpu');
    expect(status).toBe(15);
    const at = lines.findIndex((line) => line.startsWith('|   5  '));
    const shown = lines.slice(at, at + 3);
    expect(shown.map((line) => line.replace(/ +/g, ' '))).toEqual([
      '| 5 ERR! ERR! | ERR! ERR! | ERR! |',
      '|ERR! ERR! ERR! ERR! / ERR! | GPU is lost | ERR! ERR! |',
      '| | | ERR! |',
    ]);
    expect(shown.map((line) => line.length)).toEqual([91, 91, 91]);
    expect(lines.filter((line) => line.includes('H100 80GB HBM3'))).toHaveLength(7);
    expect(lines.at(-2)).toMatch(/GPU5: 0000:C3:00\.0: GPU is lost/);
    expect(lines.at(-3)).toMatch(/^\+-+\+$/);
  });

  it('ends with 0, and says nothing below, where -i leaves the lost GPU out', async () => {
    const { status, lines } = await summaryOf('lost-gpu', '-i', '4,6');
    expect(status).toBe(0);
    expect(lines.filter((line) => line.includes('H100 80GB HBM3')).map((line) => line.slice(1, 5))).toEqual([
      '   4',
      '   6',
    ]);
    expect(lines.at(-2)).toMatch(/^\+-+\+$/);
  });

  it('shows only the processes of the GPUs of -i', async () => {
    const { lines } = await summaryOf('hgx-h100-x8', '-i', '4,5');
    expect(lines.flatMap((line) => /^\| +(\d) .* C {3}(\S+)/.exec(line)?.slice(1) ?? [])).toEqual([
      ...['4', 'VLLM::EngineCore'],
      ...['4', '...beddings/.venv/bin/python3.12'],
    ]);
  });

  it('shows MIG devices with their instances, and processes by instance', async () => {
    const { status, output } = await summaryOf('a100-mig');
    expect(status).toBe(0);
    expect(output).toContain('|     N/A      Default |\n');
    expect(output).toContain(
      '|  0    2   1   1  |           11862MiB / 20096MiB    | 14      0 |  3   0    2    0    0 |\n',
    );
    expect(output).toContain(
      '|    0    2    1            41377      C   /usr/bin/tritonserver                  1312MiB |\n',
    );
  });

  it('shows what computes, what draws and what does both on a GeForce', async () => {
    const { output } = await summaryOf('rtx-4090');
    expect(output.match(/ (C|G|C\+G) {3}(?=\S)/g)?.map((type) => type.trim())).toEqual([
      'G',
      'G',
      'G',
      'C+G',
      'C',
    ]);
    expect(output).toContain('| 47%   61C    P2            342W /  450W |');
    expect(output).toContain('|                  Off |');
  });

  it('says with status 6 that there is no GPU', async () => {
    expect(await summaryOf('none')).toMatchObject({ status: 6, output: 'No devices were found\n' });
  });

  it('ends with 14 where an infoROM is corrupt, and prints the table all the same', async () => {
    const { writeFileSync, mkdtempSync, rmSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const { machineFor } = await import('../golden/recorded.js');
    const machine = machineFor('h200-x2', []);
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-inforom-'));
    const file = join(folder, 'corrupt.json');
    const calls = {
      ...machine.calls,
      nvmlDeviceValidateInforom: { gpu0: [], gpu1: { error: 'NVML_ERROR_CORRUPTED_INFOROM' } },
    };
    writeFileSync(file, JSON.stringify({ ...machine, calls }));
    const { status, lines } = await summaryOf(file);
    rmSync(folder, { recursive: true });
    expect(status).toBe(14);
    expect(lines.filter((line) => line.includes('NVIDIA H200'))).toHaveLength(2);
    expect(lines.some((line) => /^WARNING: infoROM/i.test(line) && line.includes('0000:00:07.0'))).toBe(true);
  });
});
