import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { reportSchema } from '../../tools/report-schema.js';
import { refused, set } from '../commands/made-machine.js';
import { golden } from './golden.js';
import { runOn } from './run.js';
import { callsOf, h100, sceneOf, timeOf } from './scene.js';

const SCHEMA = new URL('../../schemas/report.schema.json', import.meta.url);
const isReport = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(SCHEMA, 'utf8')),
);

const jsonOf = async (machine: Parameters<typeof runOn>[0], ...argv: readonly string[]) => {
  const { out, status } = await runOn(machine, ['-q', '--json', ...argv], { now: 1_795_449_600_000 });
  return { status, document: JSON.parse(out) };
};

describe('nvsmi -q --json', () => {
  it('has the schema that the report trees make; tools/report-schema.ts writes it', () => {
    expect(JSON.parse(readFileSync(SCHEMA, 'utf8'))).toEqual(reportSchema());
  });

  it.each([
    ['h100-x1/q.out', []],
    ['h100-x1/load-qx.out', []],
    ['h200-x2/qx.out', []],
    ['h200-x2/q-d-POWER.out', ['-d', 'POWER,utilization,CLOCK']],
    ['h200-x2/q.out', ['-i', '1']],
    ['h200-x2/q.out', ['-u']],
  ])('is valid for the machine of %s with %j', async (path, argv) => {
    const { document } = await jsonOf(sceneOf(golden(path)), ...argv);
    isReport(document);
    expect(isReport.errors).toBeNull();
  });

  it('is refused by the schema where a number is text', async () => {
    const { document } = await jsonOf(h100());
    document.gpu[0].fb_memory_usage.total = '81559 MiB';
    expect(isReport(document)).toBe(false);
  });

  it('gives numbers in the units of the report, and booleans and words as such', async () => {
    const report = golden('h100-x1/load-q.out');
    const { document } = await jsonOf(sceneOf(report));
    const [gpu] = document.gpu;
    expect(document).toMatchObject({
      timestamp: new Date(1_795_449_600_000).toISOString(),
      driver_version: '580.159.04',
      cuda_version: '13.0',
      attached_gpus: 1,
    });
    expect(timeOf(report)).toBeGreaterThan(0);
    expect(gpu).toMatchObject({
      id: '00000000:00:06.0',
      persistence_mode: true,
      performance_state: 'P0',
      fb_memory_usage: { total: 81559, reserved: 480, used: 883, free: 80197 },
      utilization: { gpu_util: 96, memory_util: 31 },
      gpu_power_readings: { average_power_draw: 689.64, current_power_limit: 700 },
      clocks_event_reasons: { clocks_event_reason_sw_power_cap: true },
      pci: { tx_util: 1414, pci_gpu_link_info: { link_widths: { current_link_width: 16 } } },
      capabilities: { egm: false },
    });
  });

  it('has null and the reason for what the GPU does not have', async () => {
    const { document } = await jsonOf(h100());
    const [gpu] = document.gpu;
    expect(gpu.fan_speed).toBeNull();
    expect(gpu.reasons).toMatchObject({
      fan_speed: 'Not Supported',
      display_mode: 'Requested functionality has been deprecated',
      power_smoothing: 'Not Supported',
    });
    expect(gpu.module_power_readings.reasons.average_power_draw).toBe('Not Supported');
  });

  it('has an array for what repeats, also where there is one or none', async () => {
    const { document } = await jsonOf(sceneOf(golden('h100-x1/load-q.out')));
    const [gpu] = document.gpu;
    expect(gpu.mig_devices).toEqual([]);
    expect(gpu.accounted_processes).toEqual([]);
    expect(gpu.processes).toEqual([
      {
        gpu_instance_id: null,
        compute_instance_id: null,
        pid: 2194,
        type: 'C',
        process_name: 'python3',
        used_memory: 874,
        reasons: { gpu_instance_id: 'Not Supported', compute_instance_id: 'Not Supported' },
      },
    ]);
    expect(gpu.supported_clocks[0].value).toBe(2619);
    expect(gpu.supported_clocks[0].supported_graphics_clock.slice(0, 2)).toEqual([1980, 1965]);
  });

  it('shows the chosen groups only, with their samples', async () => {
    const { document } = await jsonOf(sceneOf(golden('h100-x1/q-d-POWER.out')), '-d', 'power');
    const [gpu] = document.gpu;
    expect(Object.keys(gpu)).toEqual([
      'id',
      'gpu_power_readings',
      'power_samples',
      'gpu_memory_power_readings',
      'module_power_readings',
    ]);
    expect(gpu.power_samples).toEqual({ duration: 2.36, count: 119, max: 70.76, min: 69.33, average: 69.98 });
  });

  it('writes an object a line in a loop', async () => {
    const { writes } = await runOn(h100(), ['-q', '--json', '-l', '1'], { ticks: 3 });
    expect(writes).toHaveLength(3);
    for (const text of writes) {
      expect(text.trimEnd()).not.toContain('\n');
      expect(isReport(JSON.parse(text))).toBe(true);
    }
  });

  it('keeps the other GPUs where one is lost', async () => {
    const scene = sceneOf(golden('h200-x2/q.out'));
    const calls = callsOf(scene);
    set(calls, 'nvmlDeviceGetHandleByIndex_v2', '0', refused('GPU_IS_LOST'));
    const { status, document } = await jsonOf({ ...scene, calls });
    expect(isReport(document)).toBe(true);
    expect(document.gpu[0].reasons.product_name).toBe('GPU is lost');
    expect(document.gpu[1].product_name).toBe('NVIDIA H200');
    expect(status).toBe(15);
  });
});
