/**
 * Programs that read nvidia-smi's XML, as their parsers do: telegraf's inputs.nvidia_smi (schema v13), netdata's
 * go.d nvidia_smi in its loop mode, gpustat-unraid, and the package managers that look for <cuda_version>.
 */
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { golden } from './golden.js';
import { runOn } from './run.js';
import { sceneOf, timeOf } from './scene.js';
import { geforce, mig } from './shapes.js';

interface Element {
  readonly [tag: string]: string | Element | readonly Element[] | undefined;
}

const parse = (xml: string): Element =>
  new XMLParser({ ignoreAttributes: false, parseTagValue: false, isArray: (tag) => tag === 'gpu' }).parse(
    xml,
  );

function at(element: Element, path: string): string | undefined {
  let here: unknown = element;
  for (const tag of path.split('.')) {
    here = typeof here === 'object' && here !== null ? (here as Element)[tag] : undefined;
  }
  return typeof here === 'string' ? here : undefined;
}

/** telegraf: nothing for N/A and what is deprecated; a number is the first word, without the x of a link width. */
function telegrafNumber(value: string | undefined): number | undefined {
  if (value === undefined || value === '' || value === 'N/A') return undefined;
  if (value === 'Requested functionality has been deprecated') return undefined;
  const number = Number.parseFloat(value.split(/\s+/)[0]?.replace(/x$/, '') ?? '');
  return Number.isNaN(number) ? undefined : number;
}

const TELEGRAF: Readonly<Record<string, number | undefined>> = {
  fan_speed: undefined,
  'fb_memory_usage.total': 81559,
  'fb_memory_usage.reserved': 480,
  'fb_memory_usage.used': 883,
  'fb_memory_usage.free': 80197,
  'bar1_memory_usage.total': 131072,
  'bar1_memory_usage.used': 884,
  'ecc_errors.volatile.sram_correctable': 0,
  'ecc_errors.volatile.sram_uncorrectable_parity': 0,
  'ecc_errors.aggregate.sram_uncorrectable_secded': 0,
  'ecc_errors.aggregate.dram_uncorrectable': 0,
  'retired_pages.multiple_single_bit_retirement.retired_count': undefined,
  'remapped_rows.remapped_row_corr': 0,
  'remapped_rows.remapped_row_unc': 0,
  'temperature.gpu_temp': 53,
  'temperature.memory_temp': 47,
  'utilization.gpu_util': 96,
  'utilization.memory_util': 30,
  'utilization.encoder_util': 0,
  'utilization.jpeg_util': 0,
  'utilization.ofa_util': 0,
  'pci.pci_gpu_link_info.pcie_gen.current_link_gen': 5,
  'pci.pci_gpu_link_info.link_widths.current_link_width': 16,
  'pci.rx_util': 2769,
  'pci.tx_util': 1971,
  'encoder_stats.session_count': 0,
  'fbc_stats.average_fps': 0,
  'clocks.graphics_clock': 1560,
  'clocks.sm_clock': 1560,
  'clocks.mem_clock': 2619,
  'clocks.video_clock': 1545,
  'clocks_event_reasons_counters.clocks_event_reasons_counters_sw_power_cap': 7848528,
  'gpu_power_readings.average_power_draw': 687.84,
  'gpu_power_readings.instant_power_draw': 735.51,
  'gpu_power_readings.current_power_limit': 700,
  'module_power_readings.average_power_draw': undefined,
};

describe('telegraf', () => {
  const report = golden('h100-x1/load-qx.out');

  it('chooses its schema by the last word of the DOCTYPE', async () => {
    const { out } = await runOn(sceneOf(report), ['-q', '-x']);
    const directive = /<!(DOCTYPE [^>]*)>/.exec(out)?.[1] ?? '';
    expect(directive.split(' ').at(-1)).toBe('"nvsmi_device_v13.dtd"');
  });

  it('finds every element that it reads, and the numbers in them', async () => {
    const { out, err } = await runOn(sceneOf(report), ['-q', '-x'], { now: timeOf(report) });
    expect(err).toBe('');
    const log = parse(out).nvidia_smi_log as Element;
    const [gpu] = log.gpu as readonly Element[];
    const read = Object.fromEntries(
      Object.keys(TELEGRAF).map((path) => [path, telegrafNumber(at(gpu as Element, path))]),
    );
    expect(read).toEqual(TELEGRAF);
    expect(at(gpu as Element, 'uuid')).toMatch(/^GPU-/);
    expect(at(gpu as Element, 'performance_state')).toBe('P0');
    expect(at(gpu as Element, 'clocks_event_reasons.clocks_event_reason_sw_power_cap')).toBe('Active');
    // The ANSIC layout of Go: Mon Jan _2 15:04:05 2006.
    expect(at(log, 'timestamp')).toMatch(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/);
  });

  it('finds the MIG devices of a divided GPU', async () => {
    const { out } = await runOn(mig(), ['-q', '-x']);
    const [gpu] = (parse(out).nvidia_smi_log as Element).gpu as readonly Element[];
    const { mig_device } = (gpu as Element).mig_devices as Element;
    const devices = mig_device as readonly Element[];
    expect(devices.map((device) => [at(device, 'index'), at(device, 'fb_memory_usage.total')])).toEqual([
      ['0', '40448 MiB'],
      ['1', '20096 MiB'],
      ['2', '9984 MiB'],
      ['3', '9984 MiB'],
    ]);
  });
});

