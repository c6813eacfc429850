/** Table: alerts, each with series for which it fires and others for which it does not. Longer than logic may be. */
import { healthAlerts, unknownAlert } from './health-alerts.js';
import { COLLECTION_AGE, EXPORTER_UP, metric } from './names.js';

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long it holds before it fires. */
  readonly for: string;
  readonly severity: 'critical' | 'warning' | 'info';
  /** What happened; `GPU` and `HOST` are replaced. */
  readonly summary: string;
  /** What to do. */
  readonly runbook: string;
  /** Metrics of a GPU, a minute a value, as promtool writes series; each with labels of its own. */
  readonly firing: Readonly<Record<string, string>>;
  readonly quiet: Readonly<Record<string, string>>;
  /** Labels of the alert beyond those of the GPU. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Health checks of which this says enough: `row-remap fail`. */
  readonly covers?: readonly string[];
  /** It is about a host and no GPU. */
  readonly isHost?: true;
  /** Minutes after which it is looked at; 30 if not given. */
  readonly after?: number;
}

/** Xids after which a GPU has to be reset or replaced, or its machine rebooted. */
const FATAL_XIDS = '46|48|62|64|74|79|92|95|119|120|136|140|143';

const one = (name: string, values: string): Readonly<Record<string, string>> => ({ [name]: values });

/** A metric that is 1 while something is wrong. */
const flag = (
  name: string,
  field: string,
  severity: Alert['severity'],
  lasting: string,
  summary: string,
  runbook: string,
  covers: readonly string[] = [],
): Alert => ({
  name,
  covers,
  expr: `${metric(field)} == 1`,
  for: lasting,
  severity,
  summary,
  runbook,
  firing: one(metric(field), '1x60'),
  quiet: one(metric(field), '0x60'),
});

const xidTime = metric('xid.last_timestamp');
const uncorrected = metric('ecc.errors.uncorrected.volatile.total');
const recovery = metric('gpu_recovery_action');
const reachable = metric('gpu.reachable');
const margin = metric('temperature.gpu.tlimit');
const width = metric('pcie.link.width.current');
const widest = metric('pcie.link.width.max');
const replays = metric('pcie.replay_counter');
const spare = metric('remapped_rows.histogram.none');
const link = metric('nvlink.active');
const used = metric('memory.used');
const total = metric('memory.total');
const utilization = metric('utilization.gpu');

