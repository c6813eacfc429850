import { describe, expect, it } from 'vitest';
import { nodesOfCpus, parseList } from '../../src/system/cpus.js';
import { nics, nvmeDisks } from '../../src/system/devices.js';
import { recordedFiles } from '../../src/system/files.js';
import { type PciPlace, pciLevel, placeOfBusId } from '../../src/system/pci.js';
import { recordedPaths } from '../../src/system/recorded.js';

const place = (path: string, numaNode?: number): PciPlace => ({ path: path.split('/'), numaNode });

const SWITCH = 'pci0000:16/0000:16:02.0/0000:17:00.0';

describe('the way between two PCI devices', () => {
  it.each([
    [
      'two functions of one card',
      'pci0000:00/0000:00:01.0/0000:01:00.0',
      'pci0000:00/0000:00:01.0/0000:01:00.1',
      10,
    ],
    [
      'two ports of one switch',
      `${SWITCH}/0000:18:00.0/0000:19:00.0`,
      `${SWITCH}/0000:18:01.0/0000:1a:00.0`,
      10,
    ],
    [
      'a switch below a switch',
      `${SWITCH}/0000:18:00.0/0000:19:00.0`,
      `${SWITCH}/0000:18:01.0/0000:1a:00.0/0000:1b:00.0/0000:1c:00.0`,
      20,
    ],
    [
      'two slots of one host bridge',
      'pci0000:00/0000:00:01.0/0000:01:00.0',
      'pci0000:00/0000:00:02.0/0000:02:00.0',
      30,
    ],
    [
      'two devices of a virtual machine, without ports',
      'pci0000:00/0000:00:06.0',
      'pci0000:00/0000:00:07.0',
      30,
    ],
  ])('is found by the bridges that they share: %s', (_, a, b, level) => {
    expect(pciLevel(place(a), place(b))).toBe(level);
    expect(pciLevel(place(b), place(a))).toBe(level);
  });

  it('is read from their NUMA nodes where they share no bridge', () => {
    const left = 'pci0000:16/0000:16:02.0/0000:17:00.0';
    const right = 'pci0000:97/0000:97:02.0/0000:98:00.0';
    expect(pciLevel(place(left, 0), place(right, 0))).toBe(40);
    expect(pciLevel(place(left, 0), place(right, 1))).toBe(50);
  });

  it('follows the link of a bus id with eight digits of domain and capital letters', () => {
    const files = recordedFiles({
      '/sys/bus/pci/devices/0000:0a:00.0@': '/sys/devices/pci0000:00/0000:00:01.0/0000:0a:00.0',
      '/sys/bus/pci/devices/0000:0a:00.0/numa_node': '1\n',
    });
    expect(placeOfBusId(files, '00000000:0A:00.0')).toEqual({
      path: ['pci0000:00', '0000:00:01.0', '0000:0a:00.0'],
      numaNode: 1,
    });
  });
});

const device = (folder: string, name: string, more: Record<string, string> = {}): Record<string, string> => ({
  [`/sys/class/${folder}/${name}/device@`]: `/sys/devices/pci0000:00/0000:00:01.0/0000:${name.length}:00.0`,
  ...Object.fromEntries(
    Object.entries(more).map(([file, text]) => [`/sys/class/${folder}/${name}/device/${file}`, text]),
  ),
});

describe('network adapters', () => {
  it('come in the order of their numbers where the kernel does not show when it made them', () => {
    const files = recordedFiles({
      ...device('infiniband', 'mlx5_10'),
      ...device('infiniband', 'mlx5_2'),
      ...device('infiniband', 'mlx5_0'),
    });
    expect(nics(files).map(({ name }) => name)).toEqual(['mlx5_0', 'mlx5_2', 'mlx5_10']);
  });

  it('come in the order in which the kernel made them', () => {
    const files = recordedFiles({
      ...device('infiniband', 'mlx5_eth0'),
      ...device('infiniband', 'mlx5_ib0'),
      '/sys/class/infiniband_verbs/uverbs0/ibdev': 'mlx5_ib0\n',
      '/sys/class/infiniband_verbs/uverbs10/ibdev': 'mlx5_eth0\n',
    });
    expect(nics(files).map(({ name }) => name)).toEqual(['mlx5_ib0', 'mlx5_eth0']);
  });

  it('do not include the bridges to the NVSwitches', () => {
    const files = recordedFiles({
      ...device('infiniband', 'mlx5_0', { vpd: '\u0082%\u0000ConnectX V5:SMDL=SW_MNG' }),
      ...device('infiniband', 'mlx5_1', { vpd: 'ConnectX' }),
    });
    expect(nics(files).map(({ name }) => name)).toEqual(['mlx5_1']);
    const recorded = recordedPaths(files, {});
    expect(nics(recordedFiles(recorded)).map(({ name }) => name)).toEqual(['mlx5_1']);
    expect(JSON.stringify(recorded)).not.toContain('ConnectX');
  });

  it('do not include adapters without hardware', () => {
    const files = recordedFiles({ '/sys/class/infiniband/rxe0/node_guid': '0' });
    expect(nics(files)).toEqual([]);
  });
});

describe('disks', () => {
  it('come by number', () => {
    const files = recordedFiles({ ...device('nvme', 'nvme10'), ...device('nvme', 'nvme9') });
    expect(nvmeDisks(files).map(({ name }) => name)).toEqual(['nvme9', 'nvme10']);
  });
});

describe('CPU lists', () => {
  it('are numbers and ranges', () => {
    expect(parseList('0-2,8,10-11\n')).toEqual([0, 1, 2, 8, 10, 11]);
    expect(parseList('\n')).toEqual([]);
  });

  it('give the NUMA nodes of some CPUs', () => {
    const files = recordedFiles({
      '/sys/devices/system/node/node0/cpulist': '0-3,8-11\n',
      '/sys/devices/system/node/node1/cpulist': '4-7,12-15\n',
      '/sys/devices/system/node/node2/cpulist': '\n',
    });
    expect(nodesOfCpus(files, [9])).toEqual([0]);
    expect(nodesOfCpus(files, [0, 15])).toEqual([0, 1]);
  });
});
