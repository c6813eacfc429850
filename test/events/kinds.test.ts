/** What becomes an event: lines of the kernel log, Xids, events of NVML, bursts of them. */

import { describe, expect, it } from 'vitest';
import { Bursts } from '../../src/events/bursts.js';
import type { GpuEvent } from '../../src/events/gpu-event.js';
import { currentEvents, kernelEvent } from '../../src/events/kernel-events.js';
import { nvmlEvent } from '../../src/events/nvml-events.js';
import { xidOf, xids } from '../../src/events/xids.js';

const record = (text: string) => ({ text, sequence: 1, microseconds: 1 });

describe('a line of the kernel log', () => {
  it.each([
    [
      'NVRM: Xid (PCI:0000:3b:00): 79, pid=1234, name=python, GPU has fallen off the bus.',
      { kind: 'xid', xid: 79, severity: 'fatal', busId: '0000:3b:00.0' },
    ],
    [
      'NVRM: Xid (PCI:0000:C1:00): 31, Ch 00000010',
      { kind: 'xid', xid: 31, severity: 'application', busId: '0000:c1:00.0' },
    ],
    [
      'NVRM: Xid (PCI:00000001:3b:00): 63, Row Remapper',
      { kind: 'xid', xid: 63, severity: 'information', busId: '0001:3b:00.0' },
    ],
    [
      'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46',
      { kind: 'sxid', xid: 28006, severity: 'warning', busId: '0000:c1:00.0' },
    ],
    ['NVRM: GPU at PCI:0000:3b:00: GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000', undefined],
    [
      'NVRM: GPU 0000:1b:00.0: GPU has fallen off the bus.',
      { kind: 'gpu-lost', severity: 'fatal', busId: '0000:1b:00.0' },
    ],
    [
      'NVRM: GPU 0000:01:00.0: RmInitAdapter failed! (0x26:0x56:1474)',
      { kind: 'gpu-init-failed', busId: '0000:01:00.0' },
    ],
    [
      'NVRM: API mismatch: the client has the version 570.1, but',
      { kind: 'version-mismatch', busId: undefined },
    ],
    [
      // MIG, as kernel_rc.c of the open kernel modules writes it.
      'NVRM: Xid (PCI:0000:01:00 GPU-I:05): 94, pid=7194, name=python, Contained: CE User Channel (0x9). RST: No, D-RST: No',
      { kind: 'xid', xid: 94, busId: '0000:01:00.0', detail: expect.stringMatching(/^GPU-I:05, pid=7194/) },
    ],
    [
      'NVRM: Xid (PCI:0000:01:00 GPU-I:05 GPU-CI:00): 31, pid=1, name=a, Ch 0',
      { kind: 'xid', xid: 31, busId: '0000:01:00.0' },
    ],
    ['NVRM: Xid (0000:03:00): 14, Channel 00000001', { kind: 'xid', xid: 14, busId: '0000:03:00.0' }],
    [
      "NVRM: Xid (PCI:0000:05:00): 79, pid='<unknown>', name=<unknown>, GPU has fallen off the bus.",
      { kind: 'xid', xid: 79, severity: 'fatal' },
    ],
    [
      'NVRM: Xid (PCI:0009:01:00): 149, NETIR_LINK_EVT  Fatal   XC0 i0 Link 01 (0x021425c6 0x00000000)',
      { xid: 149, severity: 'fatal', busId: '0009:01:00.0' },
    ],
    [
      'NVRM: Xid (PCI:0009:01:00): 149, NETIR_BER_EVENT Nonfatal XC0 i0 Link 01 (0x1)',
      { xid: 149, severity: 'warning' },
    ],
    [
      'NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x1 (GPU Reset Required)',
      { xid: 154, severity: 'fatal', meaning: 'The GPU has to be reset.' },
    ],
    [
      'NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x3 (Drain P2P)',
      { xid: 154, severity: 'warning' },
    ],
    [
      'NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x1 (GPU Reset Required) to 0x0 (None)',
      { xid: 154, severity: 'information' },
    ],
    [
      'NVRM: Xid (PCI:0000:01:00): 154, GPU recovery action changed from 0x0 (None) to 0x9 (New)',
      { xid: 154, severity: 'warning', action: expect.stringMatching(/gpu_recovery_action/) },
    ],
    [
      'nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Fatal, Link 30 LTSSM Fault Up',
      { kind: 'sxid', xid: 20034, severity: 'fatal' },
    ],
    ['nvidia-nvswitch0: SXid (PCI:0000:a9:00.0): 20034, Data {0x50610002, 0x10100030}', undefined],
    [
      'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Severity 0 Engine instance 46 Sub-engine instance 00',
      undefined,
    ],
    [
      'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 12020, Correctable, Link 02 egress crumbstore ECC limit',
      { kind: 'sxid', severity: 'information' },
    ],
    [
      'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 10006, TSENSE OVERT Threshold reached. Shutting Down',
      { kind: 'sxid', severity: 'fatal' },
    ],
    [
      'NVRM: The NVIDIA GPU 0000:3b:00.0\nNVRM: (PCI ID: 10de:2330) installed in this system has\nNVRM: fallen off the bus and is not responding to commands.\n',
      { kind: 'gpu-lost', severity: 'fatal', busId: '0000:3b:00.0' },
    ],
    [
      'NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:1381)\nNVRM: installed in this system is not supported by open\nNVRM: nvidia.ko because it does not include the required GPU\n',
      { kind: 'proprietary-module-needed', busId: '0000:01:00.0' },
    ],
    [
      'NVRM: The NVIDIA GPU 0000:01:00.0 (PCI ID: 10de:2b85)\nNVRM: installed in this system requires use of the NVIDIA open kernel modules.\n',
      { kind: 'open-module-needed', busId: '0000:01:00.0' },
    ],
    ['NVRM: ignoring the legacy GPU 0000:01:00.0', { kind: 'legacy-gpu', busId: '0000:01:00.0' }],
    [
      'NVRM: This PCI I/O region assigned to your NVIDIA device is invalid:\nNVRM: BAR1 is 0M @ 0x0 (PCI:0000:01:00.0)',
      { kind: 'bar-invalid', busId: '0000:01:00.0' },
    ],
    ['NVRM: The NVIDIA probe routine was not called for 1 device(s).', { kind: 'probe-failed' }],
    [
      "nvidia: version magic '6.8.0-30-generic SMP' should be '6.8.0-31-generic SMP'",
      { kind: 'other-kernel', severity: 'fatal' },
    ],
    [
      'NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build',
      { kind: 'driver-loaded', severity: 'information' },
    ],
    ['NVRM: GPU Board Serial Number: 1652823000000', undefined],
    ['NVRM: Xid (PCI:0000:3b', undefined],
    ['usb 1-1: new device', undefined],
  ] as const)('%s', (text, event) => {
    const found = kernelEvent(record(text));
    if (event === undefined) expect(found).toBeUndefined();
    else expect(found).toMatchObject(event);
  });
});

