/**
 * A table, so longer than logic may be.
 * Where a GPU sits: its PCI address and ids, and the link to the host.
 */

import {
  nvmlDeviceGetCurrPcieLinkGeneration,
  nvmlDeviceGetCurrPcieLinkWidth,
  nvmlDeviceGetGpuMaxPcieLinkGeneration,
  nvmlDeviceGetMaxPcieLinkGeneration,
  nvmlDeviceGetMaxPcieLinkWidth,
  nvmlDeviceGetPciInfo_v3,
  nvmlDeviceGetPciInfoExt,
} from '../../nvml/generated/entries.js';
import { Missing, NOT_SUPPORTED } from '../../nvml/status.js';
import { constant, from, type Row } from '../field.js';
import { count, hex, type Kind, text } from '../kind.js';
import { fixed, sample } from '../probe.js';
import type { AnswerView, Reading } from '../reading.js';

/** The older calls fill the beginning of the same struct, up to the ids; their bus id is the short one. */
const pciInfo = fixed(nvmlDeviceGetPciInfo_v3);
/** Costs 2.8 ms on an H100 (580.159.04), so only the classes are read from it. */
const pciClasses = fixed(nvmlDeviceGetPciInfoExt);

const isThere = (text: Reading): boolean => text !== '' && !(text instanceof Missing);

/** Read by the columns of the other tables too. */
export const busIdOfGpu = from(
  pciInfo,
  (view: AnswerView) =>
    ['busId', 'busIdLegacy'].map((path) => view.read(path)).find(isThere) ?? NOT_SUPPORTED,
);

/** A subsystem id of zero is left out of the text, and so are zeros before another: 0x10DE (GB10: 550 and 580 on the fake). */
const subsystem: Kind = { ...hex(8), spell: hex(4).spell };

export const pci: readonly Row[] = [
  {
    id: 7,
    names: ['pci.bus_id', 'gpu_bus_id'],
    help: 'PCI address of the GPU, as domain:bus:device.function in hexadecimal.',
    kind: text,
    source: busIdOfGpu,
  },
  {
    id: 8,
    names: ['pci.domain'],
    help: 'PCI domain of the GPU, in hexadecimal.',
    kind: hex(4),
    source: from(pciInfo, 'domain'),
  },
  {
    id: 9,
    names: ['pci.bus'],
    help: 'PCI bus of the GPU, in hexadecimal.',
    kind: hex(2),
    source: from(pciInfo, 'bus'),
  },
  {
    id: 10,
    names: ['pci.device'],
    help: 'PCI device number of the GPU, in hexadecimal.',
    kind: hex(2),
    source: from(pciInfo, 'device'),
  },
  {
    id: 1001,
    names: ['pci.baseClass'],
    since: 550,
    on: 'linux',
    help: 'PCI base class code, in hexadecimal: 0x3 is a display controller.',
    kind: hex(1),
    source: from(pciClasses, 'baseClass'),
  },
  {
    id: 1002,
    names: ['pci.subClass'],
    since: 550,
    on: 'linux',
    help: 'PCI sub class code, in hexadecimal: 0x0 is a VGA controller, 0x2 a 3D controller.',
    kind: hex(1),
    source: from(pciClasses, 'subClass'),
  },
  {
    id: 11,
    names: ['pci.device_id'],
    help: 'PCI device id followed by the vendor id, in hexadecimal.',
    kind: hex(8),
    source: from(pciInfo, 'pciDeviceId'),
  },
  {
    id: 12,
    names: ['pci.sub_device_id'],
    help: 'PCI subsystem id followed by the subsystem vendor id, in hexadecimal.',
    kind: subsystem,
    source: from(pciInfo, 'pciSubSystemId'),
  },
];

const generation = sample(nvmlDeviceGetCurrPcieLinkGeneration);
const generationMax = fixed(nvmlDeviceGetMaxPcieLinkGeneration);
const generationGpuMax = fixed(nvmlDeviceGetGpuMaxPcieLinkGeneration);
const width = sample(nvmlDeviceGetCurrPcieLinkWidth);
const widthMax = fixed(nvmlDeviceGetMaxPcieLinkWidth);

export const pcieLink: readonly Row[] = [
  {
    id: 13,
    names: ['pcie.link.gen.current'],
    help: 'Current PCIe generation of the link. It may be reduced while the GPU is idle.',
    kind: count,
    source: from(generation, 'value'),
  },
  {
    id: 1009,
    names: ['pcie.link.gen.gpucurrent'],
    since: 525,
    help: 'Current PCIe generation of the GPU end of the link.',
    kind: count,
    source: from(generation, 'value'),
  },
  {
    id: 14,
    names: ['pcie.link.gen.max'],
    help: 'Maximum PCIe generation of this GPU in this system.',
    kind: count,
    source: from(generationMax, 'value'),
  },
  {
    id: 1010,
    names: ['pcie.link.gen.gpumax'],
    since: 525,
    help: 'Maximum PCIe generation that the GPU itself supports.',
    kind: count,
    source: from(generationGpuMax, 'value'),
  },
  {
    // No NVML function has it: nvidia-smi has it from the driver. A virtual machine shows none (H100, H200).
    id: 1011,
    names: ['pcie.link.gen.hostmax'],
    since: 525,
    help: 'Maximum PCIe generation of the root port of the GPU. Always absent: NVML does not report it.',
    kind: count,
    source: constant(NOT_SUPPORTED),
  },
  {
    id: 15,
    names: ['pcie.link.width.current'],
    help: 'Current PCIe link width, in lanes.',
    kind: count,
    source: from(width, 'value'),
  },
  {
    id: 16,
    names: ['pcie.link.width.max'],
    help: 'Maximum PCIe link width of this GPU in this system, in lanes.',
    kind: count,
    source: from(widthMax, 'value'),
  },
];
