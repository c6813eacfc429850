/** Tables: what can be asked about each NVLink of a GPU. */

import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetNvLinkCapability,
  nvmlDeviceGetNvLinkErrorCounter,
  nvmlDeviceGetNvLinkInfo,
  nvmlSystemGetNvlinkBwMode,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, want } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { derive } from '../derive.js';
import { COUNTER, type Field, from } from '../field.js';
import { gpuField } from '../gpu-fields.js';
import { count, type Kind, microseconds, number, text, words } from '../kind.js';
import { field, fixed, type Probe, sample } from '../probe.js';
import type { AnswerView, Reading, Value } from '../reading.js';
import type { Records, Relation } from '../relation.js';
import { gigabytesPerSecond, linkActive, linkField, linkNumber, yes } from './link.js';
import { linkRemote, linksOf } from './nvlink-links.js';

const capability = (link: number, which: number): Probe =>
  fixed(nvmlDeviceGetNvLinkCapability, { link, capability: which });

const eccErrors = (link: number): Probe =>
  sample(nvmlDeviceGetNvLinkErrorCounter, { link, counter: nvml.NVML_NVLINK_ERROR_DL_ECC_DATA });

const byField = (
  id: number,
  name: string,
  label: string,
  kind: Kind,
  help = `${label} of the link.`,
): Field => linkField(name, label, kind, (link) => want(field(id, link)), help);

const kibibytes = number('KiB', { unit: 'bytes', times: 1024 });

/** A bit error rate: four bits of mantissa, eight of a negative exponent; 15e-255 is none at all. */
const errorRate: Kind = {
  spell: rateText,
  json: (value) => Number(rateText(value)),
};

function rateText(value: Value): string {
  const packed = Number(value);
  const mantissa = (packed >>> nvml.NVML_NVLINK_BER_MANTISSA_SHIFT) & nvml.NVML_NVLINK_BER_MANTISSA_WIDTH;
  const exponent = (packed >>> nvml.NVML_NVLINK_BER_EXP_SHIFT) & nvml.NVML_NVLINK_BER_EXP_WIDTH;
  return `${mantissa}e-${exponent}`;
}

/** What `-s` shows. */
export const status: readonly Field[] = [
  byField(
    nvml.NVML_FI_DEV_NVLINK_GET_SPEED,
    'speed',
    '',
    gigabytesPerSecond,
    'Bandwidth of the link in each direction.',
  ),
];

/** FFFFFFFF:FF:FF.0 is all ones: the remote end is a switch that the machine does not see (two H200, 580.159.04). */
const remoteEnd: Kind = { ...text, plausible: (value) => !/^F+:FF:FF/i.test(String(value)) };

export const remoteBusId = linkField(
  'remote.pci.bus_id',
  'Remote Device',
  remoteEnd,
  (link) => want(linkRemote(link), 'busId'),
  'PCI bus id of the remote end.',
);

/** What a link is, or can do, is no metric. */
const unmeasured = (field: Field): Field => ({ ...field, metric: null });

export const remoteLink = unmeasured(
  byField(
    nvml.NVML_FI_DEV_NVLINK_REMOTE_NVLINK_ID,
    'remote.link',
    'Link',
    count,
    'Number of the link at the remote end.',
  ),
);

const CAPABILITIES: readonly (readonly [number, key: string, label: string])[] = [
  [nvml.NVML_NVLINK_CAP_P2P_SUPPORTED, 'p2p', 'P2P is supported'],
  [nvml.NVML_NVLINK_CAP_SYSMEM_ACCESS, 'system_memory_access', 'Access to system memory supported'],
  [nvml.NVML_NVLINK_CAP_P2P_ATOMICS, 'p2p_atomics', 'P2P atomics supported'],
  [nvml.NVML_NVLINK_CAP_SYSMEM_ATOMICS, 'system_memory_atomics', 'System memory atomics supported'],
  [nvml.NVML_NVLINK_CAP_SLI_BRIDGE, 'sli', 'SLI is supported'],
  [nvml.NVML_NVLINK_CAP_VALID, 'link', 'Link is supported'],
];

