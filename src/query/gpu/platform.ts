import { nvmlDeviceGetPlatformInfo } from '../../nvml/generated/entries.js';
import { derive } from '../derive.js';
import { from, type Row } from '../field.js';
import { count, text, words } from '../kind.js';
import { fixed } from '../probe.js';
import type { AnswerView, Reading } from '../reading.js';

/** The first version has no serial number, and other names for the places. */
const platformInfo = fixed(nvmlDeviceGetPlatformInfo);

const bytes = (view: AnswerView, name: string, length: number): readonly Reading[] =>
  Array.from({ length }, (_, i) => view.read(`${name}.${i}`));

/** Text in a byte array, up to the first zero. The first version of the struct has none. */
function serialNumber(view: AnswerView): Reading {
  return derive(bytes(view, 'chassisSerialNumber', 16), (...all) => {
    const end = all.indexOf(0);
    return String.fromCharCode(...(end === -1 ? all : all.slice(0, end)));
  });
}

/** The first eight bytes of the InfiniBand GUID, in the order that they lie in. */
const fabricGuid = (view: AnswerView): Reading =>
  derive(bytes(view, 'ibGuid', 8), (...all) => `0x${Buffer.from(all).toString('hex')}`);

export const platform: readonly Row[] = [
  {
    id: 1105,
    names: ['platform.chassis_serial_number'],
    help: 'Serial number of the chassis. Empty if the platform has none.',
    kind: text,
    source: from(platformInfo, serialNumber),
  },
  {
    id: 1106,
    names: ['platform.slot_number'],
    help: 'Slot of the rack that holds the GPU.',
    kind: count,
    source: from(platformInfo, 'slotNumber'),
  },
  {
    id: 1107,
    names: ['platform.tray_index'],
    help: 'Number of the compute tray in its chassis.',
    kind: count,
    source: from(platformInfo, 'trayIndex'),
  },
  {
    id: 1108,
    names: ['platform.host_id'],
    help: 'Number of the host within the tray.',
    kind: count,
    source: from(platformInfo, 'hostId'),
  },
  {
    id: 1109,
    names: ['platform.peer_type'],
    help: 'How the GPU reaches its NVLink peers: Direct Connected or Switch Connected.',
    kind: words({ 0: 'Direct Connected', 1: 'Switch Connected' }),
    source: from(platformInfo, 'peerType'),
  },
  {
    id: 1110,
    names: ['platform.module_id'],
    help: 'Number of the GPU module on its board.',
    kind: count,
    source: from(platformInfo, 'moduleId'),
  },
  {
    id: 1111,
    names: ['platform.gpu_fabric_guid'],
    help: 'InfiniBand GUID of the GPU in the fabric, in hexadecimal.',
    kind: text,
    source: from(platformInfo, fabricGuid),
  },
];
