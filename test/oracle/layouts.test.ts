import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { machineOf } from '../../tools/oracle/machines.js';
import { FakeIo } from '../fake-io.js';
import { folderOfFile } from '../temporary.js';

const folder = folderOfFile();

async function printed(machine: string, driver: string, ...argv: readonly string[]) {
  const io = new FakeIo();
  const { file } = machineOf(machine, driver, folder);
  const status = await main(['--snapshot', file, ...argv], io);
  return { status, lines: io.output.split('\n'), errors: io.errors };
}

/** The line of the first GPU's cells. */
const CELLS: readonly (readonly [driver: string, line: string])[] = [
  ['525.147.05', '| N/A   41C    P0   138W / 400W |  17145MiB / 40960MiB |     N/A      Default |'],
  ['535.261.03', '| N/A   41C    P0             138W / 400W |  17145MiB / 40960MiB |     N/A      Default |'],
  [
    '550.163.01',
    '| N/A   41C    P0            138W /  400W |   17145MiB /  40960MiB |     N/A      Default |',
  ],
];

describe('the layout of a driver', () => {
  it.each(CELLS)('of %s has the cells of an A100 in its own columns', async (driver, line) => {
    expect((await printed('a100-mig', driver)).lines).toContain(line);
  });

  it('names the DTD, the power readings and the reasons of its release in XML', async () => {
    const old = (await printed('h200-x2', '470.256.02', '-q', '-x')).lines.join('\n');
    expect(old).toContain('nvsmi_device_v11.dtd');
    expect(old).toContain('<clocks_throttle_reason_gpu_idle>');
    expect(old).toContain('<power_readings>');
    const later = (await printed('h200-x2', '550.163.01', '-q', '-x')).lines.join('\n');
    expect(later).toContain('nvsmi_device_v12.dtd');
    expect(later).toContain('<average_power_draw>');
  });

  it('refuses a field that its nvidia-smi does not know, and leaves it empty with --lenient', async () => {
    const asked = ['--query-gpu=index,fabric.cliqueId', '--format=csv'];
    const refused = await printed('t4', '550.163.01', ...asked);
    expect(refused.lines[0]).toBe('Field "fabric.cliqueId" is not a valid field to query.');
    expect(refused.status).toBe(2);
    const lenient = await printed('t4', '550.163.01', ...asked, '--lenient');
    expect(lenient.lines).toEqual(['index, fabric.cliqueId', '0, ', '']);
    expect((await printed('t4', '580.159.04', ...asked)).status).toBe(0);
  });

  it('needs --format=csv before 580', async () => {
    const { status, lines } = await printed('t4', '550.163.01', '--query-gpu=index');
    expect([status, lines[0]]).toEqual([
      2,
      '"--format=" switch is missing. Please run \'nvidia-smi -h\' for help.',
    ]);
  });

  it('is that of --as where it is given, and of the newest driver for an unknown one', async () => {
    const wide = (await printed('t4', '580.159.04', '--as', '525')).lines;
    expect(wide[1]).toHaveLength(79);
    const newest = (await printed('t4', '999.10')).lines;
    expect(newest[2]).toContain('KMD Version: 999.10');
    expect((await printed('t4', '580.159.04', '--as', 'x')).status).toBe(2);
  });

  it('says once of a version without a number that it is none, and continues', async () => {
    const { status, errors } = await printed('t4', 'custom', '-q', '-d', 'MEMORY');
    expect(status).toBe(0);
    expect(errors.match(/is no driver version/g)).toHaveLength(1);
  });
});
