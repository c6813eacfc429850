/** A fleet of a few hosts, as samples of a Prometheus, and the command that shows it. */
import { main } from '../../src/cli/cli.js';
import type { SeriesSample } from '../../src/fleet/prometheus.js';
import { FakeIo } from '../fake-io.js';
import { sample } from './made-prometheus.js';

/** The outcome of `nvsmi fleet ARGV`. */
export async function fleet(
  ...argv: readonly string[]
): Promise<{ status: number; out: string; err: string }> {
  const io = new FakeIo();
  const status = await main(['fleet', ...argv], io);
  return { status, out: io.output, err: io.errors };
}

export const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A host for each dialect, with GPUs that are busy, held, free and unhealthy. */
export const nvsmi: readonly SeriesSample[] = [0, 1].flatMap((n) => {
  const labels = { instance: 'node10:9835', gpu: String(n), uuid: `GPU-${uuid(n)}` };
  return [
    sample('nvsmi_gpu_info', { ...labels, name: 'NVIDIA H100', hostname: 'node10' }, 1),
    sample('nvsmi_utilization_gpu_ratio', labels, n === 0 ? 0.57 : 0),
    sample('nvsmi_memory_used_bytes', labels, n === 0 ? 70 * 2 ** 30 : 40 * 2 ** 30),
    sample('nvsmi_memory_total_bytes', labels, 80 * 2 ** 30),
    sample('nvsmi_temperature_gpu_celsius', labels, 63),
    sample('nvsmi_power_draw_watts', labels, 697.53),
    sample('nvsmi_process_info', { ...labels, pid: '1', user: n === 0 ? 'ada' : 'bob', job_id: '4711' }, 1),
  ];
});

export const nvidiaSmi: readonly SeriesSample[] = [
  sample('nvidia_smi_gpu_info', { instance: 'node9:9835', uuid: uuid(2), name: 'NVIDIA T4', index: '0' }, 1),
  sample('nvidia_smi_utilization_gpu_ratio', { instance: 'node9:9835', uuid: uuid(2) }, 0),
  sample('nvidia_smi_memory_used_bytes', { instance: 'node9:9835', uuid: uuid(2) }, 0),
  sample('nvidia_smi_memory_total_bytes', { instance: 'node9:9835', uuid: uuid(2) }, 16 * 2 ** 30),
];

const dcgmLabels = {
  instance: '10.0.0.1:9400',
  gpu: '3',
  UUID: `GPU-${uuid(3)}`,
  modelName: 'NVIDIA A100',
  hostname: 'node1',
};
const dcgm: readonly SeriesSample[] = [
  sample('DCGM_FI_DEV_GPU_UTIL', dcgmLabels, 5),
  sample('DCGM_FI_DEV_FB_USED', dcgmLabels, 1000),
  sample('DCGM_FI_DEV_POWER_USAGE', dcgmLabels, 100.5),
  sample('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', dcgmLabels, 2),
  // A GPU instance is no GPU.
  sample('DCGM_FI_DEV_FB_USED', { ...dcgmLabels, GPU_I_ID: '1' }, 7),
];

export const everything = [...nvsmi, ...nvidiaSmi, ...dcgm];