export const capabilities: readonly Field[] = CAPABILITIES.map(([which, key, label]) =>
  unmeasured(
    linkField(`capability.${key}`, label, yes, (link) => want(capability(link, which)), `${label}.`),
  ),
);

const counters = (
  kind: Kind,
  rows: readonly (readonly [id: number, name: string, label: string, kind?: Kind])[],
): readonly Field[] =>
  rows.map(([id, name, label, own]) => ({ ...byField(id, name, label, own ?? kind), metric: COUNTER }));

/** Up to NVLink 4. */
export const linkErrors: readonly Field[] = counters(count, [
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY, 'errors.replay', 'Replay Errors'],
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY, 'errors.recovery', 'Recovery Errors'],
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_CRC, 'errors.crc', 'CRC Errors'],
]);

/** Errors that ECC corrected, of all lanes of a link together. */
export const corrected: Field = {
  ...linkField(
    'errors.ecc_corrected',
    'All Lanes ECC Correction Count',
    count,
    (link) => want(eccErrors(link)),
    'Errors that ECC corrected, of all lanes together.',
  ),
  metric: COUNTER,
};

/** From NVLink 5 on; the names are those that public B200 and B300 outputs show. */
export const portCounters: readonly Field[] = counters(count, [
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_PACKETS, 'packets.tx', 'Tx packets'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_BYTES, 'bytes.tx', 'Tx bytes'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_PACKETS, 'packets.rx', 'Rx packets'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_BYTES, 'bytes.rx', 'Rx bytes'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_MALFORMED_PACKET_ERRORS,
    'errors.malformed_packet',
    'Malformed packet Errors',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_BUFFER_OVERRUN_ERRORS, 'errors.buffer_overrun', 'Buffer overrun Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_ERRORS, 'errors.rx', 'Rx Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_REMOTE_ERRORS, 'errors.rx_remote', 'Rx remote Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_GENERAL_ERRORS, 'errors.rx_general', 'Rx General Errors'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LOCAL_LINK_INTEGRITY_ERRORS,
    'errors.local_link_integrity',
    'Local link integrity Errors',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_DISCARDS, 'tx_discards', 'Tx discards'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_SUCCESSFUL_EVENTS,
    'recoveries.successful',
    'Link recovery successful events',
  ],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS,
    'recoveries.failed',
    'Link recovery failed events',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS, 'recoveries.total', 'Total link recovery events'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS, 'errors.effective', 'Effective Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_BER, 'ber.effective', 'Effective BER', errorRate],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_SYMBOL_ERRORS, 'errors.symbol', 'Symbol Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_SYMBOL_BER, 'ber.symbol', 'Symbol BER', errorRate],
  ...Array.from({ length: 16 }, (_, bin): readonly [number, string, string] => [
    nvml.NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_0 + bin,
    `errors.fec_${bin}`,
    `FEC Errors - ${bin}`,
  ]),
]);

/** By the letters of -gt. */
export const throughput: ReadonlyMap<string, readonly Field[]> = new Map([
  [
    'd',
    counters(kibibytes, [
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, 'throughput.data.tx', 'Data Tx'],
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, 'throughput.data.rx', 'Data Rx'],
    ]),
  ],
  [
    'r',
    counters(kibibytes, [
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX, 'throughput.raw.tx', 'Raw Tx'],
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX, 'throughput.raw.rx', 'Raw Rx'],
    ]),
  ],
]);

/** What the threshold counts in, by NVML_NVLINK_LOW_POWER_THRESHOLD_UNIT_*. */
const UNIT_MICROSECONDS: readonly number[] = [100, 50];

/** How a GPU puts its links to sleep. */
const thresholdUnit = field(nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_UNITS);

/** A GPU that does not say its unit has the first. */
const unitOf = (unit: Reading): number =>
  (unit instanceof Missing ? undefined : UNIT_MICROSECONDS[Number(unit)]) ?? 100;

export const lowPowerUnit: Field = {
  names: ['nvlink.low_power_threshold.unit'],
  help: 'Unit of the low power threshold of the NVLinks.',
  kind: microseconds,
  source: { derived: [{ source: from(thresholdUnit, 'value') }], of: (unit) => unitOf(unit) },
};