const ofMetrics: readonly Alert[] = [
  {
    name: 'NvsmiNoAnswer',
    expr: `${EXPORTER_UP} == 0`,
    for: '2m',
    severity: 'critical',
    summary: 'NVML on HOST does not answer',
    runbook: 'Look for Xids in the kernel log. A process in state D that no signal ends needs a reboot.',
    firing: one(EXPORTER_UP, '0x60'),
    quiet: one(EXPORTER_UP, '1x60'),
    isHost: true,
  },
  {
    name: 'NvsmiStaleValues',
    expr: `${COLLECTION_AGE} > 300`,
    for: '1m',
    severity: 'warning',
    summary: 'The metrics of HOST are more than 5 minutes old',
    runbook:
      'The exporter serves what it read last. Its log, and nvsmi on the host, say why it reads nothing.',
    firing: one(COLLECTION_AGE, '400x60'),
    quiet: one(COLLECTION_AGE, '6x60'),
    isHost: true,
  },
  {
    name: 'GpuLost',
    covers: ['gpu-reachable fail'],
    expr: `${reachable} == 0`,
    for: '1m',
    severity: 'critical',
    summary: 'GPU of HOST is lost',
    runbook:
      'Drain the node and reboot it. A GPU that is lost again has its slot, its power and itself checked.',
    firing: one(reachable, '0x60'),
    quiet: one(reachable, '1x60'),
  },
  {
    name: 'GpuRecoveryAction',
    covers: ['recovery-action fail', 'recovery-action warn'],
    expr: `${recovery} > 0`,
    for: '1m',
    severity: 'critical',
    summary: 'GPU of HOST has to be recovered',
    runbook:
      'nvsmi --query-gpu=gpu_recovery_action names the action: reset the GPU, reboot, or drain it first.',
    firing: one(recovery, '1x60'),
    quiet: one(recovery, '0x60'),
  },
  {
    name: 'GpuFatalXid',
    covers: ['xid fail'],
    expr: `time() - ${xidTime}{xid=~"${FATAL_XIDS}"} < 600`,
    for: '0m',
    severity: 'critical',
    summary: 'GPU of HOST had an Xid that ends its work',
    runbook: 'Drain the GPU and reset it. After a second time have the board tested.',
    firing: { [`${xidTime}{xid="79"}`]: '1500x60' },
    quiet: { [`${xidTime}{xid="79"}`]: '0x60', [`${xidTime}{xid="13"}`]: '1500x60' },
    labels: { xid: '79' },
  },
  {
    name: 'GpuUncorrectedEccErrors',
    covers: ['ecc-uncorrected fail'],
    expr: `increase(${uncorrected}[1h]) > 0`,
    for: '0m',
    severity: 'warning',
    summary: 'GPU of HOST had uncorrected ECC errors in the last hour',
    runbook:
      'The process that met them is dead or wrong. Reset the GPU when it is free: rows are remapped then.',
    firing: one(uncorrected, '0x10 2x50'),
    quiet: one(uncorrected, '2x60'),
  },
  flag(
    'GpuSramThreshold',
    'ecc.errors.uncorrected.aggregate.sram.thresholdExceeded',
    'critical',
    '1m',
    'GPU of HOST has more SRAM errors than it may have',
    'Drain the GPU and have it replaced.',
  ),
  flag(
    'GpuRowRemappingFailed',
    'remapped_rows.failure',
    'critical',
    '1m',
    'GPU of HOST could not remap a row of its memory',
    'Drain the GPU and have it replaced.',
    ['row-remap fail'],
  ),
  flag(
    'GpuRowRemappingPending',
    'remapped_rows.pending',
    'warning',
    '15m',
    'GPU of HOST remaps a row of its memory at the next reset',
    'Reset the GPU when it is free.',
    ['row-remap warn'],
  ),
  {
    name: 'GpuNoSpareRows',
    expr: `${spare} > 0`,
    for: '15m',
    severity: 'warning',
    summary: 'GPU of HOST has banks of memory without a spare row',
    runbook: 'Plan to replace the GPU: the next error in these banks cannot be repaired.',
    firing: one(spare, '2x60'),
    quiet: one(spare, '0x60'),
  },
  flag(
    'GpuPageRetirementPending',
    'retired_pages.pending',
    'warning',
    '15m',
    'GPU of HOST retires memory pages at the next reboot',
    'Reboot the machine when it is free.',
    ['retired-pages warn'],
  ),
  flag(
    'GpuHardwareThermalSlowdown',
    'clocks_event_reasons.hw_thermal_slowdown',
    'critical',
    '5m',
    'GPU of HOST is too hot, and its hardware slows it down',
    'Check fans, air and the cooling of the rack.',
    ['thermal-slowdown fail', 'thermal-slowdown warn'],
  ),
  flag(
    'GpuSoftwareThermalSlowdown',
    'clocks_event_reasons.sw_thermal_slowdown',
    'warning',
    '15m',
    'GPU of HOST is so hot that the driver slows it down',
    'Check fans, air and the cooling of the rack.',
    ['thermal-limit fail', 'thermal-limit warn'],
  ),
  flag(
    'GpuPowerBrake',
    'clocks_event_reasons.hw_power_brake_slowdown',
    'warning',
    '5m',
    'GPU of HOST is slowed down by a power brake signal',
    'The power supply, or the rack, asks for less: check them.',
    ['power-brake fail', 'power-brake warn'],
  ),
  {
    name: 'GpuThermalMarginLow',
    covers: ['temperature warn'],
    expr: `${margin} < 3`,
    for: '10m',
    severity: 'warning',
    summary: 'GPU of HOST is less than 3 degrees below its slowdown',
    runbook: 'Check fans, air and the cooling of the rack.',
    firing: one(margin, '1x60'),
    quiet: one(margin, '30x60'),
  },
  {
    name: 'GpuPcieLinkNarrow',
    covers: ['pcie-width warn'],
    expr: `${width} < ${widest}`,
    for: '15m',
    severity: 'warning',
    summary: 'GPU of HOST uses fewer PCIe lanes than it has',
    runbook: 'Reseat the board, and compare its slot with that of a neighbour.',
    firing: { [width]: '8x60', [widest]: '16x60' },
    quiet: { [width]: '16x60', [widest]: '16x60' },
  },
  {
    name: 'GpuPcieReplays',
    covers: ['pcie-replays warn'],
    expr: `increase(${replays}[10m]) > 100`,
    for: '10m',
    severity: 'warning',
    summary: 'GPU of HOST sends many PCIe packets again',
    runbook: 'A bad contact, riser or retimer: reseat the board, then exchange what is between.',
    firing: one(replays, '0+50x60'),
    quiet: one(replays, '0+1x60'),
  },
  {
    name: 'GpuNvlinkDown',
    expr: `${link} == 0 and ${link} offset 1h == 1`,
    for: '5m',
    severity: 'warning',
    summary: 'An NVLink of GPU of HOST went down',
    runbook: 'nvsmi nvlink -s and -e on the host show the links and their errors.',
    firing: { [`${link}{link="3"}`]: '1x60 0x60' },
    quiet: { [`${link}{link="3"}`]: '0x120' },
    labels: { link: '3' },
    after: 90,
  },
  {
    name: 'GpuHeldIdle',
    expr: `${used} / ${total} > 0.1 and max_over_time(${utilization}[1h]) == 0`,
    for: '1h',
    severity: 'info',
    summary: 'GPU of HOST is held and computes nothing for more than an hour',
    runbook: 'nvsmi fleet --filter state=held names users and jobs.',
    firing: { [used]: '40x240', [total]: '80x240', [utilization]: '0x240' },
    quiet: { [used]: '40x240', [total]: '80x240', [utilization]: '0x50 1x2 0x200' },
    after: 100,
  },
];

export const alerts: readonly Alert[] = [
  ...ofMetrics,
  unknownAlert,
  ...healthAlerts(new Set(ofMetrics.flatMap(({ covers = [] }) => covers))),
];
