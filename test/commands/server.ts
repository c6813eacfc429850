/** Multi-GPU servers built from public facts: which GPU and NIC sits below which bridge, on which NUMA node. */
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

export interface ServerGpu {
  /** Folder below /sys/devices; the last step is the bus address. */
  readonly path: string;
  readonly node: number;
  /** CPUs near it, as 64-bit words in decimal. */
  readonly cpus: readonly (number | string)[];
}

export interface ServerNic {
  readonly name: string;
  readonly path: string;
  readonly node: number;
}

export interface Server {
  readonly gpus: readonly ServerGpu[];
  readonly nics: readonly ServerNic[];
  /** NVLinks of each GPU to the NVSwitches. */
  readonly switchLinks: number;
  /** NVML_TOPOLOGY_* of two GPUs. */
  readonly ancestor: (a: ServerGpu, b: ServerGpu) => number;
}

const addressOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The numbers of the bits of a CPU range, as NVML's words. */
export function cpuWords(...ranges: readonly (readonly [first: number, last: number])[]): string[] {
  const bits = ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
  const words = Math.floor(Math.max(-1, ...bits) / 64) + 1;
  return Array.from({ length: words }, (_, word) =>
    bits
      .filter((bit) => Math.floor(bit / 64) === word)
      .reduce((sum, bit) => sum | (1n << BigInt(bit % 64)), 0n)
      .toString(),
  );
}

export function serverSnapshot(server: Server): Pick<Snapshot, 'calls' | 'files'> {
  const { gpus, nics } = server;
  const each = (answer: (gpu: ServerGpu, index: number) => Json): Record<string, Json> =>
    Object.fromEntries(gpus.map((gpu, i) => [`gpu${i}`, answer(gpu, i)]));
  const files: Record<string, string> = {};
  for (const { path, node } of gpus) {
    files[`/sys/bus/pci/devices/${addressOf(path)}@`] = `/sys/devices/${path}`;
    files[`/sys/bus/pci/devices/${addressOf(path)}/numa_node`] = `${node}\n`;
  }
  for (const { name, path, node } of nics) {
    files[`/sys/class/infiniband/${name}/device@`] = `/sys/devices/${path}`;
    files[`/sys/class/infiniband/${name}/device/numa_node`] = `${node}\n`;
  }
  return {
    files,
    calls: {
      nvmlInit_v2: { '': [] },
      nvmlDeviceGetCount_v2: { '': gpus.length },
      nvmlDeviceGetHandleByIndex_v2: Object.fromEntries(gpus.map((_, i) => [String(i), `gpu${i}`])),
      nvmlDeviceGetPciInfo_v3: each(({ path }) => ({ busId: `0000${addressOf(path).toUpperCase()}` })),
      nvmlDeviceGetCpuAffinity: each(({ cpus }) => [...cpus]),
      nvmlDeviceGetMemoryAffinity: Object.fromEntries(gpus.map(({ node }, i) => [`gpu${i},0`, [2 ** node]])),
      nvmlDeviceGetNumaNodeId: each(() => ({ error: 'NVML_ERROR_NOT_SUPPORTED' })),
      nvmlDeviceGetTopologyCommonAncestor: Object.fromEntries(
        gpus.flatMap((a, i) =>
          gpus.map((b, j): [string, number] => [`gpu${i},gpu${j}`, server.ancestor(a, b)]),
        ),
      ),
      nvmlDeviceGetFieldValues: Object.fromEntries(
        gpus.map((_, i) => [`gpu${i},147`, { type: 1, value: server.switchLinks }]),
      ),
    },
  };
}