describe('netdata', () => {
  /** Documents of a loop: the lines between the two root tags, each alone on its line, as its scanner wants them. */
  function documents(lines: readonly string[]): readonly string[] {
    const found: string[] = [];
    let open: string[] | undefined;
    let unexpected = 0;
    for (const line of lines) {
      if (line === '<nvidia_smi_log>') open = [line];
      else if (line === '</nvidia_smi_log>' && open !== undefined) {
        found.push([...open, line].join('\n'));
        open = undefined;
      } else if (open !== undefined) open.push(line);
      else if (!line.startsWith('<?xml') && !line.startsWith('<!DOCTYPE') && line !== '') unexpected++;
    }
    expect(unexpected).toBe(0);
    expect(open).toBeUndefined();
    return found;
  }

  it('scans the documents of a loop, and reads the GPUs of each', async () => {
    const { out } = await runOn(sceneOf(golden('h200-x2/qx.out')), ['-q', '-x', '-l', '1'], { ticks: 3 });
    const all = documents(out.split('\n'));
    expect(all).toHaveLength(3);
    for (const document of all) {
      const gpus = (parse(document).nvidia_smi_log as Element).gpu as readonly Element[];
      expect(gpus.map((gpu) => [at(gpu, '@_id'), at(gpu, 'mig_mode.current_mig')])).toEqual([
        ['00000000:00:06.0', 'Disabled'],
        ['00000000:00:07.0', 'Disabled'],
      ]);
      expect(gpus.every((gpu) => at(gpu, 'uuid')?.startsWith('GPU-'))).toBe(true);
    }
  });
});

describe('other programs', () => {
  it('gpustat-unraid reads one GPU by -g', async () => {
    const { out, status } = await runOn(geforce(), ['-q', '-x', '-g', '0']);
    const [gpu] = (parse(out).nvidia_smi_log as Element).gpu as readonly Element[];
    expect(status).toBe(0);
    expect(at(gpu as Element, 'fan_speed')).toBe('38 %');
    expect(at(gpu as Element, 'temperature.gpu_temp_max_threshold')).toBe('100 C');
  });

  it('mamba and rattler find the CUDA version in the XML of units', async () => {
    const { out } = await runOn(sceneOf(golden('h200-x2/q.out')), ['--query', '-u', '-x']);
    expect(/<cuda_version>(.*)<\/cuda_version>/.exec(out)?.[1]).toBe('13.0');
  });

  it('gpu-burn reads one GPU Current Temp per GPU from a loop', async () => {
    const { out } = await runOn(
      sceneOf(golden('h200-x2/q-d-TEMPERATURE.out')),
      ['-l', '5', '-q', '-d', 'TEMPERATURE'],
      {
        ticks: 2,
      },
    );
    expect([...out.matchAll(/GPU Current Temp {2,}: (\d+) C/g)].map(([, degrees]) => degrees)).toEqual([
      '32',
      '31',
      '32',
      '31',
    ]);
  });

  it('azhpc finds the four lines below Fabric, and SuperBench the remapped rows before Temperature', async () => {
    const { out } = await runOn(sceneOf(golden('h200-x2/q.out')), ['-q', '-i', '1']);
    const fabric = out.split('\n').slice(out.split('\n').indexOf('    Fabric') + 1);
    expect(fabric.slice(0, 4).map((line) => line.split(':')[0]?.trim())).toEqual([
      'State',
      'Status',
      'CliqueId',
      'ClusterUUID',
    ]);
    const rows = out.slice(out.indexOf('Remapped Rows'), out.indexOf('    Temperature'));
    expect(rows).toMatch(/Uncorrectable Error +: 0\n/);
  });
});
