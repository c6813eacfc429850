/** What only the report shows of the PCI link: widths with an x, throughput, replays, atomics, bridges. */

import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceGetBridgeChipInfo, nvmlDeviceGetPcieReplayCounter } from '../../nvml/generated/entries.js';
import { count, hex, type Kind, measured, pcieLanes, words } from '../kind.js';
import { pcieThroughput } from '../links/pcie-throughput.js';
import { field, fixed, sample } from '../probe.js';
import { type ReportField, reading, rowAs } from './field.js';

/** 16x */
const lanes: Kind = { ...pcieLanes, spell: (value) => `${value}x` };
export const widthMax = rowAs('pcie.link.width.max', lanes);
export const width = rowAs('pcie.link.width.current', lanes);

/** Hexadecimal without 0x, as XML has it. */
export const bareHex = (digits: number): Kind => {
  const spell: Kind['spell'] = (value) => value.toString(16).toUpperCase().padStart(digits, '0');
  return { spell, json: spell };
};

const kilobytesPerSecond = measured('KB/s');
export const txThroughput = reading(kilobytesPerSecond, pcieThroughput(nvml.NVML_PCIE_UTIL_TX_BYTES));
export const rxThroughput = reading(kilobytesPerSecond, pcieThroughput(nvml.NVML_PCIE_UTIL_RX_BYTES));

export const replays = reading(count, sample(nvmlDeviceGetPcieReplayCounter));
export const replayRollovers = reading(count, field(nvml.NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER));

const ATOMICS: readonly (readonly [bit: number, name: string])[] = [
  [nvml.NVML_PCIE_ATOMICS_CAP_FETCHADD32, 'FETCHADD_32'],
  [nvml.NVML_PCIE_ATOMICS_CAP_FETCHADD64, 'FETCHADD_64'],
  [nvml.NVML_PCIE_ATOMICS_CAP_SWAP32, 'SWAP_32'],
  [nvml.NVML_PCIE_ATOMICS_CAP_SWAP64, 'SWAP_64'],
  [nvml.NVML_PCIE_ATOMICS_CAP_CAS32, 'CAS_32'],
  [nvml.NVML_PCIE_ATOMICS_CAP_CAS64, 'CAS_64'],
  [nvml.NVML_PCIE_ATOMICS_CAP_CAS128, 'CAS_128'],
];

/** Names with a blank after each (H100, 590.48.01). */
const atomics: Kind = {
  spell: (mask) => `${namesOf(Number(mask))} `,
  json: (mask) => namesOf(Number(mask)),
};
const namesOf = (mask: number): string =>
  ATOMICS.flatMap(([bit, name]) => ((mask & bit) === 0 ? [] : [name])).join(' ');

export const atomicsOutbound: ReportField = reading(
  atomics,
  field(nvml.NVML_FI_DEV_PCIE_OUTBOUND_ATOMICS_MASK, 0, 'static'),
);
export const atomicsInbound: ReportField = reading(
  atomics,
  field(nvml.NVML_FI_DEV_PCIE_INBOUND_ATOMICS_MASK, 0, 'static'),
);

/** 0xABCDEF12 (550.163.01 on the fake); a number in JSON. */
export const bridgeFirmware: Kind = { ...hex(8), json: Number };

export const bridges = fixed(nvmlDeviceGetBridgeChipInfo);
export const bridgeTypes = words({
  [nvml.NVML_BRIDGE_CHIP_PLX]: 'PLX',
  [nvml.NVML_BRIDGE_CHIP_BRO4]: 'BR04',
});
