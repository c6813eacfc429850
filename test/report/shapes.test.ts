/** GPUs that were not recorded: their reports have the shape of public outputs, whose drivers are older or newer. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { runOn } from './run.js';
import { gb300, geforce, mig, pascal, t4, vgpuGuest } from './shapes.js';

const elsewhere = (name: string): string =>
  readFileSync(new URL(`../golden/elsewhere/${name}`, import.meta.url), 'utf8');

const textOf = async (machine: Snapshot, ...argv: readonly string[]): Promise<string> =>
  (await runOn(machine, ['-q', ...argv])).out;

/** Labels with their indent, in order, and of each value whether it is there. */
const skeleton = (report: string): readonly string[] =>
  report
    .split('\n')
    .slice(8)
    .map((line) => line.replace(/^(GPU ).*/, '$1').replace(/: (?!N\/A$|Requested ).*$/, ': …'));

/** Opening tags in order, and of each value whether it is there. */
const tags = (report: string): readonly string[] =>
  report
    .split('\n')
    .filter((line) => !line.includes('supported_graphics_clock'))
    .map((line) => line.replace(/ id=".*"/, '').replace(/>(?!N\/A<|Requested )[^<]+</, '>…<'))
    .slice(2);

/** The lines from one that begins so up to another. */
function between(report: string, from: string, to: string): string {
  const lines = report.split('\n');
  const first = lines.findIndex((line) => line.startsWith(from));
  const last = lines.findIndex((line, i) => i > first && line.startsWith(to));
  return lines.slice(first, last).join('\n');
}

describe('a GeForce', () => {
  it('has the lines and the missing values of an RTX 2080 SUPER (595.71.05)', async () => {
    // NVML does not report what the slot of the GPU supports.
    const theirs = skeleton(elsewhere('rtx2080s-595-load-q.txt')).map((line) =>
      line.includes('Host Max') ? line.replace('…', 'N/A') : line,
    );
    expect(skeleton(await textOf(geforce(), '--as', '595.71.05'))).toEqual(theirs);
  });

  it('shows its fan, its temperatures and its target', async () => {
    const out = await textOf(geforce());
    expect(out).toContain('    Fan Speed                                          : 38 %\n');
    expect(out).toContain('        GPU Shutdown Temp                              : 100 C\n');
    expect(out).toContain('        GPU Target Temperature                         : 84 C\n');
    expect(await textOf(geforce(), '-d', 'SUPPORTED_GPU_TARGET_TEMP')).toContain(
      '        Max                                            : 91 C\n',
    );
  });

  it('lists processes that draw and that compute as the recorded output does', async () => {
    const theirs = elsewhere('rtx2080s-595-load-q.txt');
    const ours = await textOf(geforce());
    expect(between(ours, '    Processes', '    Capabilities')).toBe(
      between(theirs, '    Processes', '    Capabilities'),
    );
  });
});

describe('a Tesla T4', () => {
  it('has the elements of a T4 (595.91.07), with retired pages and without remapped rows', async () => {
    const theirs = tags(elsewhere('t4-595-qx.xml')).map((line) =>
      // Since 590 nvidia-smi shows the power state as deprecated; 580 does not.
      line.replace('<power_state>Requested functionality has been deprecated<', '<power_state>…<'),
    );
    expect(tags((await runOn(t4(), ['-q', '-x', '--as', '595'])).out)).toEqual(theirs);
  });
});

describe('a GPU before Turing', () => {
  it('counts its memory errors by place', async () => {
    const errors = between(await textOf(pascal(), '-d', 'ECC'), '    ECC Errors', '');
    expect(errors).toContain('    ECC Errors');
    const out = await textOf(pascal(), '-d', 'ECC');
    expect(out).toContain('            Single Bit            \n                Device Memory');
    expect(out.match(/Texture Shared/g)).toHaveLength(4);
    expect(out).not.toContain('SRAM');
  });
});