describe('the events that still say something', () => {
  it('are those of the loaded driver, and lost GPUs', () => {
    const kinds = ['gpu-lost', 'xid', 'driver-loaded', 'version-mismatch'].map((kind) => ({ kind }));
    expect(currentEvents(kinds).map(({ kind }) => kind)).toEqual(['gpu-lost', 'version-mismatch']);
  });
});

describe('the table of Xids', () => {
  it('has each number once, in their order', () => {
    const numbers = xids.map(({ number }) => number);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it.each([
    ['fatal', [48, 62, 64, 74, 79, 95, 109, 119, 120, 136, 140, 143, 158, 167, 175]],
    ['application', [13, 31, 43]],
    ['information', [63, 92, 93, 106]],
  ] as const)('says which are %s', (severity, numbers) => {
    expect(numbers.map((number) => xidOf(number).severity)).toEqual(numbers.map(() => severity));
  });

  it('has a word for numbers that it lacks', () => {
    expect(xidOf(9999)).toMatchObject({ number: 9999, severity: 'warning' });
  });
});

describe('an event of NVML', () => {
  it.each([
    [8, 79, { kind: 'xid', xid: 79, severity: 'fatal' }],
    [2, 0, { kind: 'ecc', severity: 'fatal' }],
    [4, 8, { kind: 'pstate', severity: 'information' }],
    [16, 0, { kind: 'clock' }],
    [256, 0, { kind: 'mig' }],
    [16384, 0, { kind: 'gpu-lost', severity: 'fatal' }],
    [1048576, 5, { kind: 'type 1048576', detail: '5' }],
  ] as const)('of type %i', (type, data, event) => {
    expect(nvmlEvent(type, data)).toMatchObject(event);
  });
});

describe('events that come in bursts', () => {
  const clocks = (busId: string): GpuEvent => ({ ...nvmlEvent(16, 0), busId });
  const xid: GpuEvent = { ...nvmlEvent(8, 79), busId: 'a' };

  it('are reported at once, and then every 10 s as one with their number', () => {
    const bursts = new Bursts<GpuEvent>();
    expect(bursts.pass([clocks('a'), clocks('a'), clocks('b')], 0)).toEqual([clocks('a'), clocks('b')]);
    expect(bursts.pass([clocks('a')], 9000)).toEqual([]);
    expect(bursts.pass([clocks('a')], 10_000)).toEqual([
      { ...clocks('a'), count: 3, detail: '3 times in 10 s' },
    ]);
    expect(bursts.pass([clocks('a')], 11_000)).toEqual([]);
    expect(bursts.end(12_000)).toEqual([{ ...clocks('a'), count: 1 }]);
    expect(bursts.pass([clocks('a')], 40_000)).toEqual([{ ...clocks('a'), count: 1 }]);
  });

  it('never hold back an Xid', () => {
    const bursts = new Bursts<GpuEvent>();
    expect(bursts.pass([xid, xid], 0)).toEqual([xid, xid]);
    expect(bursts.end(0)).toEqual([]);
  });
});
