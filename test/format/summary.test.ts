/** The summary table as text, from made-up values. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { summaryProcess } from '../../src/commands/summary/processes.js';
import {
  renderSummary,
  type Summary,
  type SummaryGpu,
  type SummaryMigDevice,
  type SummaryProcess,
} from '../../src/format/summary.js';
import { NOT_SUPPORTED } from '../../src/nvml/status.js';
import { cell } from '../../src/query/cell.js';
import { count, mebibytes, text } from '../../src/query/kind.js';
import { localTime } from '../fake-io.js';

const recorded = (name: string): string =>
  readFileSync(new URL(`../golden/elsewhere/${name}.txt`, import.meta.url), 'utf8');

const GPU: SummaryGpu = {
  index: 0,
  name: 'NVIDIA H100 80GB HBM3',
  persistence: 'On',
  busId: '00000000:00:09.0',
  display: 'Off',
  ecc: 'On',
  fan: 'N/A',
  temperature: '42C',
  pstate: 'P0',
  powerDraw: '98W',
  powerCap: '700W',
  memoryUsed: '59MiB',
  memoryTotal: '81559MiB',
  utilization: 'N/A',
  computeMode: 'Default',
  migMode: 'Enabled',
};

const mig = (gi: number, device: number, used: number, size: '3g' | '2g' | '1g'): SummaryMigDevice => {
  const [total, bar1, sm, engines] = {
    '3g': ['40448MiB', '24739MiB', '60', '3'],
    '2g': ['20096MiB', '12369MiB', '32', '2'],
    '1g': ['9984MiB', '6184MiB', '16', '1'],
  }[size] as [string, string, string, string];
  return {
    gpu: '0',
    gi: String(gi),
    ci: '0',
    device: String(device),
    memoryUsed: `${used}MiB`,
    memoryTotal: total,
    bar1Used: '0MiB',
    bar1Total: bar1,
    multiprocessors: sm,
    ecc: '0',
    copyEngines: engines,
    encoders: '0',
    decoders: engines,
    ofas: '0',
    jpegs: engines,
  };
};

const process = (pid: number, name: string, memory: string, more: Partial<SummaryProcess> = {}) => ({
  gpu: '0',
  gi: 'N/A',
  ci: 'N/A',
  pid: String(pid),
  type: 'C',
  name,
  memory,
  ...more,
});

const SUMMARY: Summary = {
  time: new Date(localTime('2026/07/14 09:00:26.000')),
  programVersion: '590.48.01',
  driverVersion: '590.48.01',
  cudaVersion: '13.1',
  gpus: [GPU],
  hasMig: false,
  migDevices: [],
  processes: [],
  notices: [],
};

/** Of the captures. */
const RELEASE = 590;

const linesOf = (change: Partial<Summary>): readonly string[] =>
  renderSummary({ ...SUMMARY, ...change }, RELEASE).split('\n');
const gpuLines = (change: Partial<SummaryGpu>): readonly string[] =>
  linesOf({ gpus: [{ ...GPU, ...change }] }).slice(8, 11);
const processLines = (...processes: readonly SummaryProcess[]): readonly string[] =>
  linesOf({ processes }).slice(18, -2);

describe('the summary of a GPU that MIG divides', () => {
  it('is the table that was recorded of an idle H100', () => {
    const migDevices = [mig(2, 0, 26, '3g'), mig(3, 1, 17, '2g'), mig(9, 2, 9, '1g'), mig(10, 3, 9, '1g')];
    expect(renderSummary({ ...SUMMARY, migDevices }, RELEASE)).toBe(
      recorded('h100-mig-590-idle-default-table'),
    );
  });

  it('is the table that was recorded of an H100 with processes in an instance', () => {
    const gpu = { ...GPU, temperature: '52C', powerDraw: '432W', memoryUsed: '11125MiB' };
    const inInstance = { gi: '2', ci: '0' };
    const summary: Summary = {
      ...SUMMARY,
      time: new Date(localTime('2026/07/14 09:00:43.000')),
      gpus: [gpu],
      migDevices: [mig(2, 0, 11091, '3g'), mig(3, 1, 17, '2g'), mig(9, 2, 9, '1g'), mig(10, 3, 9, '1g')],
      processes: [
        process(21180, '/data/tools/memhog', '2296MiB', inInstance),
        process(21181, '/data/tools/memhog', '1272MiB', inInstance),
        process(21198, './gpu_burn', '7484MiB', inInstance),
      ],
    };
    expect(renderSummary(summary, RELEASE)).toBe(recorded('h100-mig-590-load-default-table'));
  });

  it('keeps the columns where an instance has two digits', () => {
    const lines = processLines(
      process(7, 'a', '1MiB', { gi: '13', ci: '0' }),
      process(7, 'a', '1MiB', { gi: '2', ci: '0' }),
    );
    expect(lines.map((line) => line.slice(0, 18))).toEqual(['|    0   13    0  ', '|    0    2    0  ']);
    expect(new Set(lines.map((line) => line.length))).toEqual(new Set([91]));
  });
});

describe('the summary of a GPU with words that are too long', () => {
  it('keeps its columns', () => {
    const lines = gpuLines({ pstate: 'Unknown', computeMode: 'Unknown mode, long' });
    const bars = (line: string): readonly number[] => [...line.matchAll(/\|/g)].map(({ index }) => index);
    expect(lines.map(bars)).toEqual(gpuLines({}).map(bars));
  });
});

