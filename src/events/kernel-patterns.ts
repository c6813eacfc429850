/**
 * Table: what the driver writes to the kernel's log about GPUs: Xids, GPUs that are gone, switches, failures to start. The words
 * are those of the open kernel modules 595.44.03, and of captures of drivers 390 to 580 where they differ.
 */
import type { EventSeverity, GpuEvent } from './gpu-event.js';
import { xidInLine } from './xid-line.js';

interface Pattern {
  /** What is found where: groups `bus`, `number` and `rest`. */
  readonly of: RegExp;
  /** Undefined for a line that only adds to one before it. */
  readonly event: (
    found: Readonly<Record<string, string | undefined>>,
  ) => Omit<GpuEvent, 'source' | 'busId'> | undefined;
}

const BUS = String.raw`(?<bus>[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2})(?:\.[0-7])?`;

const said = (kind: string, severity: EventSeverity, meaning: string, action: string): Pattern['event'] => {
  return ({ rest }) => ({ kind, severity, meaning, action, detail: rest });
};

const LEGACY = [
  'legacy-gpu',
  'fatal',
  'This GPU is too old for the driver.',
  'Install the legacy driver that the line names.',
] as const;

/** How grave an SXid is, by how its line begins (open kernel modules, 595.44.03). One that matches none is looked into. */
const SXID_SEVERITIES: readonly (readonly [RegExp, EventSeverity])[] = [
  [/^fatal|shutting down|\bhalt|watchdog|init failed/i, 'fatal'],
  [/^correctable|disengaged/i, 'information'],
];

/** An SXid is followed by lines of the same number that hold its registers. */
const SXID_MORE = /^(?:Severity \d|Data \{)/;

/** That an earlier load of the driver is over: Xids of that time are history. */
export const DRIVER_LOADED = 'driver-loaded';

export const PATTERNS: readonly Pattern[] = [
  {
    // NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.
    // With MIG (PCI:0000:3b:00 GPU-I:05 GPU-CI:00); before 2014 (0000:3b:00).
    of: new RegExp(
      String.raw`NVRM: Xid \((?:PCI:)?${BUS}(?: (?<instance>GPU-I:\d+(?: GPU-CI:\d+)?))?\): (?<number>\d+)(?:, )?(?<rest>.*)`,
      'i',
    ),
    event: ({ number, instance, rest = '' }) =>
      xidInLine(Number(number), instance === undefined ? rest : `${instance}, ${rest}`),
  },
  {
    // nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46 ...
    of: new RegExp(String.raw`SXid \(PCI:${BUS}\): (?<number>\d+), (?<rest>.*)`, 'i'),
    event: ({ number, rest = '' }) =>
      SXID_MORE.test(rest)
        ? undefined
        : {
            kind: 'sxid',
            xid: Number(number),
            severity: SXID_SEVERITIES.find(([of]) => of.test(rest))?.[1] ?? 'warning',
            meaning: 'An error of an NVSwitch.',
            action: 'Check the fabric manager and its log; drain and reset the GPUs of the links.',
            detail: rest,
          },
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
  {
    of: new RegExp(`NVRM: ignoring the legacy GPU ${BUS}(?<rest>.*)`, 'i'),
    event: said(...LEGACY),
  },
  { of: /NVRM: (?<rest>The NVIDIA .* supported through the .*)/i, event: said(...LEGACY) },
  {
    of: new RegExp(`NVRM: This PCI I/O region .* invalid: (?<rest>BAR.*)\\(PCI:${BUS}\\)`, 'i'),
    event: said(
      'bar-invalid',
      'fatal',
      'The firmware of the machine gave the GPU no room for its memory (BAR).',
      'Switch on "Above 4G decoding" in the firmware setup, or boot with pci=realloc.',
    ),
  },
  {
    of: /NVRM: The NVIDIA probe routine (?<rest>(?:was not called|failed) for .*)/i,
    event: said(
      'probe-failed',
      'fatal',
      'The driver was not given a GPU: another driver has it, or its start failed.',
      'See bound-driver, and the lines before it in dmesg.',
    ),
  },
  {
    of: /^nvidia[\w-]*: (?<rest>version magic .*|disagrees about version of symbol .*|Unknown symbol .*)/i,
    event: said(
      'other-kernel',
      'fatal',
      'The nvidia kernel module was built for another kernel.',
      'Build it for the running kernel (dkms autoinstall), or install the driver package for this kernel.',
    ),
  },
  {
    of: /NVRM: loading (?<rest>NVIDIA UNIX .*)/i,
    event: ({ rest }) => ({
      kind: DRIVER_LOADED,
      severity: 'information',
      meaning: 'The driver was loaded.',
      detail: rest,
    }),
  },
];
