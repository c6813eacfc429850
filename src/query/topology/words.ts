/** Words of topology: how PCIe connects two devices, and what two GPUs can do to one another. */
import * as nvml from '../../nvml/generated/constants.js';
import { words } from '../kind.js';

/** NVML_TOPOLOGY_*. */
export const levelKind = words({
  [nvml.NVML_TOPOLOGY_INTERNAL]: 'PIX',
  [nvml.NVML_TOPOLOGY_SINGLE]: 'PIX',
  [nvml.NVML_TOPOLOGY_MULTIPLE]: 'PXB',
  [nvml.NVML_TOPOLOGY_HOSTBRIDGE]: 'PHB',
  [nvml.NVML_TOPOLOGY_NODE]: 'NODE',
  [nvml.NVML_TOPOLOGY_SYSTEM]: 'SYS',
});

/** Labels by NVML_P2P_STATUS_*. */
export const P2P_LABELS = ['OK', 'CNS', 'GNS', 'TNS', 'DR', 'NS', 'U'] as const;

export const p2pKind = words({ ...P2P_LABELS }, 'U');
