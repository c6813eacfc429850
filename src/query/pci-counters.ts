/** Table: what a GPU counts on its PCIe link, by the names that `pci` prints. */
import * as nvml from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import { want } from './ask/asking.js';
import type { Subject } from './ask/subject.js';
import { field } from './probe.js';
import { readValues } from './read.js';
import type { Reading } from './reading.js';

export interface PciCounter {
  /** nvidia-smi's name; in JSON with small letters. */
  readonly name: string;
  readonly id: number;
}

export const pciErrors: readonly PciCounter[] = [
  { name: 'REPLAY_COUNTER', id: nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER },
  { name: 'REPLAY_ROLLOVER_COUNTER', id: nvml.NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER },
  { name: 'L0_TO_RECOVERY_COUNTER', id: nvml.NVML_FI_DEV_PCIE_L0_TO_RECOVERY_COUNTER },
  { name: 'CORRECTABLE_ERRORS', id: nvml.NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS },
  { name: 'NAKS_RECEIVED', id: nvml.NVML_FI_DEV_PCIE_COUNT_NAKS_RECEIVED },
  { name: 'RECEIVER_ERROR', id: nvml.NVML_FI_DEV_PCIE_COUNT_RECEIVER_ERROR },
  { name: 'BAD_TLP', id: nvml.NVML_FI_DEV_PCIE_COUNT_BAD_TLP },
  { name: 'NAKS_SENT', id: nvml.NVML_FI_DEV_PCIE_COUNT_NAKS_SENT },
  { name: 'BAD_DLLP', id: nvml.NVML_FI_DEV_PCIE_COUNT_BAD_DLLP },
  { name: 'NON_FATAL_ERROR', id: nvml.NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR },
  { name: 'FATAL_ERROR', id: nvml.NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR },
  { name: 'UNSUPPORTED_REQ', id: nvml.NVML_FI_DEV_PCIE_COUNT_UNSUPPORTED_REQ },
  { name: 'LCRC_ERROR', id: nvml.NVML_FI_DEV_PCIE_COUNT_LCRC_ERROR },
];

export const pciTraffic: readonly PciCounter[] = [
  { name: 'TX_BYTES', id: nvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES },
  { name: 'RX_BYTES', id: nvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES },
];

const LANES = 16;

export const readCounters = (
  session: Session,
  gpu: Subject,
  counters: readonly PciCounter[],
): readonly Reading[] =>
  readValues(
    session,
    gpu,
    counters.map(({ id }) => want(field(id))),
  );

/** Errors of each lane; the lane is the scope of the field. */
export const readLanes = (session: Session, gpu: Subject): readonly Reading[] =>
  readValues(
    session,
    gpu,
    Array.from({ length: LANES }, (_, lane) => want(field(nvml.NVML_FI_DEV_PCIE_COUNT_LANE_ERROR, lane))),
  );
