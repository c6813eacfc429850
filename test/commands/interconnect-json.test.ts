import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { h200Pair } from './h200-pair.js';
import { snapshotOf } from './recorded-runs.js';
import { runOn } from './run-on.js';

const pair = snapshotOf('two H200s', h200Pair);

type Parts = Readonly<Record<string, readonly Record<string, unknown>[]>>;

/** What a command line prints, checked against the schema of its command. */
async function json(argv: string): Promise<Parts> {
  const [command = '', ...rest] = argv.split(' ');
  const { out, status } = await runOn(pair, [command, ...rest, '--json']);
  const schema: unknown = JSON.parse(
    readFileSync(new URL(`../../schemas/${command}.schema.json`, import.meta.url), 'utf8'),
  );
  const ajv = new Ajv2020({ allowUnionTypes: true, validateFormats: false });
  const parts: unknown = JSON.parse(out);
  expect(ajv.validate(schema as object, parts), JSON.stringify(ajv.errors)).toBe(true);
  expect(status).toBe(0);
  return parts as Parts;
}

describe('JSON of the subcommands about connections', () => {
  it.each([
    'topo -m -mp',
    'topo -c 3',
    'topo -p -i 0,1',
    'topo -n 5 -C -M -gnid -i 1',
    'topo -p2p n',
    'topo -nvme',
    'nvlink -s -c -p -R -e -ec -gt dr -gLowPwrInfo -gBwMode -info',
    'nvlink -s -l 99',
    'c2c -s',
    'pci -gErrCnt -gCnt',
    'clocks --sync-boost-list',
    'drain -q -p 00:06.0',
    'prm -l',
    'prm -c all -i 0 -p local_port=1',
  ])('follows the schema: %s', async (argv) => {
    await json(argv);
  });

  it('shows both directions between two GPUs', async () => {
    const { gpu_pairs: pairs } = await json('topo -m');
    const [first, second] = [
      'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000',
      'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001',
    ];
    expect(pairs).toEqual([
      { gpu: 0, uuid: first, peer: 1, path: 'PHB', nvlinks: 18 },
      { gpu: 1, uuid: second, peer: 0, path: 'PHB', nvlinks: 18 },
    ]);
  });

  it('says why a GPU has no node of its own', async () => {
    const { gpus } = await json('topo -mp');
    expect(gpus?.[1]).toEqual({
      gpu: 1,
      name: 'NVIDIA H200',
      uuid: 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001',
      cpu_affinity: '0-31',
      numa_affinity: '0',
      gpu_numa_id: null,
      reasons: { gpu_numa_id: 'Not Supported' },
    });
  });

  it('has what several options ask of a pair in one record', async () => {
    const { gpu_pairs: pairs } = await json('topo -m -p2p n');
    expect(pairs?.[0]).toMatchObject({ peer: 1, path: 'PHB', nvlinks: 18, 'p2p.nvlink': 'OK' });
  });

  it('joins all that was asked of a link in one record, with numbers and booleans', async () => {
    const { nvlinks } = await json('nvlink -s -c -R -gt r -gLowPwrInfo -l 17 -i 1');
    expect(nvlinks).toEqual([
      {
        gpu: 1,
        uuid: 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001',
        link: 17,
        active: true,
        speed: 26.562,
        'capability.p2p': true,
        'capability.system_memory_access': true,
        'capability.p2p_atomics': true,
        'capability.system_memory_atomics': true,
        'capability.sli': true,
        'capability.link': true,
        'remote.pci.bus_id': null,
        'remote.link': 0,
        'throughput.raw.tx': 271,
        'throughput.raw.rx': 384,
        power_state: 'High Speed State',
        low_power_threshold: 50000,
        reasons: { 'remote.pci.bus_id': 'implausible' },
      },
    ]);
  });

  it('has all lanes of the PCIe link, also those that the text leaves out', async () => {
    const { pcie_lanes: lanes } = await json('pci -gErrCnt -i 0');
    expect(lanes).toHaveLength(16);
    expect(lanes?.[1]).toMatchObject({ gpu: 0, lane: 1, errors: 53 });
  });
});
