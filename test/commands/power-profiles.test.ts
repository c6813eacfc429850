import { describe, expect, it } from 'vitest';
import { gb200, h200x2 } from './machines.js';
import { machineWith } from './made-machine.js';
import { golden, lines, runOn } from './run-on.js';

/** What driver 580.65.06 lists on a GB200 (public listing); GPUs follow each other without a heading. */
const GB200_LIST = lines(`
  0. Max-P
  1. Max-Q
  2. Compute
  3. Memory Bound
  5. Balanced
  6. LLM Inference
  7. LLM Training
  13. HPC
`);

describe('power-profiles', () => {
  it.each([
    ['-l', 'pp'],
    ['-ld', 'pp-ld'],
    ['-gr', 'pp-gr'],
    ['-ge', 'pp-gr'],
  ])('refuses %s on Hopper once, with status 3', async (option, name) => {
    for (const [machine, outputs] of [
      ['h100-x1', 'h100-x1'],
      [h200x2(), 'h200-x2'],
    ] as const) {
      const { status, out } = await runOn(machine, ['power-profiles', option]);
      expect({ status, out }).toEqual({ status: 3, out: golden(outputs, name) });
    }
  });

  it('says with status 13 that an older driver has no such function', async () => {
    const { status, out } = await runOn(machineWith(1, 'NVIDIA H100', {}), ['power-profiles', '-l']);
    expect({ status, out }).toEqual({
      status: 13,
      out: 'Unable to get Workload Power Profiles information: Function Not Found\n',
    });
  });

  it('lists the profiles of every GPU', async () => {
    const { status, out } = await runOn(gb200(), ['power-profiles', '-l']);
    expect({ status, out }).toEqual({ status: 0, out: GB200_LIST.repeat(2) });
  });

  it('details priority and conflicts', async () => {
    const { out } = await runOn(gb200(), ['power-profiles', '-ld', '-i', '0']);
    expect(out).toMatch(
      /^0\. Max-P\n\tPriority: 10\n\tConflicts with:\n\t\t1\. Max-Q\n\t\t5\. Balanced\n1\. Max-Q\n\tPriority: 20\n/,
    );
  });

  it('shows what was requested and what is in force', async () => {
    expect((await runOn(gb200(), ['power-profiles', '-gr'])).out).toBe(
      '6. LLM Inference\n13. HPC\nNo profiles are currently requested.\n',
    );
    expect((await runOn(gb200(), ['power-profiles', '-ge'])).out).toBe(
      '6. LLM Inference\nNo profiles are currently engaged.\n',
    );
  });

  it('gives JSON', async () => {
    const { out } = await runOn(gb200(), ['power-profiles', '-gr', '-ge', '--json']);
    expect(JSON.parse(out)).toMatchObject({
      requested_power_profiles: [
        { gpu: 0, profile: 6, name: 'LLM Inference' },
        { gpu: 0, profile: 13, name: 'HPC' },
      ],
      enforced_power_profiles: [{ gpu: 0, profile: 6, name: 'LLM Inference' }],
    });
  });

  it('gives nulls and the reason in JSON on Hopper, with status 3', async () => {
    const { status, out } = await runOn('h100-x1', ['power-profiles', '-gr', '--json']);
    const reasons = { profile: 'Not Supported', name: 'Not Supported' };
    expect({ status, json: JSON.parse(out) }).toMatchObject({
      status: 3,
      json: { requested_power_profiles: [{ gpu: 0, profile: null, name: null, reasons }] },
    });
  });

  it('refuses to change anything', async () => {
    const { status, out } = await runOn(gb200(), ['power-profiles', '-sr', '6']);
    expect(status).toBe(2);
    expect(out).toContain('nvsmi only reads');
  });
});
