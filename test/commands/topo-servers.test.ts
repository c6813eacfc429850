import { describe, expect, it } from 'vitest';
import { snapshotOf } from './recorded-runs.js';
import { runOn } from './run-on.js';
import { cpuWords, type Server, serverSnapshot } from './server.js';

const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i);
const line = (...cells: readonly string[]): string => `${cells.join('\t')}\n`;
const [SAME_NODE, OTHER_NODE] = [40, 50];
const byNode: Server['ancestor'] = (a, b) => (a.node === b.node ? SAME_NODE : OTHER_NODE);
const matrixOf = (text: string): string => text.slice(0, text.indexOf('\nLegend:'));

describe('a GB200 tray with four GPUs and six NICs, each below its own host bridge', () => {
  const gb200: Server = {
    gpus: upTo(4).map((i) => ({
      path: `pci000${i}:00/000${i}:00:00.0/000${i}:01:00.0`,
      node: 0,
      // The container that a public capture was made in could use the CPUs of the first node alone.
      cpus: i < 2 ? cpuWords([0, 35]) : [],
    })),
    nics: upTo(6).map((i) => ({
      name: `mlx5_${i}`,
      path: `pci001${i}:00/001${i}:00:00.0/001${i}:01:00.0`,
      node: 0,
    })),
    switchLinks: 18,
    ancestor: byNode,
  };
  const machine = snapshotOf('gb200', serverSnapshot(gb200));

  it('has the matrix of the capture, byte for byte', async () => {
    const { out, status } = await runOn(machine, ['topo', '-m']);
    const nics = upTo(6).map((i) => `NIC${i}`);
    const gpus = upTo(4).map((i) => `GPU${i}`);
    const cells = (self: number, count: number, word: string): readonly string[] =>
      upTo(count).map((i) => (i === self ? ' X ' : word));
    const expected = [
      `\t\u001b[4m${[...gpus, ...nics, 'CPU Affinity', 'NUMA Affinity', 'GPU NUMA ID'].join('\t')}\u001b[0m\n`,
      ...gpus.map((gpu, i) =>
        line(gpu, ...cells(i, 4, 'NV18'), ...cells(-1, 6, 'NODE'), i < 2 ? '0-35' : '', '0', '', 'N/A'),
      ),
      ...nics.map((nic, i) => line(nic, ...cells(-1, 4, 'NODE'), ...cells(i, 6, 'NODE'), '', '', '', '')),
    ].join('');
    expect(matrixOf(out)).toBe(expected);
    expect(status).toBe(0);
  });

  it('ends with the names of the NICs and an empty line', async () => {
    const { out } = await runOn(machine, ['topo', '-mp']);
    const names = upTo(6).map((i) => `  NIC${i}: mlx5_${i}\n`);
    expect(out.slice(out.indexOf('\nNIC Legend:'))).toBe(`\nNIC Legend:\n\n${names.join('')}\n`);
  });
});

describe('a DGX A100: pairs of GPUs and NICs below one host bridge, on four of eight nodes', () => {
  /** GPUs 0 and 1 are on node 3, and so on, as public matrices of this server show. */
  const NODES = [3, 1, 7, 5];
  const switches = (quadrant: number): string =>
    `pci0000:${quadrant}0/0000:${quadrant}0:01.0/0000:${quadrant}1:00.0`;
  const dgx: Server = {
    gpus: upTo(8).map((i) => {
      const quadrant = i >> 1;
      const node = NODES[quadrant] ?? 0;
      return {
        path: `${switches(quadrant)}/0000:${quadrant}2:0${i & 1}.0/0000:${quadrant}${3 + (i & 1)}:00.0`,
        node,
        cpus: cpuWords([node * 16, node * 16 + 15], [128 + node * 16, 128 + node * 16 + 15]),
      };
    }),
    nics: [
      ...upTo(8).map((i) => {
        const quadrant = i >> 1;
        // A second switch below the first.
        const path = `${switches(quadrant)}/0000:${quadrant}2:04.0/0000:${quadrant}8:00.0`;
        return {
          name: `mlx5_${i}`,
          path: `${path}/0000:${quadrant}9:0${i & 1}.0/0000:${quadrant}${i & 1 ? 'b' : 'a'}:00.0`,
          node: NODES[quadrant] ?? 0,
        };
      }),
      ...upTo(2).map((i) => ({
        name: `mlx5_${8 + i}`,
        path: `pci0000:f0/0000:f0:01.0/0000:f1:00.${i}`,
        node: 4,
      })),
    ],
    switchLinks: 12,
    ancestor: (a, b) => (a.node === b.node ? 20 : OTHER_NODE),
  };
  const machine = snapshotOf('dgx', serverSnapshot(dgx));

  it('shows NVLinks between GPUs, and how near each NIC is', async () => {
    const { out } = await runOn(machine, ['topo', '-m']);
    const rows = out.split('\n');
    const nvlinks = (self: number): readonly string[] => upTo(8).map((i) => (i === self ? ' X ' : 'NV12'));
    const toNics = (quadrant: number): readonly string[] =>
      upTo(10).map((i) => (i < 8 && i >> 1 === quadrant ? 'PXB' : 'SYS'));
    expect(rows[1]).toBe(['GPU0', ...nvlinks(0), ...toNics(0), '48-63,176-191', '3', '', 'N/A'].join('\t'));
    expect(rows[6]).toBe(['GPU5', ...nvlinks(5), ...toNics(2), '112-127,240-255', '7', '', 'N/A'].join('\t'));
  });

  it('shows the two ports of a card as near as can be', async () => {
    const { out } = await runOn(machine, ['topo', '-m']);
    const row = out.split('\n').find((text) => text.startsWith('NIC8'));
    const gpus = upTo(8).map(() => 'SYS');
    expect(row).toBe(['NIC8', ...gpus, ...gpus, ' X ', 'PIX', '', '', '', ''].join('\t'));
  });

  it('shows PCIe alone without NVLinks, and no legend for them', async () => {
    const { out } = await runOn(machine, ['topo', '-mp']);
    expect(out.split('\n')[1]?.split('\t').slice(1, 5)).toEqual([' X ', 'PXB', 'SYS', 'SYS']);
    expect(out).not.toContain('NV');
  });
});

