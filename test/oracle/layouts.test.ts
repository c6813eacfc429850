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

  it('has the columns and widths of dmon and pmon that its release has', async () => {
    const heads = async (driver: string, ...argv: readonly string[]) =>
      (await printed('t4', driver, ...argv, '-c', '1')).lines[0];
    expect(await heads('470.256.02', 'dmon', '-s', 'um')).toBe('# gpu    sm   mem   enc   dec    fb  bar1');
    expect(await heads('535.261.03', 'dmon', '-s', 'um')).toBe(
      '# gpu     sm    mem    enc    dec    jpg    ofa     fb   bar1   ccpm ',
    );
    expect(await heads('525.147.05', 'pmon', '-s', 'um')).toBe(
      '# gpu        pid  type    sm   mem   enc   dec    fb   command',
    );
    expect(await heads('535.261.03', 'pmon', '-s', 'um')).toBe(
      '# gpu         pid  type    sm    mem    enc    dec     fb   ccpm    command',
    );
  });

  it('lists MIG profiles only where MIG is on, before 550', async () => {
    const old = await printed('h200-x2', '535.261.03', 'mig', '-lgip');
    expect([old.status, old.lines[0]]).toEqual([6, 'No MIG-enabled devices found.']);
    expect((await printed('h200-x2', '550.163.01', 'mig', '-lgip')).status).toBe(0);
  });

  it('has no node of the GPU in the topology before 535', async () => {
    const head = async (driver: string) => (await printed('t4', driver, 'topo', '-m')).lines[0];
    expect(await head('525.147.05')).toBe('\t\u001b[4mGPU0\tCPU Affinity\tNUMA Affinity\u001b[0m');
    expect(await head('535.261.03')).toContain('GPU NUMA ID');
  });

  it('does not name the library of a mismatch before 535', async () => {
    const lines = async (driver: string) => (await printed('mismatch', driver)).lines;
    expect(await lines('525.147.05')).toEqual([
      'Failed to initialize NVML: Driver/library version mismatch',
      '',
    ]);
    expect((await lines('535.261.03'))[1]).toBe('NVML library version: 535.261');
  });
});

const COMBINATION = "Invalid combination of input arguments. Please run 'nvidia-smi -h' for help.";

/** What is refused, with which status and in which words. */
const REFUSALS: readonly (readonly [driver: string, argv: string, status: number, line: string])[] = [
  ['470.256.02', '--bogus', 2, COMBINATION],
  ['470.256.02', '-i', 2, "Missing value for -i argument. Please run 'nvidia-smi -h' for help."],
  ['470.256.02', '--id=', 2, "Missing value for --id= argument. Please run 'nvidia-smi -h' for help."],
  ['470.256.02', '--id 0', 2, COMBINATION],
  ['470.256.02', '-i=0 -L', 2, COMBINATION],
  ['525.147.05', '--bogus', 255, COMBINATION],
  ['525.147.05', '-i', 255, COMBINATION],
  ['525.147.05', '-L -q', 2, COMBINATION],
  ['525.147.05', 'c2c -s', 255, COMBINATION],
  ['525.147.05', 'topo -gnid -i 0', 2, 'Option "-gnid" is not recognized.'],
  ['535.261.03', '--version', 255, "ERROR: Option --version is not recognized. Please run 'nvidia-smi -h'."],
  ['535.261.03', 'pci', 255, "ERROR: Option pci is not recognized. Please run 'nvidia-smi -h'."],
  ['535.261.03', 'dmon --format csv', 2, 'Option "--format" is not recognized.'],
  ['550.163.01', 'pci -gCnt', 2, 'Option "-gCnt" is not recognized.'],
  [
    '550.163.01',
    'bogus -L',
    2,
    "ERROR: Option bogus is not valid for this command. Please run 'nvidia-smi -h' for help.",
  ],
  [
    '550.163.01',
    '--bogus -i',
    255,
    "ERROR: Option -i is missing its value. Please run 'nvidia-smi -h' for help.",
  ],
  ['550.163.01', '-i -q', 255, "ERROR: Option -i is missing its value. Please run 'nvidia-smi -h' for help."],
  [
    '550.163.01',
    '--query-gpu=index --format',
    255,
    "ERROR: Option --format is missing its value. Please run 'nvidia-smi -h' for help.",
  ],
  [
    '580.159.04',
    '--query-gpu --format=csv',
    255,
    "ERROR: Option --query-gpu is missing its value. Please run 'nvidia-smi -h' for help.",
  ],
];

describe('a command line', () => {
  it.each(REFUSALS)('is refused as by the nvidia-smi of %s: %s', async (driver, argv, status, line) => {
    const refused = await printed('t4', driver, ...argv.split(' '));
    expect([refused.status, refused.lines[0]]).toEqual([status, line]);
  });

  it('may have words that 470 does not know where fields are asked for', async () => {
    const { lines } = await printed('t4', '470.256.02', '--query-gpu=index', '--bogus', '--format=csv');
    expect(lines).toEqual(['index', '0', '']);
  });

  it('has what the driver lacks for --json, and with --as', async () => {
    expect((await printed('t4', '535.261.03', 'pci', '-gCnt', '--json')).status).toBe(0);
    expect((await printed('t4', '535.261.03', '--as', '580', 'pci', '-gCnt')).status).toBe(0);
  });
});

describe('-L', () => {
  it('ends where the name of a GPU cannot be read', async () => {
    const { status, lines } = await printed('name-fails', '580.159.04', '-L');
    expect(lines[0]).toMatch(/^Unable to determine the product name for gpu 0000:00:06\.0: /);
    expect(status).toBe(3);
  });

  it('has a lost GPU in its place, by the index up to 550', async () => {
    const { status, lines } = await printed('gpu1-lost', '550.163.01', '-L');
    expect(lines.slice(1)).toEqual([
      'Unable to determine the device handle for gpu 1: GPU is lost.  Reboot the system to recover this GPU',
      '',
      '',
      '',
    ]);
    expect(status).toBe(15);
  });
});
