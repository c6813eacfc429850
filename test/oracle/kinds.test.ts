/** Kinds of rare answers. What is expected is what nvidia-smi 550.163.01 printed on the fake NVML, unless a line says otherwise. */
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { machineOf } from '../../tools/oracle/machines.js';
import { FakeIo } from '../fake-io.js';
import { folderOfFile } from '../temporary.js';

const folder = folderOfFile();

async function printed(machine: string, ...argv: readonly string[]) {
  const io = new FakeIo();
  const { file } = machineOf(machine, '550.163.01', folder);
  const status = await main(['--snapshot', file, ...argv], io);
  return { status, out: io.output, lines: io.output.split('\n') };
}

/** The values of a report's text, by their labels; the first of each. */
const valuesIn = (lines: readonly string[], labels: readonly string[]) =>
  labels.map((label) => lines.find((line) => line.trim().startsWith(`${label} `))?.replace(/^.*: /, ''));

const STATES = 'pstate,compute_mode,persistence_mode,display_active,accounting.mode,power.management';
const MODES = 'ecc.mode.current,mig.mode.current,clocks_event_reasons.hw_slowdown';

describe('a number that has no word', () => {
  it.each([
    ['words-unknown', 'Not Active'],
    ['words-all-ones', 'Active'],
  ])('is Unknown, or the word of 0, each in its own format: %s', async (machine, bit) => {
    const csv = await printed(machine, `--query-gpu=${STATES},${MODES}`, '--format=csv,noheader');
    expect(csv.out).toBe(`Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Unknown, Disabled, ${bit}\n`);
    const report = await printed(machine, '-q');
    const labels = ['Product Brand', 'Product Architecture', 'Compute Mode', 'Performance State'];
    expect(valuesIn(report.lines, labels)).toEqual(labels.map(() => 'Unknown'));
    const modes = ['Display Active', 'Persistence Mode', 'Accounting Mode', 'Current', 'Host VGPU Mode'];
    expect(valuesIn(report.lines, modes)).toEqual([
      'Disabled',
      'Disabled',
      'Disabled',
      'Disabled',
      'Non SR-IOV',
    ]);
  });

  it('is shown in the summary as the state of that number, or as what is off', async () => {
    const { lines } = await printed('words-unknown');
    expect(lines[8]).toBe(
      '|   0  NVIDIA H200                    Off |   00000000:00:06.0 Off |                    0 |',
    );
    expect(lines[9]).toBe(
      '| N/A   33C   P99             74W /  700W |       0MiB / 143771MiB |      0%      Unknown |',
    );
    expect(lines[10]).toMatch(/Disabled \|$/);
  });

  it('is no value in JSON', async () => {
    const fields = '--query-gpu=pstate,compute_mode,persistence_mode,mig.mode.current';
    const [gpu] = JSON.parse((await printed('words-unknown', fields, '--format=json')).out).gpus;
    expect(gpu).toMatchObject({
      pstate: null,
      compute_mode: null,
      persistence_mode: null,
      'mig.mode.current': null,
    });
  });
});

describe('a number wider than its cell', () => {
  it('is cut, and moves nothing', async () => {
    const { lines } = await printed('wide-cells');
    expect(lines[9]).toBe(
      '|1000% 1000CERR!             9... / 9999W |  1000000000MiB / 10... |    100%      Default |',
    );
    expect(lines[13]).toBe(
      '|10... 99...   P0            9... / 99... |   71253MiB /  81559MiB |    100%      Default |',
    );
    expect(lines.some((line) => line.includes('21474...'))).toBe(true);
    expect(lines.some((line) => / 10000\.\.\. \|$/.test(line))).toBe(true);
    for (const line of lines.filter((each) => each.startsWith('|'))) expect(line).toHaveLength(91);
  });

  it('is a power of 0 W only where it is a cap', async () => {
    expect((await printed('wide-cells')).lines[17]).toMatch(/W \/ {4}0W \|/);
  });
});

describe('a process', () => {
  it('without a name is not shown, and not denied', async () => {
    const { lines } = await printed('nameless-alone');
    expect(lines.at(-3)).toMatch(/^\|=+\|$/);
    expect((await printed('nameless-alone', 'pmon', '-c', '1')).lines[2]).toMatch(/- {19}$/);
  });

  it('whose memory the driver does not report has other words in text and in XML', async () => {
    expect(valuesIn((await printed('nameless-alone', '-q')).lines, ['Used GPU Memory'])).toEqual([
      'Not available in WDDM driver model',
    ]);
    expect((await printed('nameless-alone', '-q', '-x')).out).toContain('<used_memory>N/A</used_memory>');
  });

  it('has its memory cut to whole MiB', async () => {
    const fields = '--query-compute-apps=pid,used_memory';
    const { lines } = await printed('wide-cells', fields, '--format=csv,noheader', '-i', '0');
    expect(lines).toContain('2147483600, 0 MiB');
  });
});

describe('the report', () => {
  const WORDS = 'Unable to determine the PCI bus id for the target device: Insufficient Permissions';

  it('has a line in place of a GPU whose bus id cannot be read, and continues with the next', async () => {
    const text = await printed('bus-id-fails', '-q', '-d', 'MEMORY');
    expect(text.status).toBe(4);
    const at = text.lines.indexOf(WORDS);
    expect(text.lines.slice(at - 1, at + 3)).toEqual([
      'Attached GPUs                             : 2',
      WORDS,
      '',
      'GPU 00000000:00:07.0',
    ]);
    const xml = await printed('bus-id-fails', '-q', '-x');
    expect(xml.status).toBe(4);
    expect(xml.out).toContain(
      `\t<attached_gpus>2</attached_gpus>\n\t<error_string>${WORDS}</error_string>\n\n\t<gpu id="00000000:00:07.0">\n`,
    );
  });

  it('keeps such a GPU in JSON', async () => {
    const { status, out } = await printed('bus-id-fails', '-q', '--json');
    expect([status, JSON.parse(out).gpu.length]).toEqual([4, 2]);
  });

  it('has the first bridge chip, with its firmware as hexadecimal number', async () => {
    const { lines, out } = await printed('bridge-chips', '-q');
    expect(valuesIn(lines, ['Type', 'Firmware'])).toEqual(['BR04', '0xABCDEF12']);
    expect(out.match(/Firmware {2,}:/g)).toHaveLength(1);
    const xml = (await printed('bridge-chips', '-q', '-x')).out;
    expect(xml.match(/<bridge_chip_fw>.*/g)).toEqual(['<bridge_chip_fw>ABCDEF12</bridge_chip_fw>']);
  });

  it('has one line for a histogram that cannot be read', async () => {
    expect(
      valuesIn((await printed('bridge-chips', '-q')).lines, ['Bank Remap Availability Histogram']),
    ).toEqual(['N/A']);
  });

  it('has no counts where ECC is off and will be on', async () => {
    const { lines } = await printed('ecc-off-pending-on', '-q');
    const labels = ['SRAM Correctable', 'DRAM Uncorrectable', 'SRAM Threshold Exceeded', 'SRAM L2'];
    expect(valuesIn(lines, labels)).toEqual(labels.map(() => 'N/A'));
    const summary = (await printed('ecc-off-pending-on')).lines;
    expect(summary[8]).toMatch(/ Off\* \|$/);
    expect(summary[10]).toMatch(/ Enabled\* \|$/);
  });
});
