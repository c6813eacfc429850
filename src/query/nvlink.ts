/** Tables, so longer than logic may be. The NVLinks of a GPU: which there are, and what can be asked about each. */

import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetNvLinkCapability,
  nvmlDeviceGetNvLinkErrorCounter,
  nvmlDeviceGetNvLinkInfo,
  nvmlDeviceGetNvLinkRemoteDeviceType,
  nvmlDeviceGetNvLinkRemotePciInfo_v2,
  nvmlDeviceGetNvLinkState,
  nvmlSystemGetNvlinkBwMode,
} from '../nvml/generated/entries.js';
import type { Session } from '../nvml/session.js';
import { Missing, type Status } from '../nvml/status.js';
import { type Wanted, want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { count, type Kind, number, text, words } from './kind.js';
import { field, fixed, type Probe, sample } from './probe.js';
import { askProbe, readValues } from './read.js';
import type { Reading, Value } from './reading.js';

export const linkState = (link: number): Probe => sample(nvmlDeviceGetNvLinkState, { link });

export const linkRemote = (link: number): Probe => sample(nvmlDeviceGetNvLinkRemotePciInfo_v2, { link });

/** NVML_NVLINK_DEVICE_TYPE_*. */
export const linkRemoteType = (link: number): Probe => sample(nvmlDeviceGetNvLinkRemoteDeviceType, { link });

const capability = (link: number, which: number): Probe =>
  fixed(nvmlDeviceGetNvLinkCapability, { link, capability: which });

const eccErrors = (link: number): Probe =>
  sample(nvmlDeviceGetNvLinkErrorCounter, { link, counter: nvml.NVML_NVLINK_ERROR_DL_ECC_DATA });

export interface Link {
  readonly index: number;
  /** 0 where it is inactive. */
  readonly active: Reading;
}

/** Whether a link can be asked about: one that is not known to be inactive. */
export const isAskable = ({ active }: { readonly active: Reading }): boolean => active !== 0;

/** How NVML says that a GPU has no such link, or no NVLink. */
const NO_LINK: readonly Status[] = [
  nvml.NVML_ERROR_NOT_SUPPORTED,
  nvml.NVML_ERROR_INVALID_ARGUMENT,
  nvml.NVML_ERROR_NOT_FOUND,
  nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
];

/**
 * The links that a GPU has; none where it has no NVLink. A link whose state cannot be read is one of them where NVML counts
 * so many; where it does not, it is not known which links there are.
 */
export function linksOf(session: Session, gpu: Subject): readonly Link[] | Missing {
  const counted = readValues(session, gpu, [want(field(nvml.NVML_FI_DEV_NVLINK_LINK_COUNT, 0, 'static'))])[0];
  const isCounted = !(counted instanceof Missing);
  const limit = Math.min(isCounted ? Number(counted) : MOST_LINKS, MOST_LINKS);
  const links: Link[] = [];
  for (let index = 0; index < limit; index++) {
    const asked = askProbe(session, linkState(index), gpu);
    const active = asked.read('isActive');
    if (active instanceof Missing) {
      if (NO_LINK.includes(active.status)) break;
      if (!isCounted) return asked.refusal();
    }
    links.push({ index, active });
  }
  return links;
}

const MOST_LINKS = nvml.NVML_NVLINK_MAX_LINKS;

/** Something that can be asked about a link. */
export interface LinkField {
  /** Its name in JSON. */
  readonly key: string;
  /** nvidia-smi's words for it, where it prints any. */
  readonly label: string;
  readonly kind: Kind;
  readonly of: (link: number) => Wanted;
}

const byField =
  (id: number) =>
  (link: number): Wanted =>
    want(field(id, link));

/** Megabytes a second, printed as GB/s without trailing zeros: 26.562 (H200, 580.159.04), 25 (A100). */
export const gigabytesPerSecond: Kind = {
  unit: 'GB/s',
  spell: (value) => String(Number(value) / 1000),
  json: (value) => Number(value) / 1000,
  metric: { unit: 'bytes_per_second', times: 1e6 },
};

export const yes: Kind = {
  spell: (value) => String(Number(value) !== 0),
  json: (value) => Number(value) !== 0,
  metric: { unit: '', flag: true },
};
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

export const speed: LinkField = {
  key: 'speed_gb_per_s',
  label: '',
  kind: gigabytesPerSecond,
  of: byField(nvml.NVML_FI_DEV_NVLINK_GET_SPEED),
};

export const remoteBusId: LinkField = {
  key: 'remote_bus_id',
  label: 'Remote Device',
  kind: text,
  of: (link) => want(linkRemote(link), 'busId'),
};

export const remoteLink: LinkField = {
  key: 'remote_link',
  label: 'Link',
  kind: count,
  of: byField(nvml.NVML_FI_DEV_NVLINK_REMOTE_NVLINK_ID),
};

const CAPABILITIES: readonly (readonly [number, key: string, label: string])[] = [
  [nvml.NVML_NVLINK_CAP_P2P_SUPPORTED, 'p2p', 'P2P is supported'],
  [nvml.NVML_NVLINK_CAP_SYSMEM_ACCESS, 'system_memory_access', 'Access to system memory supported'],
  [nvml.NVML_NVLINK_CAP_P2P_ATOMICS, 'p2p_atomics', 'P2P atomics supported'],
  [nvml.NVML_NVLINK_CAP_SYSMEM_ATOMICS, 'system_memory_atomics', 'System memory atomics supported'],
  [nvml.NVML_NVLINK_CAP_SLI_BRIDGE, 'sli', 'SLI is supported'],
  [nvml.NVML_NVLINK_CAP_VALID, 'link', 'Link is supported'],
];

export const capabilities: readonly LinkField[] = CAPABILITIES.map(([which, key, label]) => ({
  key: `${key}_supported`,
  label,
  kind: yes,
  of: (link) => want(capability(link, which)),
}));

const fields = (
  kind: Kind,
  rows: readonly (readonly [id: number, key: string, label: string, kind?: Kind])[],
): readonly LinkField[] =>
  rows.map(([id, key, label, own]) => ({ key, label, kind: own ?? kind, of: byField(id) }));

/** Up to NVLink 4. */
export const linkErrors: readonly LinkField[] = fields(count, [
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_REPLAY, 'replay_errors', 'Replay Errors'],
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_RECOVERY, 'recovery_errors', 'Recovery Errors'],
  [nvml.NVML_FI_DEV_NVLINK_ERROR_DL_CRC, 'crc_errors', 'CRC Errors'],
]);

