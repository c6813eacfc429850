import { describe, expect, it } from 'vitest';
import { baseClockLines, boostSliderTable, computePolicyTable } from '../../src/format/not-in-nvml.js';
import { cell } from '../../src/query/cell.js';
import { count, megahertz, text } from '../../src/query/kind.js';
import { timeslices } from '../../src/query/not-in-nvml.js';
import { h200x2, withLostGpu } from './machines.js';
import { golden, runOn } from './run-on.js';

const policy = (gpu: number) => ({
  gpu,
  cells: { policy: cell(text, 'Timeslice'), value: cell(timeslices, 0) },
});
const slider = (gpu: number) => ({
  gpu,
  cells: { slider: cell(text, 'vboost'), max: cell(count, 4), current: cell(count, 0) },
});
const clock = (gpu: number, mhz: number) => ({
  gpu,
  cells: { 'clocks.base.graphics': cell(megahertz, mhz) },
});

/** NVML has none of these values: the layouts are proven with the values that nvidia-smi showed. */
describe('the layouts of compute-policy, boost-slider and base-clocks', () => {
  it('are those of nvidia-smi on one H100', () => {
    expect(computePolicyTable([policy(0)])).toBe(golden('h100-x1', 'compute-policy'));
    expect(boostSliderTable([slider(0)])).toBe(golden('h100-x1', 'boost'));
    expect(baseClockLines([clock(0, 1590)])).toBe(golden('h100-x1', 'base-clocks'));
  });

  it('are those of nvidia-smi on two H200s', () => {
    expect(computePolicyTable([policy(0), policy(1)])).toBe(golden('h200-x2', 'compute-policy'));
    expect(boostSliderTable([slider(0), slider(1)])).toBe(golden('h200-x2', 'boost'));
    expect(baseClockLines([clock(0, 1500), clock(1, 1500)])).toBe(golden('h200-x2', 'base-clocks'));
  });
});

describe('compute-policy, boost-slider and base-clocks on a machine', () => {
  it.each([
    ['compute-policy', ['-l'], '|   0   Timeslice       N/A           |\n'],
    ['boost-slider', ['-l'], '|   0     vboost           N/A            N/A     |\n'],
    ['base-clocks', [], 'GPU 0:\n\tGraphics: \tN/A\n'],
  ])('%s shows N/A, says why on stderr, and ends with 3', async (name, options, line) => {
    const { status, out, err } = await runOn('h100-x1', [name, ...options]);
    expect(status).toBe(3);
    expect(out).toContain(line);
    expect(err).toMatch(/^NVML has no function for .*\n$/);
  });

  it('gives null and the reason in JSON', async () => {
    const { out } = await runOn(h200x2(), ['boost-slider', '-l', '-i', '1', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      boost_sliders: [
        {
          gpu: 1,
          slider: 'vboost',
          max: null,
          current: null,
          reasons: { max: 'Function Not Found', current: 'Function Not Found' },
        },
      ],
    });
  });

  it('gives the reason of a lost GPU, and its status', async () => {
    const { status, out } = await runOn(withLostGpu(h200x2()), ['base-clocks', '--json']);
    expect(status).toBe(15);
    expect(JSON.parse(out).base_clocks[1].reasons).toEqual({
      uuid: 'GPU is lost',
      'clocks.base.graphics': 'GPU is lost',
    });
  });

  it.each([
    ['compute-policy', '--set-timeslice=1'],
    ['boost-slider', '--vboost=1'],
  ])('%s refuses what NVML has no function for', async (name, option) => {
    const { status, out } = await runOn(h200x2(), [name, option]);
    expect(status).toBe(3);
    expect(out).toContain('NVML has no function for it');
  });
});

describe('power-hint', () => {
  it('finds no supported device, as nvidia-smi on the H100 and the H200', async () => {
    const h100 = await runOn('h100-x1', ['power-hint', '-l']);
    expect(h100).toEqual({ status: 0, out: golden('h100-x1', 'power-hint'), err: '' });
    const h200 = await runOn(h200x2(), ['power-hint', '-gc', '1200', '-t', '60', '-p', '0']);
    expect(h200).toEqual({ status: 0, out: golden('h200-x2', 'power-hint'), err: '' });
    expect(JSON.parse((await runOn('h100-x1', ['power-hint', '-l', '--json'])).out)).toMatchObject({
      power_hints: [],
    });
  });

  it('refuses an estimate for what is no number', async () => {
    expect((await runOn('h100-x1', ['power-hint', '-gc', 'x'])).status).toBe(2);
  });
});