describe('an H100 with MIG devices', () => {
  it('prints the MIG devices of the recorded output (590.48.01) byte for byte', async () => {
    const theirs = elsewhere('h100-mig-590-load-q.txt');
    expect(between(await textOf(mig(), '--as', '590'), '    MIG Mode', '    Accounting Mode')).toBe(
      between(theirs, '    MIG Mode', '    Accounting Mode'),
    );
  });

  it('prints the processes with their instances byte for byte', async () => {
    const theirs = elsewhere('h100-mig-590-load-q.txt');
    expect(between(await textOf(mig()), '    Processes', '    Capabilities')).toBe(
      between(theirs, '    Processes', '    Capabilities'),
    );
  });

  it('has no utilization and no remapped rows', async () => {
    const theirs = elsewhere('h100-mig-590-load-q.txt');
    const ours = await textOf(mig(), '--as', '590');
    for (const [from, to] of [
      ['    Utilization', '    Encoder Stats'],
      ['    Remapped Rows', '    Temperature'],
      ['    EDPp Multiplier', '    Clocks'],
    ] as const) {
      expect(between(ours, from, to)).toBe(between(theirs, from, to));
    }
  });

  it('has a mig_device in XML for each', async () => {
    const { out } = await runOn(mig(), ['-q', '-x']);
    expect(out.match(/<mig_device>/g)).toHaveLength(4);
    expect(out).not.toContain('None\n\t\t</mig_devices>');
  });
});

describe('a vGPU guest', () => {
  const expiry = { year: 2026, month: 7, day: 7, hour: 16, min: 1, sec: 44, status: 2 };

  it('shrinks what it cannot see to one line', async () => {
    const out = await textOf(vgpuGuest(0, {}));
    expect(out).toContain('    Clocks Event Reasons                               : N/A\n');
    expect(out).toContain('    Remapped Rows                                      : N/A\n');
    expect(out).toContain('        Tx Throughput                                  : N/A\n');
  });

  it.each([
    [0, expiry, 'Unlicensed'],
    [1, expiry, 'Licensed (Expiry: 2026-7-7 16:1:44 GMT)'],
    [1, { ...expiry, status: 4 }, 'Licensed (Expiry: Permanent)'],
    [1, { ...expiry, status: 3 }, 'Licensed (Expiry: N/A)'],
  ])('with license state %i and %j is %s', async (state, until, words) => {
    const out = await textOf(vgpuGuest(state, until));
    expect(
      out,
    ).toContain(`        Product Name                                   : NVIDIA RTX Virtual Workstation
        License Status                                 : ${words}\n`);
  });

  it('has the license after the virtualization mode, which other GPUs do not have', async () => {
    expect(await textOf(vgpuGuest(0, {}))).toMatch(/vGPU Heterogeneous Mode .*\n {4}vGPU Software Licensed/);
    expect(await textOf(mig())).not.toContain('vGPU Software Licensed Product');
  });
});

describe('a GB300', () => {
  const THEIRS = elsewhere('gb300-580-qx.xml');
  const element = (report: string, tag: string): string =>
    new RegExp(`<${tag}>.*?</${tag}>`, 's').exec(report)?.[0] ?? '';

  it.each([
    'platformInfo',
    'inforom_bbx_flush',
    'fabric',
    'c2c_mode',
    'atomic_caps_inbound',
    'power_smoothing',
  ])('has the %s of the recorded one (580.173.02) byte for byte', async (tag) => {
    const { out } = await runOn(gb300(), ['-q', '-x']);
    expect(element(THEIRS, tag)).not.toBe('');
    expect(element(out, tag)).toBe(element(THEIRS, tag));
  });

  it('has its part number from its PCI device id', async () => {
    expect((await runOn(gb300(), ['-q', '-x'])).out).toContain('<gpu_part_number>31C2-893-A1<');
  });
});