describe('the summary of a GeForce', () => {
  it('is the table that was recorded: fan, display, a name that is cut, what draws and what computes', () => {
    const summary: Summary = {
      ...SUMMARY,
      time: new Date(localTime('2026/06/24 10:26:49.000')),
      programVersion: '595.71.05',
      driverVersion: '595.71.05',
      cudaVersion: '13.2',
      gpus: [
        {
          ...GPU,
          name: 'NVIDIA GeForce RTX 2080 SUPER',
          persistence: 'Off',
          busId: '00000000:0C:00.0',
          display: 'On',
          ecc: 'N/A',
          fan: '38%',
          temperature: '45C',
          pstate: 'P2',
          powerDraw: '98W',
          powerCap: '250W',
          memoryUsed: '819MiB',
          memoryTotal: '8192MiB',
          utilization: '8%',
          migMode: 'N/A',
        },
      ],
      processes: [
        process(1696, '/usr/bin/gnome-shell', '176MiB', { type: 'G' }),
        process(4584, '/usr/bin/Xwayland', '3MiB', { type: 'G' }),
        process(5267, 'ffmpeg', '230MiB'),
        process(5268, 'ffmpeg', '370MiB'),
      ],
    };
    expect(renderSummary(summary, RELEASE)).toBe(recorded('rtx2080s-595-load-default-table'));
  });
});

describe('a line of the summary', () => {
  const WIDTH = 91;

  it('is as wide as the table for the widest numbers that its columns hold', () => {
    const wide = gpuLines({
      index: 127,
      temperature: '100C',
      pstate: 'P15',
      powerDraw: '1200W',
      powerCap: '1400W',
      memoryUsed: '294911MiB',
      memoryTotal: '294912MiB',
      utilization: '100%',
      ecc: '18446744073709551615',
      computeMode: 'E. Process',
    });
    expect(wide.map((line) => line.length)).toEqual([WIDTH, WIDTH, WIDTH]);
    expect(wide[1]).toContain('1200W / 1400W |');
    expect(wide[1]).toContain(' 294911MiB / 294912MiB |');
  });

  it('cuts both memories as one where a number is wider than its column (H200 with absurd readings, 580.159.04)', () => {
    const [, line] = gpuLines({ memoryTotal: '12345678MiB' });
    expect(line).toContain(' / 123456... |');
    expect(line).toHaveLength(WIDTH);
  });

  it('ends numbers that are too wide in dots', () => {
    const [, line] = gpuLines({ powerDraw: '4294967W', utilization: '808334905%' });
    expect(line).toContain('42... ');
    expect(line).toContain('|    808... ');
    expect(line).toHaveLength(WIDTH);
  });

  it('cuts a long name of a GPU at its end', () => {
    expect(gpuLines({ name: 'NVIDIA RTX PRO 6000 Blackwell Server Edition' })[0]).toBe(
      '|   0  NVIDIA RTX PRO 6000 Blac...    On  |   00000000:00:09.0 Off |                   On |',
    );
  });

  it('cuts a long name of a process at its beginning', () => {
    expect(processLines(process(3, '/opt/conda/envs/a-very-long-name/bin/python3.12', '874MiB'))).toEqual([
      '|    0   N/A  N/A               3      C   ...very-long-name/bin/python3.12        874MiB |',
    ]);
  });

  it('shows control characters of a process name as question marks, and stays one line', () => {
    const shown = summaryProcess(
      {
        gpu: cell(count, 0),
        gpu_instance_id: cell(count, NOT_SUPPORTED),
        compute_instance_id: cell(count, NOT_SUPPORTED),
        pid: cell(count, 3),
        type: cell(text, 'C'),
        process_name: cell(text, 'evil\u001b[2J\nname\t\u007f'),
        used_gpu_memory: cell(mebibytes, 1024 * 1024),
      },
      RELEASE,
    );
    const lines = processLines(shown as Parameters<typeof processLines>[0]);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('   evil?[2J?name??  ');
    expect(lines[0]).toHaveLength(WIDTH);
  });

  it('is the one recorded on Windows for processes whose memory is not known and whose paths are long', () => {
    const table = recorded('rtx2080s-windows-591-load-default-table').split('\n');
    const shown = table.filter((line) => / C(\+G)? {3}\S/.test(line));
    const paths = [
      'C:\\Windows\\System32\\dwm.exe',
      'C:\\Program Files\\NVIDIA Corporation\\NVIDIA GeForce Experience\\NVIDIA Share.exe',
      'C:\\Windows\\explorer.exe',
    ];
    const lines = paths.map((path, i) => {
      const pid = Number(shown[i]?.slice(20, 33));
      return processLines(process(pid, path, 'N/A', { type: 'C+G' }))[0];
    });
    expect(lines).toEqual(shown.slice(0, 3));
    expect(shown).toHaveLength(12);
  });

  it('holds the largest pid', () => {
    const [line] = processLines(process(4294967295, 'a', '1MiB'));
    expect(line).toContain('N/A      4294967295      C   a ');
    expect(line).toHaveLength(WIDTH);
  });

  it('keeps its width where nothing is known at all', () => {
    for (const nothing of ['N/A', 'ERR!']) {
      const { index, ...cells } = GPU;
      const none = Object.fromEntries(Object.keys(cells).map((name) => [name, nothing])) as typeof cells;
      expect(gpuLines(none).map((line) => line.length)).toEqual([WIDTH, WIDTH, WIDTH]);
      expect(index).toBe(0);
    }
  });
});