/** Errors that ECC corrected, of all lanes of a link together. */
export const corrected: LinkField = {
  key: 'ecc_corrected_errors',
  label: 'All Lanes ECC Correction Count',
  kind: count,
  of: (link) => want(eccErrors(link)),
};

/** From NVLink 5 on; the names are those that public B200 and B300 outputs show. */
export const portCounters: readonly LinkField[] = fields(count, [
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_PACKETS, 'tx_packets', 'Tx packets'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_BYTES, 'tx_bytes', 'Tx bytes'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_PACKETS, 'rx_packets', 'Rx packets'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_BYTES, 'rx_bytes', 'Rx bytes'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_MALFORMED_PACKET_ERRORS,
    'malformed_packet_errors',
    'Malformed packet Errors',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_BUFFER_OVERRUN_ERRORS, 'buffer_overrun_errors', 'Buffer overrun Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_ERRORS, 'rx_errors', 'Rx Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_REMOTE_ERRORS, 'rx_remote_errors', 'Rx remote Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_RCV_GENERAL_ERRORS, 'rx_general_errors', 'Rx General Errors'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LOCAL_LINK_INTEGRITY_ERRORS,
    'local_link_integrity_errors',
    'Local link integrity Errors',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_XMIT_DISCARDS, 'tx_discards', 'Tx discards'],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_SUCCESSFUL_EVENTS,
    'recoveries_successful',
    'Link recovery successful events',
  ],
  [
    nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_FAILED_EVENTS,
    'recoveries_failed',
    'Link recovery failed events',
  ],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_LINK_RECOVERY_EVENTS, 'recoveries', 'Total link recovery events'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_ERRORS, 'effective_errors', 'Effective Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_EFFECTIVE_BER, 'effective_ber', 'Effective BER', errorRate],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_SYMBOL_ERRORS, 'symbol_errors', 'Symbol Errors'],
  [nvml.NVML_FI_DEV_NVLINK_COUNT_SYMBOL_BER, 'symbol_ber', 'Symbol BER', errorRate],
  ...Array.from({ length: 16 }, (_, bin): readonly [number, string, string] => [
    nvml.NVML_FI_DEV_NVLINK_COUNT_FEC_HISTORY_0 + bin,
    `fec_errors_${bin}`,
    `FEC Errors - ${bin}`,
  ]),
]);

