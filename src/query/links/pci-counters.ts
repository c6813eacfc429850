/** Table: what a GPU counts on its PCIe link, by the names that `pci` prints. */
import * as nvml from '../../nvml/generated/constants.js';
import { want } from '../ask/asking.js';
import { asks, COUNTER, type Field, from, item } from '../field.js';
import { count } from '../kind.js';
import { field } from '../probe.js';
import type { Relation } from '../relation.js';

/** The label is nvidia-smi's name of the counter. */
const counter = (label: string, id: number, help: string): Field => ({
  names: [`pcie.${label.toLowerCase()}`],
  label,
  help,
  kind: count,
  source: from(field(id), 'value'),
  metric: { ...COUNTER, name: `pcie.${label.toLowerCase().replace(/_counter$/, '')}` },
});

export const pciErrors: readonly Field[] = [
  counter('REPLAY_COUNTER', nvml.NVML_FI_DEV_PCIE_REPLAY_COUNTER, 'Replays of packets.'),
  counter(
    'REPLAY_ROLLOVER_COUNTER',
    nvml.NVML_FI_DEV_PCIE_REPLAY_ROLLOVER_COUNTER,
    'Rollovers of the replay number.',
  ),
  counter(
    'L0_TO_RECOVERY_COUNTER',
    nvml.NVML_FI_DEV_PCIE_L0_TO_RECOVERY_COUNTER,
    'Transitions from L0 to recovery.',
  ),
  counter('CORRECTABLE_ERRORS', nvml.NVML_FI_DEV_PCIE_COUNT_CORRECTABLE_ERRORS, 'Correctable errors.'),
  counter('NAKS_RECEIVED', nvml.NVML_FI_DEV_PCIE_COUNT_NAKS_RECEIVED, 'NAKs received.'),
  counter('RECEIVER_ERROR', nvml.NVML_FI_DEV_PCIE_COUNT_RECEIVER_ERROR, 'Receiver errors.'),
  counter('BAD_TLP', nvml.NVML_FI_DEV_PCIE_COUNT_BAD_TLP, 'Bad transaction layer packets.'),
  counter('NAKS_SENT', nvml.NVML_FI_DEV_PCIE_COUNT_NAKS_SENT, 'NAKs sent.'),
  counter('BAD_DLLP', nvml.NVML_FI_DEV_PCIE_COUNT_BAD_DLLP, 'Bad data link layer packets.'),
  counter('NON_FATAL_ERROR', nvml.NVML_FI_DEV_PCIE_COUNT_NON_FATAL_ERROR, 'Non-fatal errors.'),
  counter('FATAL_ERROR', nvml.NVML_FI_DEV_PCIE_COUNT_FATAL_ERROR, 'Fatal errors.'),
  counter('UNSUPPORTED_REQ', nvml.NVML_FI_DEV_PCIE_COUNT_UNSUPPORTED_REQ, 'Unsupported requests.'),
  counter('LCRC_ERROR', nvml.NVML_FI_DEV_PCIE_COUNT_LCRC_ERROR, 'Errors of the link CRC.'),
];

export const pciTraffic: readonly Field[] = [
  counter('TX_BYTES', nvml.NVML_FI_DEV_PCIE_COUNT_TX_BYTES, 'Bytes sent.'),
  counter('RX_BYTES', nvml.NVML_FI_DEV_PCIE_COUNT_RX_BYTES, 'Bytes received.'),
];

/** Those of the whole link. */
export const pciCounters: readonly Field[] = [...pciErrors, ...pciTraffic];

const LANES = 16;

/** The lane is the scope of the field. */
export const pciLanes: Relation = {
  name: 'pcie_lanes',
  record: 'a lane of the PCIe link of a GPU',
  fields: [
    { names: ['lane'], help: 'Number of the lane.', kind: count, source: item('lane') },
    {
      names: ['errors'],
      help: 'Errors of the lane.',
      kind: count,
      source: asks(({ lane }) => want(field(nvml.NVML_FI_DEV_PCIE_COUNT_LANE_ERROR, Number(lane)))),
    },
  ],
  *find() {
    return Array.from({ length: LANES }, (_, lane) => ({ values: { lane } }));
  },
};
