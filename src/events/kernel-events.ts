/** What the driver writes to the kernel's log about GPUs: Xids, GPUs that are gone, switches, failures to start. Patterns as rows. */
import type { LogRecord } from '../system/kernel-log.js';
import type { EventSeverity, GpuEvent } from './gpu-event.js';
import { xidOf } from './xids.js';

interface Pattern {
  /** What is found where: groups `bus`, `number` and `rest`. */
  readonly of: RegExp;
  readonly event: (found: Readonly<Record<string, string | undefined>>) => Omit<GpuEvent, 'source' | 'busId'>;
}

const BUS = String.raw`(?<bus>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})(?:\.[0-7])?`;

const said = (kind: string, severity: EventSeverity, meaning: string, action: string): Pattern['event'] => {
  return ({ rest }) => ({ kind, severity, meaning, action, detail: rest });
};

const PATTERNS: readonly Pattern[] = [
  {
    // NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.
    of: new RegExp(String.raw`NVRM: Xid \(PCI:${BUS}\): (?<number>\d+)(?:, )?(?<rest>.*)`, 'i'),
    event: ({ number, rest }) => {
      const xid = xidOf(Number(number));
      return {
        kind: 'xid',
        xid: xid.number,
        severity: xid.severity,
        meaning: xid.meaning,
        action: xid.action,
        detail: rest,
      };
    },
  },
  {
    // nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46 ...
    of: new RegExp(String.raw`SXid \(PCI:${BUS}\): (?<number>\d+), (?<rest>.*)`, 'i'),
    event: ({ number, rest = '' }) => ({
      kind: 'sxid',
      xid: Number(number),
      severity: /^non-fatal/i.test(rest) ? 'warning' : 'fatal',
      meaning: 'An error of an NVSwitch.',
      action: 'Check the fabric manager and its log; drain and reset the GPUs of the links.',
      detail: rest,
    }),
  },
  {
    of: new RegExp(`NVRM: (?:The NVIDIA )?GPU (?:at PCI:)?${BUS}:? (?<rest>.*fallen off the bus.*)`, 'i'),
    event: said(
      'gpu-lost',
      'fatal',
      'The GPU fell off the bus: the driver cannot reach it any longer.',
      'Drain the node and reboot it. Check power, cooling, seating and risers of the GPU.',
    ),
  },
  {
    of: new RegExp(`NVRM: GPU ${BUS}: (?<rest>RmInitAdapter failed.*)`, 'i'),
    event: said(
      'gpu-init-failed',
      'fatal',
      'The driver could not initialize the GPU.',
      'Reset the GPU or reboot. If it comes again, check that the driver supports this GPU, then the hardware.',
    ),
  },
  {
    of: /NVRM: (?<rest>API mismatch.*)/i,
    event: said(
      'version-mismatch',
      'warning',
      'A program uses a driver library of another version than the kernel module.',
      'Reload the kernel module or reboot; in a container, restart it.',
    ),
  },
  {
    of: new RegExp(`NVRM: .*${BUS}.*(?<rest>requires use of the NVIDIA open kernel modules.*)`, 'i'),
    event: said(
      'open-module-needed',
      'fatal',
      'This GPU works with the open kernel modules alone.',
      'Install the open variant of the driver packages.',
    ),
  },
  {
    of: new RegExp(`NVRM: .*${BUS}.*(?<rest>not supported by open.*)`, 'i'),
    event: said(
      'proprietary-module-needed',
      'fatal',
      'This GPU is too old for the open kernel modules.',
      'Install the proprietary variant of the driver packages.',
    ),
  },
];

/** The event that a record of the log is about; undefined where it is about none. */
export function kernelEvent({ text }: LogRecord): GpuEvent | undefined {
  if (!text.includes('NVRM') && !text.includes('SXid')) return undefined;
  for (const { of, event } of PATTERNS) {
    const groups = of.exec(text)?.groups;
    if (groups === undefined) continue;
    const found = event(groups);
    return {
      source: 'kernel log',
      busId: groups.bus === undefined ? undefined : `${shortBusId(groups.bus)}.0`,
      ...found,
    };
  }
  return undefined;
}

/** A PCI address with four digits of domain and small letters, without the function: 0000:3b:00. */
export const shortBusId = (busId: string): string =>
  busId
    .toLowerCase()
    .replace(/\.[0-7]$/, '')
    .replace(/^0000(?=[0-9a-f]{4}:)/, '');