/** By the letters of -gt. */
export const throughput: ReadonlyMap<string, readonly LinkField[]> = new Map([
  [
    'd',
    fields(kibibytes, [
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_TX, 'data_tx_kib', 'Data Tx'],
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_DATA_RX, 'data_rx_kib', 'Data Rx'],
    ]),
  ],
  [
    'r',
    fields(kibibytes, [
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_TX, 'raw_tx_kib', 'Raw Tx'],
      [nvml.NVML_FI_DEV_NVLINK_THROUGHPUT_RAW_RX, 'raw_rx_kib', 'Raw Rx'],
    ]),
  ],
]);

/** What the threshold counts in, by NVML_NVLINK_LOW_POWER_THRESHOLD_UNIT_*. */
const UNIT_MICROSECONDS: readonly number[] = [100, 50];

/** How a GPU puts its links to sleep. */
export interface LowPower {
  readonly unitMicroseconds: number;
  readonly minimum: Reading;
  readonly maximum: Reading;
  readonly fields: readonly LinkField[];
}

export function lowPowerOf(session: Session, gpu: Subject): LowPower {
  const [unit, minimum, maximum] = readValues(
    session,
    gpu,
    [
      nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_UNITS,
      nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MIN,
      nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD_MAX,
    ].map((id) => want(field(id))),
  ) as [Reading, Reading, Reading];
  const unitMicroseconds = (unit instanceof Missing ? undefined : UNIT_MICROSECONDS[Number(unit)]) ?? 100;
  const threshold: Kind = {
    unit: 'us',
    spell: (value) => String(Number(value) * unitMicroseconds),
    json: (value) => Number(value) * unitMicroseconds,
  };
  return { unitMicroseconds, minimum, maximum, fields: fields(threshold, LOW_POWER) };
}

const LOW_POWER: readonly (readonly [number, string, string, Kind?])[] = [
  [
    nvml.NVML_FI_DEV_NVLINK_GET_POWER_STATE,
    'power_state',
    'Low Power Mode',
    words({
      [nvml.NVML_NVLINK_POWER_STATE_HIGH_SPEED]: 'High Speed State',
      [nvml.NVML_NVLINK_POWER_STATE_LOW]: 'Low Power State',
    }),
  ],
  [nvml.NVML_FI_DEV_NVLINK_GET_POWER_THRESHOLD, 'low_power_threshold_us', 'Low Power Threshold'],
];

export const encryption: Kind = {
  spell: (value) => (Number(value) === 0 ? 'disabled' : 'enabled'),
  json: (value) => Number(value) !== 0,
};

/** Encryption and firmware of a GPU's NVLinks. */
export const linkInfo = fixed(nvmlDeviceGetNvLinkInfo);

/** How much of the NVLinks' bandwidth all GPUs of the machine use. */
export const bandwidthMode = sample(nvmlSystemGetNvlinkBwMode);
/** NVML_GPU_NVLINK_BW_MODE_*; only FULL has been seen (H100, H200, 580.159.04). */
export const bandwidthModes = words({ 0: 'FULL', 1: 'OFF', 2: 'MIN', 3: 'HALF', 4: '3QUARTER' });
