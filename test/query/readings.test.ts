import { describe, expect, it } from 'vitest';
import type { Json } from '../../src/snapshot/answer.js';
import { refused } from '../commands/made-machine.js';
import { cellOf } from './small-machine.js';

const fabricInfo = (changes: object) => ({
  nvmlDeviceGetGpuFabricInfoV: {
    gpu0: {
      version: 0,
      clusterUuid: [
        0xdc, 0x6e, 0x40, 0xc4, 0xd7, 0x22, 0x43, 0x57, 0x9b, 0xa6, 0x52, 0x91, 0xdd, 0x46, 0x12, 0x78,
      ],
      status: 0,
      cliqueId: 2,
      state: 3,
      healthMask: 0,
      healthSummary: 0,
      ...changes,
    },
  },
});

describe('fabric', () => {
  const names = [
    'fabric.state',
    'fabric.status',
    'fabric.cliqueId',
    'fabric.clusterUuid',
    'fabric.health.summary',
  ];
  const cells = (calls: Parameters<typeof cellOf>[1], fields = names) =>
    Promise.all(fields.map((name) => cellOf(name, calls)));

  it('is N/A without brackets on a GPU that has none (H100)', async () => {
    expect(await cells(fabricInfo({ state: 0 }))).toEqual(['N/A', 'N/A', 'N/A', 'N/A', 'N/A']);
  });

  it('is N/A in brackets on a GPU whose driver has no answer (RTX 4090, T4)', async () => {
    const calls = { nvmlDeviceGetGpuFabricInfoV: { gpu0: refused('NOT_SUPPORTED') } };
    expect(await cells(calls)).toEqual(['[N/A]', '[N/A]', '[N/A]', '[N/A]', '[N/A]']);
  });

  it('has no status and no members while it is in progress', async () => {
    expect(await cells(fabricInfo({ state: 2 }))).toEqual(['In Progress', 'N/A', 'N/A', 'N/A', 'N/A']);
  });

  it('shows status, clique and cluster once completed', async () => {
    expect(await cells(fabricInfo({ healthSummary: 1 }))).toEqual([
      'Completed',
      'Success',
      '2',
      'dc6e40c4-d722-4357-9ba6-5291dd461278',
      'Healthy',
    ]);
    expect(await cellOf('fabric.status', fabricInfo({ status: 23 }))).toBe('Insufficient Resources');
  });

  it('splits the health mask into its questions', async () => {
    // Bandwidth full, routes well, no time-outs, wrong firmware, no word on partitions.
    const calls = fabricInfo({ healthMask: 0b10 | (0b10 << 2) | (0b01 << 4) | (0b10 << 6) | (6 << 8) });
    expect(
      await cells(calls, [
        'fabric.health.bandwidth',
        'fabric.health.route_recovery_in_progress',
        'fabric.health.route_unhealthy',
        'fabric.health.access_timeout_recovery',
        'fabric.health.incorrect_configuration',
        'fabric.health.partition_assigned',
      ]),
    ).toEqual(['Full', 'False', 'True', 'False', 'Incompatible GPU Firmware', 'N/A']);
  });

  it('is asked of drivers that know only the first form, without health', async () => {
    const calls = {
      nvmlDeviceGetGpuFabricInfo: { gpu0: { clusterUuid: [], status: 0, cliqueId: 7, state: 3 } },
    };
    expect(await cells(calls)).toEqual([
      'Completed',
      'Success',
      '7',
      '00000000-0000-0000-0000-000000000000',
      'N/A',
    ]);
  });
});

