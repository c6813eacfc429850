import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { NVSMI, QUERY_NAMES } from '../../src/api/generated/nvsmi-ids.js';
import { open } from '../../src/index.js';
import { Declared } from '../declared.js';

const declared = new Declared('src/index.ts');
const machines = readdirSync(new URL('../../snapshots/', import.meta.url))
  .map((file) => file.slice(0, -5))
  .filter((name) => name !== 'mismatch');

describe.each(machines)('on %s', (snapshot) => {
  it('deviceQuery returns what it declares, whole and by each name and id', () => {
    using nvsmi = open({ snapshot });
    const faults = [undefined, ...QUERY_NAMES.keys(), ...Object.values(NVSMI).map((id) => [id])].flatMap(
      (filter) => declared.ofType('DeviceResult', nvsmi.deviceQuery(filter)) ?? [],
    );
    expect(faults).toEqual([]);
  });

  it('the report is what it declares', async () => {
    using nvsmi = open({ snapshot });
    expect(declared.ofType('Report', await nvsmi.report())).toBeUndefined();
  });
});

describe('a result that is not as declared', () => {
  it('is found by its place', () => {
    const fault = (gpu: object): string | undefined => declared.ofType('DeviceResult', { gpu: [gpu] });
    expect(fault({ fb_memory_usage: { free: 7, unit: 'MiB' } })).toBeUndefined();
    expect(fault({ fb_memory_usage: { free: 7 } })).toBe(
      'DeviceResult.gpu[0].fb_memory_usage.unit is missing',
    );
    expect(fault({ memory: 7 })).toBe('DeviceResult.gpu[0].memory is not declared');
    expect(fault({ processes: [{ pid: '7' }] })).toMatch(/gpu\[0\]\.processes\[0\]\.pid: "7" is no number/);
  });
});
