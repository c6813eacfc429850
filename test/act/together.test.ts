/** A setter beside something else: nothing is dropped in silence, and what is refused is refused before anything is changed. */
import { describe, expect, it } from 'vitest';
import { writes } from '../../src/nvml/generated/writes.js';
import { compiler, type FakeLibrary } from '../fake-nvml/build.js';
import type { Fault } from '../fake-nvml/table.js';
import { machineOf, nvsmiOn } from './oracle.js';

const machine = (name: string, ...faults: Fault[]) => machineOf({ machine: name, faults, lines: [] });

const changesOn = (library: FakeLibrary): readonly string[] =>
  library
    .log()
    .map(({ fn }) => fn)
    .filter((fn) => (writes as ReadonlySet<string>).has(fn));

describe.skipIf(compiler === undefined)('a setter of a subcommand', () => {
  it.each([
    ['h200-x2', 'conf-compute -srs 1 -sm 0'],
    ['h200-x2', 'conf-compute -srs 1 -gc'],
    ['h200-x2', 'conf-compute -srs 1 -srs 0'],
    ['h200-x2', 'gpm -s 1 -g'],
    ['h200-x2', 'power-profiles -sr 1 -cr 2'],
    ['h200-x2', 'compute-policy --set-timeslice 1 -l'],
    ['h200-x2', 'boost-slider --vboost 1 -l'],
    ['vgpu-host', 'vgpu -shm 1 -caa'],
    ['vgpu-host', 'vgpu -shm 1 -q'],
    ['vgpu-host', 'vgpu -caa --query-accounted-apps=pid --format=csv'],
  ])('is refused beside something else: %s, %s', async (name, line) => {
    const library = await machine(name);
    const { out, status } = await nvsmiOn(library, line);
    expect(out).toBe(`One, and only one, ${line.split(' ')[0]} command allowed at a time\n`);
    expect(status).toBe(2);
    expect(changesOn(library)).toEqual([]);
  });

  it('takes the options that go with it', async () => {
    for (const line of ['gpm -s 0 -i 1', 'gpm -s 0 --json', 'conf-compute -srs 1 --json']) {
      expect((await nvsmiOn(await machine('h200-x2'), line)).status).toBe(0);
    }
  });

  it('of mig is done after what comes first in its order, or not, and stderr says so', async () => {
    const library = await machine('a100-mig');
    const { out, io } = await nvsmiOn(library, 'mig -dci -lgi');
    expect(out).toMatch(/^\+-+\+\n\| GPU instances/);
    expect(io.errors).toBe('Not done, as one thing is done at a time: --destroy-compute-instance.\n');
    expect(changesOn(library)).toEqual([]);
  });

  it('of nvlink and pci comes after what is shown', async () => {
    const { out } = await nvsmiOn(await machine('h200-x2'), 'nvlink -e -re -i 0 -l 3');
    expect(out).toMatch(/Link 3: Replay Errors: \d+[\s\S]*Link 3: error counters reset\n$/);
    const both = await nvsmiOn(await machine('h200-x2'), 'nvlink -re -sLowPwrThres 100 -i 0 -l 3');
    expect(both.out).toMatch(/Link 3: error counters reset\n\t Low Power Threshold set to 10000 us\n$/);
  });

  it('is not made where what comes before it fails', async () => {
    const library = await machine('h200-x2');
    const { status } = await nvsmiOn(library, 'nvlink -r 0 -re');
    expect(status).toBe(3);
    expect(changesOn(library)).toEqual([]);
  });

  it('does not go with --json where something is shown, too', async () => {
    const library = await machine('h200-x2');
    for (const line of ['nvlink -e -re --json', 'drain -p 0:6.0 -q -m 1 --json']) {
      const { status, io } = await nvsmiOn(library, line);
      expect({ line, status, err: io.errors }).toEqual({
        line,
        status: 2,
        err: expect.stringMatching(/--json prints what is shown/),
      });
    }
    expect(changesOn(library)).toEqual([]);
  });

  it('beside the bandwidth mode of NVLink is named, and not made', async () => {
    const library = await machine('h200-x2');
    const { out, io } = await nvsmiOn(library, 'nvlink -sBwMode FULL -re');
    expect(out).toBe('Successfully set nvlink bandwidth mode to FULL\n');
    expect(io.errors).toMatch(/^Not done, .*: --reseterrorcounters\.\n$/);
    expect(changesOn(library)).toEqual(['nvmlSystemSetNvlinkBwMode']);
  });

  it('of drain is made in nvidia-smi’s order, and the rest not where one fails', async () => {
    const denied: Fault = { fn: 'nvmlDeviceModifyDrainState', status: 4 };
    const library = await machine('h200-x2', denied);
    expect((await nvsmiOn(library, 'drain -p 0000:00:06.0 -d -m 1')).status).toBe(255);
    expect(changesOn(library)).toEqual(['nvmlDeviceModifyDrainState']);
    expect((await nvsmiOn(library, 'drain -p 0000:00:06.0 -m 1 -r')).out).toBe(
      'Cannot specify both -m and -r.\n',
    );
    const { out } = await nvsmiOn(await machine('h200-x2'), 'drain -p 0000:00:06.0 -d -q -r');
    expect(out).toMatch(/^The current drain state .*\nGPU \S+ successfully removed\.\nDiscovery completed/);
  });
});

describe.skipIf(compiler === undefined)('a number of a setter', () => {
  it.each([
    ['conf-compute -sm 0x10', 0],
    ['gpm -s 0x1', 0],
    ['gpm -s " 1"', 0],
    ['conf-compute -sm 99999999999999999999', 2],
    ['conf-compute -sm -1', 2],
    ['conf-compute -sm ""', 2],
    ['conf-compute -sm 1.5', 2],
    ['conf-compute -sm "1 GiB"', 2],
    ['gpm -s 1,0', 2],
    ['compute-policy --set-timeslice x', 2],
    ['boost-slider --vboost 1.5', 2],
    ['nvlink -sLowPwrThres -1', 2],
    ['drain -p 0:6.0 -m ""', 2],
  ])('%s ends with %i', async (line, status) => {
    const library = await machine('h200-x2');
    expect((await nvsmiOn(library, line)).status).toBe(status);
    if (status !== 0) expect(changesOn(library)).toEqual([]);
  });

  it('of watts has 24 bits: 700.001 is within a range that ends at 700', async () => {
    expect((await nvsmiOn(await machine('h200-x2'), '-pl 700.001')).status).toBe(0);
    expect((await nvsmiOn(await machine('h200-x2'), '-pl 700.002')).status).toBe(2);
    expect((await nvsmiOn(await machine('h200-x2'), '-pl 199.9999')).status).toBe(2);
    expect((await nvsmiOn(await machine('h200-x2'), '-pl 4295267')).status).toBe(2);
  });
});
