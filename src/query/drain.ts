/** Whether a GPU is being drained: it takes no new work before it is removed. */
import { nvmlDeviceQueryDrainState } from '../nvml/generated/entries.js';
import { item } from './field.js';
import { type Kind, text } from './kind.js';
import { fixed, type Probe } from './probe.js';
import type { Relation } from './relation.js';

export const draining: Kind = {
  spell: (value) => (Number(value) === 0 ? 'not draining' : 'draining'),
  json: (value) => Number(value) !== 0,
  metric: { unit: '', flag: true },
};

export interface BusAddress {
  readonly domain: number;
  readonly bus: number;
  readonly device: number;
}

/** A bus id of two to four parts as numbers; undefined for anything else. */
export function busAddress(text: string): BusAddress | undefined {
  const parts = /^(?:([0-9a-f]{1,8}):)?([0-9a-f]{1,2}):([0-9a-f]{1,2})(?:\.[0-7])?$/i.exec(text.trim());
  if (parts === null) return undefined;
  const [domain, bus, device] = [parts[1] ?? '0', parts[2] ?? '0', parts[3] ?? '0'].map((hex) =>
    Number.parseInt(hex, 16),
  ) as [number, number, number];
  return { domain, bus, device };
}

/** As NVML spells bus ids: 00000000:00:06.0 */
export function busIdText({ domain, bus, device }: BusAddress): string {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0');
  return `${hex(domain, 8)}:${hex(bus, 2)}:${hex(device, 2)}.0`;
}

/** NVML_FEATURE_ENABLED while the GPU drains. A drained GPU has no handle, so it is named by its address. */
export function drainState(address: BusAddress): Probe {
  return fixed(nvmlDeviceQueryDrainState, { ...address, busId: busIdText(address) });
}

/** A GPU that was named by its PCI address: it may have no handle. */
export const drainStates: Relation = {
  name: 'drain',
  record: 'the GPU of -p',
  of: 'system',
  fields: [
    { names: ['pci.bus_id'], help: 'PCI address of the GPU.', kind: text, source: item('bus_id') },
    {
      names: ['draining'],
      help: 'Whether the GPU is being drained.',
      kind: draining,
      source: item('draining'),
    },
  ],
};
