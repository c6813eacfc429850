/** Table: what OpenTelemetry's semantic conventions call the fields that they have a name for (hw.*), and with which unit. */
import type { Verdict } from '../base/verdict.js';

export interface HwMetric {
  readonly name: string;
  readonly unit: string;
  /** What the convention has a sum for that goes up and down, where ours is a gauge. */
  readonly isSum?: true;
  /** Attributes that the convention has beside those of the GPU. */
  readonly attributes?: Readonly<Record<string, string>>;
}

export const HW_METRICS: Readonly<Record<string, HwMetric>> = {
  energy: { name: 'hw.energy', unit: 'J' },
  'power.draw': { name: 'hw.power', unit: 'W' },
  'temperature.gpu': { name: 'hw.temperature', unit: 'Cel', attributes: { 'hw.sensor_location': 'gpu' } },
  'temperature.memory': {
    name: 'hw.temperature',
    unit: 'Cel',
    attributes: { 'hw.sensor_location': 'memory' },
  },
  'fan.speed': { name: 'hw.fan.speed_ratio', unit: '1' },
  'memory.total': { name: 'hw.gpu.memory.limit', unit: 'By', isSum: true },
  'memory.used': { name: 'hw.gpu.memory.usage', unit: 'By', isSum: true },
  'utilization.gpu': { name: 'hw.gpu.utilization', unit: '1', attributes: { 'hw.gpu.task': 'general' } },
  'utilization.encoder': { name: 'hw.gpu.utilization', unit: '1', attributes: { 'hw.gpu.task': 'encoder' } },
  'utilization.decoder': { name: 'hw.gpu.utilization', unit: '1', attributes: { 'hw.gpu.task': 'decoder' } },
  'ecc.errors.corrected.volatile.total': {
    name: 'hw.errors',
    unit: '{error}',
    attributes: { 'error.type': 'corrected' },
  },
  'ecc.errors.uncorrected.volatile.total': {
    name: 'hw.errors',
    unit: '{error}',
    attributes: { 'error.type': 'uncorrected' },
  },
  'pcie.tx_bytes': { name: 'hw.gpu.io', unit: 'By', attributes: { 'network.io.direction': 'transmit' } },
  'pcie.rx_bytes': { name: 'hw.gpu.io', unit: 'By', attributes: { 'network.io.direction': 'receive' } },
  'gpm.pcie_tx': { name: 'nvsmi_gpm_pcie_tx_bytes_per_second', unit: 'By/s' },
  'gpm.pcie_rx': { name: 'nvsmi_gpm_pcie_rx_bytes_per_second', unit: 'By/s' },
};

/** Units as OpenTelemetry writes them, by our base units. */
export const UCUM: Readonly<Record<string, string>> = {
  '': '1',
  bytes: 'By',
  bytes_per_second: 'By/s',
  celsius: 'Cel',
  hertz: 'Hz',
  joules: 'J',
  ratio: '1',
  seconds: 's',
  watts: 'W',
};

/** The state of a component: 1 for the one that it is in, 0 for the others. */
export const HW_STATUS: HwMetric = { name: 'hw.status', unit: '1', isSum: true };

/** States by the worst verdict of the health checks. Of one that is not known nothing is said. */
export const HW_STATES: Readonly<Partial<Record<Verdict, string>>> = {
  ok: 'ok',
  warn: 'degraded',
  fail: 'failed',
};