describe('a field', () => {
  it('shows deprecation or absence without asking NVML where there is nothing to ask', async () => {
    expect(await cellOf('display_mode', {})).toBe('[Requested functionality has been deprecated]');
    expect(await cellOf('pcie.link.gen.hostmax', {})).toBe('[N/A]');
  });

  it('leaves the brackets out only for a memory temperature that is not supported', async () => {
    const memory = (answer: Json) => ({ nvmlDeviceGetFieldValues: { 'gpu0,82': answer } });
    expect(await cellOf('temperature.memory', memory(refused('NOT_SUPPORTED')))).toBe('N/A');
    expect(await cellOf('temperature.memory', memory(refused('GPU_IS_LOST')))).toBe('[GPU is lost]');
    expect(await cellOf('temperature.memory', memory({ type: 1, value: 36 }))).toBe('36');
  });

  it('reads a reason out of the mask of clock event reasons', async () => {
    const calls = { nvmlDeviceGetCurrentClocksEventReasons: { gpu0: 0b100 } };
    expect(await cellOf('clocks_event_reasons.sw_power_cap', calls)).toBe('Active');
    expect(await cellOf('clocks_throttle_reasons.gpu_idle', calls)).toBe('Not Active');
    expect(await cellOf('clocks_event_reasons.active', calls)).toBe('0x0000000000000004');
  });

  it('asks the older name of a call where the driver lacks the newer', async () => {
    const calls = { nvmlDeviceGetCurrentClocksThrottleReasons: { gpu0: 1 } };
    expect(await cellOf('clocks_event_reasons.gpu_idle', calls)).toBe('Active');
    expect(await cellOf('driver_model.current', { nvmlDeviceGetDriverModel: { gpu0: [1, 0] } })).toBe('TCC');
    const memory = { nvmlDeviceGetMemoryInfo: { gpu0: { total: 1024 ** 3, free: 1024 ** 2, used: 1 } } };
    expect(await cellOf('memory.used', memory)).toBe('1 MiB');
    expect(await cellOf('memory.reserved', memory)).toBe('[N/A]');
  });

  it('reads remapped rows from the older call, which knows no inactive ones', async () => {
    const calls = { nvmlDeviceGetRemappedRows: { gpu0: [4, 2, 1, 0] } };
    expect(await cellOf('remapped_rows.sbe', calls)).toBe('4');
    expect(await cellOf('remapped_rows.dbe', calls)).toBe('2');
    expect(await cellOf('remapped_rows.pending', calls)).toBe('Yes');
    expect(await cellOf('remapped_rows.correctable_inactive', calls)).toBe('[N/A]');
  });

  it('distinguishes the current from the pending encryption, which come in structs of one type', async () => {
    const mode = (encryptionState: number) => ({ version: 0, encryptionState });
    const calls = { nvmlDeviceGetDramEncryptionMode: { gpu0: [mode(0), mode(1)] } };
    expect(await cellOf('dramEncryption.mode.current', calls)).toBe('Disabled');
    expect(await cellOf('dramEncryption.mode.pending', calls)).toBe('Enabled');
  });

  it('takes the short bus id of a driver that has only that', async () => {
    const info = { domain: 0, bus: 12, device: 0, pciDeviceId: 0x1e8110de, pciSubSystemId: 0 };
    const pci = (ids: object) => ({ nvmlDeviceGetPciInfo_v3: { gpu0: { ...info, ...ids } } });
    expect(await cellOf('gpu_bus_id', pci({ busIdLegacy: '0000:0C:00.0', busId: '00000000:0C:00.0' }))).toBe(
      '00000000:0C:00.0',
    );
    expect(await cellOf('pci.bus_id', pci({ busIdLegacy: '0000:0C:00.0', busId: '' }))).toBe('0000:0C:00.0');
    expect(await cellOf('pci.bus', pci({}))).toBe('0x0C');
  });

  it('takes all ones for absence, never for a number', async () => {
    expect(
      await cellOf('accounting.buffer_size', { nvmlDeviceGetAccountingBufferSize: { gpu0: 0xffffffff } }),
    ).toBe('[N/A]');
    expect(
      await cellOf('ecc.errors.corrected.volatile.total', {
        nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': '18446744073709551615' },
      }),
    ).toBe('[N/A]');
  });

  it('calls no state known that NVML does not know', async () => {
    const states = [
      ['pstate', 'nvmlDeviceGetPerformanceState', 15, 'P15', 32],
      ['pstate', 'nvmlDeviceGetPerformanceState', 0, 'P0', 16],
      ['compute_mode', 'nvmlDeviceGetComputeMode', 3, 'Exclusive_Process', 4],
      ['persistence_mode', 'nvmlDeviceGetPersistenceMode', 1, 'Enabled', 7],
    ] as const;
    for (const [name, fn, value, word, beyond] of states) {
      expect(await cellOf(name, { [fn]: { gpu0: value } })).toBe(word);
      expect(await cellOf(name, { [fn]: { gpu0: beyond } })).toBe('Unknown');
    }
  });

  it('counts ECC errors by severity, span and place', async () => {
    const calls = { nvmlDeviceGetMemoryErrorCounter: { 'gpu0,1,0,7': 3, 'gpu0,0,1,2': 5 } };
    expect(await cellOf('ecc.errors.uncorrected.volatile.sram', calls)).toBe('3');
    expect(await cellOf('ecc.errors.corrected.aggregate.dram', calls)).toBe('5');
    expect(await cellOf('ecc.errors.corrected.aggregate.device_memory', calls)).toBe('5');
  });

  it('validates the infoROM on a worker thread and says valid or invalid', async () => {
    expect(await cellOf('inforom.checksum_validation', { nvmlDeviceValidateInforom: { gpu0: [] } })).toBe(
      'valid',
    );
    expect(
      await cellOf('inforom.checksum_validation', {
        nvmlDeviceValidateInforom: { gpu0: refused('CORRUPTED_INFOROM') },
      }),
    ).toBe('invalid');
  });

  it('asks power of the module in its own scope', async () => {
    const calls = {
      nvmlDeviceGetFieldValues: {
        'gpu0,186': { type: 1, value: 69663 },
        'gpu0,186:1': { type: 1, value: 487680 },
        'gpu0,188:1': { type: 1, value: 2900000 },
      },
    };
    expect(await cellOf('power.draw.instant', calls)).toBe('69.66 W');
    expect(await cellOf('module.power.draw.instant', calls)).toBe('487.68 W');
    expect(await cellOf('module.power.max_limit', calls)).toBe('2900.00 W');
  });

  it('reads the platform out of bytes, an empty serial number included', async () => {
    const platform = (changes: object) => ({
      nvmlDeviceGetPlatformInfo: {
        gpu0: {
          chassisSerialNumber: [],
          slotNumber: 25,
          trayIndex: 1,
          hostId: 1,
          peerType: 1,
          moduleId: 2,
          ...changes,
        },
      },
    });
    expect(await cellOf('platform.chassis_serial_number', platform({}))).toBe('');
    expect(
      await cellOf('platform.chassis_serial_number', platform({ chassisSerialNumber: [49, 56, 50, 0, 55] })),
    ).toBe('182');
    expect(await cellOf('platform.peer_type', platform({}))).toBe('Switch Connected');
    expect(await cellOf('platform.slot_number', platform({}))).toBe('25');
    expect(await cellOf('platform.gpu_fabric_guid', platform({ ibGuid: [0, 0, 0, 0, 0, 0, 0, 0xab] }))).toBe(
      '0x00000000000000ab',
    );
  });
});

describe('a temperature below zero', () => {
  it('is one with the function that declares it without a sign, which older drivers have', async () => {
    expect(await cellOf('temperature.gpu', { nvmlDeviceGetTemperature: { 'gpu0,0': -5 } })).toBe('-5');
    const newer = {
      nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': { version: 0, sensorType: 0, temperature: -5 } },
    };
    expect(await cellOf('temperature.gpu', newer)).toBe('-5');
  });
});