describe('a machine that lost a GPU', () => {
  const server: Server = {
    gpus: upTo(3).map((i) => ({
      path: `pci0000:00/0000:00:0${i}.0`,
      node: 0,
      cpus: cpuWords([0, 7]),
    })),
    nics: [],
    switchLinks: 0,
    ancestor: () => 30,
  };
  const healthy = serverSnapshot(server);
  const machine = snapshotOf('lost', {
    ...healthy,
    calls: {
      ...healthy.calls,
      nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0', 1: { error: 'NVML_ERROR_GPU_IS_LOST' }, 2: 'gpu2' },
    },
  });

  it('still shows the others, and which is lost', async () => {
    const { out, status } = await runOn(machine, ['topo', '-mp']);
    expect(matrixOf(out).split('\n').slice(1)).toEqual([
      'GPU0\t X \tN/A\tPHB\t0-7\t0\t\tN/A',
      'GPU1\tN/A\t X \tN/A\tN/A\tN/A\t\tN/A',
      'GPU2\tPHB\tN/A\t X \t0-7\t0\t\tN/A',
      '',
    ]);
    expect(out).toMatch(
      /\nUnable to determine the device handle for GPU1: GPU is lost. {2}Reboot the system to recover this GPU\n$/,
    );
    expect(status).toBe(15);
  });
});

describe('GPUs joined by NVLink bridges, two and two', () => {
  const path = (i: number): string => `pci0000:${i}0/0000:${i}0:01.0/0000:${i}1:00.0`;
  const server: Server = {
    gpus: upTo(4).map((i) => ({ path: path(i), node: 0, cpus: cpuWords([0, 7]) })),
    nics: [],
    switchLinks: 0,
    ancestor: () => 40,
  };
  const plain = serverSnapshot(server);
  const links = upTo(4).flatMap((gpu) =>
    upTo(4).map((link): [string, number, number] => [`gpu${gpu},${link}`, gpu, link]),
  );
  const machine = snapshotOf('bridges', {
    ...plain,
    calls: {
      ...plain.calls,
      // One link of GPU 3 is down.
      nvmlDeviceGetNvLinkState: Object.fromEntries(
        links.map(([key, gpu, link]) => [key, gpu === 3 && link === 0 ? 0 : 1]),
      ),
      nvmlDeviceGetNvLinkRemotePciInfo_v2: Object.fromEntries(
        links.map(([key, gpu]) => [key, { busId: `00000000:${gpu ^ 1}1:00.0` }]),
      ),
      nvmlDeviceGetNvLinkRemoteDeviceType: Object.fromEntries(links.map(([key]) => [key, 0])),
    },
  });

  it('counts the links that lead from each GPU to the other', async () => {
    const { out } = await runOn(machine, ['topo', '-m']);
    const cells = matrixOf(out)
      .split('\n')
      .slice(1, 5)
      .map((row) => row.split('\t').slice(1, 5));
    expect(cells).toEqual([
      [' X ', 'NV4', 'NODE', 'NODE'],
      ['NV4', ' X ', 'NODE', 'NODE'],
      ['NODE', 'NODE', ' X ', 'NV4'],
      ['NODE', 'NODE', 'NV3', ' X '],
    ]);
  });
});
