/** Draining: no new work is let onto a GPU, it is removed from the driver, and found again. */
import * as nvml from '../nvml/generated/entries.js';
import type { Asker } from '../query/ask/asker.js';
import { type BusAddress, busIdText } from '../query/drain.js';
import type { Attempt } from './acting.js';
import { changed, failed } from './action.js';
import { change } from './change.js';

const DRAINING = 1;
/** NVML_DETACH_GPU_REMOVE and NVML_PCIE_LINK_SHUT_DOWN, as nvidia-smi removes a GPU. */
const REMOVED = { gpuState: 1, linkState: 1 } as const;

export const modifyDrainState = (asker: Asker, address: BusAddress, wanted: number): Attempt => {
  const newState = wanted === DRAINING ? DRAINING : 0;
  const state = newState === DRAINING ? 'draining' : 'not draining';
  return {
    action: 'modify',
    value: state,
    part: { 'pci.bus_id': busIdText(address) },
    needs: ['root'],
    make() {
      const { status } = change(asker, nvml.nvmlDeviceModifyDrainState, { ...address, newState });
      return status === 0
        ? changed(`Successfully set GPU ${busIdText(address)} drain state to: ${state}.`)
        : failed(status, 'Failed to modify the GPU drain state.');
    },
  };
};

export const removeGpu = (asker: Asker, address: BusAddress): Attempt => ({
  action: 'remove',
  value: null,
  part: { 'pci.bus_id': busIdText(address) },
  needs: ['root', 'idle'],
  make() {
    const { status } = change(asker, nvml.nvmlDeviceRemoveGpu_v2, { ...address, ...REMOVED });
    return status === 0
      ? changed(`GPU ${busIdText(address)} successfully removed.`)
      : failed(status, 'Failed to remove the specified GPU.');
  },
});

export const discoverGpus = (asker: Asker): Attempt => ({
  action: 'discover',
  value: null,
  needs: ['root'],
  make() {
    const { status } = change(asker, nvml.nvmlDeviceDiscoverGpus, {});
    return status === 0
      ? changed(
          'Discovery completed successfully.  Any discovered GPUs will now appear in the enumeration list and device count.',
        )
      : failed(status, 'Failed to perform a PCI discover for GPUs.');
  },
});