const inUnits = (id: number, name: string, help: string): Field => ({
  names: [`nvlink.low_power_threshold.${name}`],
  help,
  kind: count,
  source: from(field(id), 'value'),
});

export const lowPowerMinimum = inUnits(
  nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MIN,
  'min',
  'Minimum of the low power threshold, in its unit.',
);
export const lowPowerMaximum = inUnits(
  nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MAX,
  'max',
  'Maximum of the low power threshold, in its unit.',
);

const rawThreshold = byField(nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD, '', '', count);

export const lowPower: readonly Field[] = [
  unmeasured(
    byField(
      nvml.NVML_FI_DEV_NVLINK_GET_POWER_STATE,
      'power_state',
      'Low Power Mode',
      words({
        [nvml.NVML_NVLINK_POWER_STATE_HIGH_SPEED]: 'High Speed State',
        [nvml.NVML_NVLINK_POWER_STATE_LOW]: 'Low Power State',
      }),
      'Power state of the link.',
    ),
  ),
  {
    names: ['low_power_threshold'],
    label: 'Low Power Threshold',
    help: 'Idle time after which the link enters its low power state.',
    kind: microseconds,
    metric: null,
    source: {
      derived: [rawThreshold, lowPowerUnit],
      of: (threshold, unit) => derive([threshold, unit], (value, each) => value * each),
    },
  },
];

const encryption: Kind = {
  spell: (value) => (Number(value) === 0 ? 'disabled' : 'enabled'),
  json: (value) => Number(value) !== 0,
};

const linkInfo = fixed(nvmlDeviceGetNvLinkInfo);

export const nvlinkEncryption: Field = {
  names: ['nvlink.encryption'],
  help: 'Whether the NVLinks of the GPU are encrypted.',
  kind: encryption,
  source: from(linkInfo, 'isNvleEnabled'),
};

export const nvlinkFirmware: Field = {
  names: ['nvlink.firmware'],
  help: 'Firmware versions of the NVLinks of the GPU.',
  kind: text,
  source: from(linkInfo, (info) => {
    const entries = info.elements('firmwareInfo.numValidEntries', 'firmwareInfo.firmwareVersion');
    return entries instanceof Missing ? entries : versionsOf(entries);
  }),
};

function versionsOf(entries: readonly AnswerView[]): Reading {
  const versions = entries.map((entry) =>
    ['major', 'minor', 'subMinor'].map((part) => entry.raw(part)).join('.'),
  );
  return versions.length === 0 ? Missing.of(nvml.NVML_ERROR_NOT_SUPPORTED) : versions.join(', ');
}

/** How much of the NVLinks' bandwidth all GPUs of the machine use. */
export const bandwidthMode: Field = {
  names: ['mode'],
  help: 'NVLink bandwidth mode of the GPUs.',
  // NVML_GPU_NVLINK_BW_MODE_*; only FULL has been seen (H100, H200, 580.159.04).
  kind: words({ 0: 'FULL', 1: 'OFF', 2: 'MIN', 3: 'HALF', 4: '3QUARTER' }),
  source: from(sample(nvmlSystemGetNvlinkBwMode), 'value'),
};

export const nvlinkBandwidth: Relation = {
  name: 'nvlink_bandwidth',
  record: 'the NVLinks of the machine',
  of: 'system',
  fields: [bandwidthMode],
};

function* find(gpu: Subject): Asking<Records> {
  // Links cannot be asked about in MIG mode (H100, 580.159.04).
  if ((yield* gpuField('mig.mode.current', gpu)) === 1) return [];
  const links = yield* linksOf(gpu);
  return links instanceof Missing
    ? links
    : links.map(({ index, active }) => ({ values: { link: index, active } }));
}

export const nvlinks: Relation = {
  name: 'nvlinks',
  record: 'an NVLink of a GPU',
  fields: [
    linkNumber,
    linkActive,
    ...status,
    ...capabilities,
    remoteBusId,
    remoteLink,
    ...linkErrors,
    corrected,
    ...portCounters,
    ...[...throughput.values()].flat(),
    ...lowPower,
  ],
  find,
};
