import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anonymize } from '../../src/snapshot/anonymize.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { survey } from '../../src/snapshot/survey.js';
import { recordedFiles, type SystemFiles } from '../../src/system/files.js';
import { recordedPaths } from '../../src/system/recorded.js';
import { BYTE, TinyDriver } from '../nvml/tiny-driver.js';

const GPU0 = 'GPU-6f7a0c53-9d1e-2b88-7c11-0f3355aa9c01';
const GPU1 = 'GPU-11223344-5566-7788-99aa-bbccddeeff00';
const MIG = 'MIG-9a8b7c6d-0000-1111-2222-333344445555';
const EXCLUDED = 'GPU-aaaaaaaa-5566-7788-99aa-bbccddeeff00';
const VGPU = '0f0f0f0f-5566-7788-99aa-bbccddeeff00';
const MDEV = '1e1e1e1e-5566-7788-99aa-bbccddeeff00';
const VM = '2d2d2d2d-5566-7788-99aa-bbccddeeff00';

const snapshot: Snapshot = {
  format: 'nvsmi-snapshot',
  version: 1,
  title: 'two GPUs',
  origin: 'recorded',
  identities: 'kept',
  files: {
    '/sys/kernel/notes': `/home/alice has ${GPU1}\n`,
    '/proc/driver/nvidia/version':
      'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  (alice@acme)  \nGCC version:  gcc version 15.3.0 (GCC) \n',
    '/proc/driver/nvidia/params': 'RmProfilingAdminOnly: 1\nDeviceFileUID: 1042\nRegistryDwords: "acme=1"\n',
  },
  calls: {
    nvmlDeviceGetUUID: { gpu0: GPU0, gpu1: GPU1, 'gpu0/mig0': MIG },
    nvmlDeviceGetSerial: { gpu0: '1324522011111', gpu1: '1324522011112', 'gpu0/mig0': '1324522011111' },
    nvmlDeviceGetHandleByUUID: { [GPU0]: 'gpu0', [GPU1]: 'gpu1' },
    nvmlDeviceGetHandleByUUIDV: { [`type=1,value.str=${GPU1}`]: 'gpu1' },
    nvmlDeviceGetHandleBySerial: { '1324522011112': 'gpu1' },
    nvmlDeviceGetPdi: {
      gpu0: { version: 1, value: '16664000000000000001' },
      gpu1: { error: 'NVML_ERROR_NOT_SUPPORTED' },
    },
    nvmlDeviceGetGpuFabricInfoV: { gpu0: { clusterUuid: [9, 8, 7], cliqueId: 3 }, gpu1: { clusterUuid: [] } },
    nvmlDeviceGetPlatformInfo: { gpu0: { ibGuid: [1, 2], chassisSerialNumber: [], slotNumber: 4 } },
    nvmlSystemGetProcessName: {
      '77': '/home/alice/bin/python',
      '78': '/home/alice/bin/serve --token=hunter2 --model /srv/acme',
      '79': 'postgres: acme 10.0.0.7(5124) SELECT',
      '80': { error: 'NVML_ERROR_NOT_FOUND' },
    },
    nvmlDeviceGetHostname_v1: {
      gpu0: { value: 'node7.example.com' },
      gpu1: { value: 'gpu0' },
      gpu2: { value: '' },
    },
    nvmlGetExcludedDeviceInfoByIndex: { '0': { uuid: EXCLUDED, pciInfo: { bus: 9 } } },
    nvmlUnitGetUnitInfo: { unit0: { name: 'S2050', id: 'acme-rack-7', serial: '0324110099' } },
    nvmlVgpuInstanceGetUUID: { '3251634213': VGPU },
    nvmlVgpuInstanceGetMdevUUID: { '3251634213': MDEV },
    nvmlVgpuInstanceGetVmID: { '3251634213': [VM, 1], '3251634214': ['7', 0] },
    nvmlDeviceGetBoardPartNumber: { gpu0: '692-2G520-0280-001' },
  },
};

describe('anonymizing a snapshot', () => {
  const made = anonymize(snapshot);
  const answer = (fn: string, key: string): Json | undefined => made.calls[fn]?.[key];

  it('leaves nothing of a UUID, serial number, PDI, user or home folder', () => {
    const text = JSON.stringify(made);
    for (const old of [
      GPU0,
      GPU1,
      MIG,
      '1324522011',
      '16664000000000000001',
      'alice',
      'hunter2',
      'acme',
      '[9,8,7]',
    ]) {
      expect(text).not.toContain(old);
    }
  });

  it('makes the identities of the form they had, numbered by GPU', () => {
    expect(answer('nvmlDeviceGetUUID', 'gpu0')).toBe('GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000');
    expect(answer('nvmlDeviceGetUUID', 'gpu1')).toBe('GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001');
    expect(answer('nvmlDeviceGetUUID', 'gpu0/mig0')).toMatch(
      /^MIG-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/,
    );
    expect(answer('nvmlDeviceGetSerial', 'gpu0')).toBe('1650000000001');
    expect(answer('nvmlDeviceGetSerial', 'gpu1')).toBe('1650000000002');
  });

  it('gives hosts, units, excluded GPUs and virtual machines other names', () => {
    expect(made.calls.nvmlDeviceGetHostname_v1).toEqual({
      gpu0: { value: 'host0' },
      gpu1: { value: 'host1' },
      gpu2: { value: '' },
    });
    expect(made.calls.nvmlUnitGetUnitInfo).toEqual({
      unit0: { name: 'S2050', id: 'unit0', serial: '0000000001' },
    });
    expect(made.calls.nvmlVgpuInstanceGetVmID).toEqual({
      '3251634213': ['f5a6b7c0-1111-4a4a-8b8b-5eed00000000', 1],
      '3251634214': ['7', 0],
    });
  });

  it('says the same identity the same way wherever it occurs', () => {
    const uuid = String(answer('nvmlDeviceGetUUID', 'gpu1'));
    expect(answer('nvmlDeviceGetHandleByUUID', uuid)).toBe('gpu1');
    expect(answer('nvmlDeviceGetHandleByUUIDV', `type=1,value.str=${uuid}`)).toBe('gpu1');
    expect(answer('nvmlDeviceGetHandleBySerial', '1650000000002')).toBe('gpu1');
    expect(answer('nvmlDeviceGetSerial', 'gpu0/mig0')).toBe('1650000000001');
  });

  it('leaves of a process where its program is, and its name where that is the same everywhere', () => {
    expect(made.calls.nvmlSystemGetProcessName).toEqual({
      '77': '/home/user/bin/python',
      '78': '/home/user/bin/program',
      '79': 'postgres:',
      '80': { error: 'NVML_ERROR_NOT_FOUND' },
    });
  });

  it('keeps what was not there: refusals, empty ids, part numbers', () => {
    expect(answer('nvmlDeviceGetPdi', 'gpu1')).toEqual({ error: 'NVML_ERROR_NOT_SUPPORTED' });
    expect(answer('nvmlDeviceGetGpuFabricInfoV', 'gpu1')).toEqual({ clusterUuid: [] });
    expect(answer('nvmlDeviceGetPlatformInfo', 'gpu0')).toEqual({
      ibGuid: [160, 161],
      chassisSerialNumber: [],
      slotNumber: 4,
    });
    expect(answer('nvmlDeviceGetBoardPartNumber', 'gpu0')).toBe('692-2G520-0280-001');
    expect(made.identities).toBe('made-up');
  });

  it('keeps of files what is read of them, and no file that is not', () => {
    expect(made.files).toEqual({
      '/proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04\n',
      '/proc/driver/nvidia/params': 'RmProfilingAdminOnly: 1\n',
    });
  });

  it('makes the same of it every time', () => {
    expect(anonymize(snapshot)).toEqual(made);
  });
});

describe('a name planted in every text and file of a machine', () => {
  const PLANTED = /Zq\d/;
  const DEVICE = '/sys/devices/pci0000:16/0000:16:01.0/0000:1b:00.0';

  /** Every file that a recording may have, with the name in it. */
  const filesWith = (name: () => string): SystemFiles => {
    const files: Readonly<Record<string, string>> = Object.fromEntries(
      [
        '/proc/driver/nvidia/version',
        '/proc/driver/nvidia/params',
        '/sys/devices/system/node/online',
        '/sys/devices/system/node/node0/cpulist',
        '/sys/devices/system/node/node0/distance',
        '/sys/devices/system/cpu/online',
        `/proc/driver/nvidia/gpus/0000:1b:00.0${name()}/information`,
        ...['infiniband', 'nvme'].flatMap((kind) => {
          const device = `/sys/class/${kind}/${name()}/device`;
          return ['numa_node', 'local_cpulist', 'vpd']
            .map((file) => `${device}/${file}`)
            .concat(`${device}@`);
        }),
        '/sys/class/infiniband_verbs/uverbs0/ibdev',
        ...['numa_node', 'local_cpulist', 'local_cpus', 'class'].map(
          (file) => `/sys/bus/pci/devices/0000:1b:00.0/${file}`,
        ),
        '/sys/bus/pci/devices/0000:1b:00.0@',
      ].map((path) => {
        if (path.endsWith('@')) return [path, `${DEVICE}/${name()}`];
        if (path.endsWith('/version')) {
          return [
            path,
            `NVRM version: NVIDIA UNIX Kernel Module  580.159.04  (${name()}@${name()})\nGCC version: ${name()}`,
          ];
        }
        return [
          path,
          path.endsWith('/params')
            ? `${name()}: 1\nRegistryDwords: "${name()}"\n`
            : `0 ${name()} SMDL=SW_MNG\n`,
        ];
      }),
    );
    return recordedFiles(files);
  };

  it.each([
    ['alone', ''],
    ['after a version', '580.159.04 '],
    ['after the brand of a program', '/usr/bin/python3 --user='],
  ])('is nowhere in the recording, whether it is there %s', (_, before) => {
    let planted = 0;
    const name = (): string => `Zq${planted++}`;
    const driver = new TinyDriver((fn) =>
      fn === 'nvmlDeviceGetPciInfo_v3' ? '00000000:1B:00.0' : before + name(),
    );
    const calls = survey(driver, { cpus: 2 });
    const kept: Snapshot = { ...snapshot, files: recordedPaths(filesWith(name), calls), calls };
    expect(JSON.stringify(kept.calls).match(/Zq\d/g)?.length).toBeGreaterThan(100);
    expect(
      Object.entries(kept.files).filter(([path, text]) => PLANTED.test(path + text)).length,
    ).toBeGreaterThan(15);
    const made = anonymize(kept);
    expect(Object.keys(made.calls)).toEqual(Object.keys(kept.calls));
    const places = [...Object.entries(made.calls), ...Object.entries(made.files)].filter((entry) =>
      PLANTED.test(JSON.stringify(entry)),
    );
    expect(places).toEqual([]);
    const bytes = Object.entries(made.calls).filter(([, answers]) =>
      JSON.stringify(answers).includes(`${BYTE},${BYTE}`),
    );
    expect(bytes.map(([fn]) => fn)).toEqual(['nvmlDeviceGetNvlinkSupportedBwModes']);
  });

  it('is replaced in the title, too', () => {
    const { title } = anonymize({
      ...snapshot,
      title: '2 x Zq1 GPU, driver Zq2',
      calls: { nvmlDeviceGetName: { gpu0: 'Zq1 GPU' }, nvmlSystemGetDriverVersion: { '': 'Zq2' } },
    });
    expect(title).toBe('2 x NVIDIA GPU, driver unknown');
  });
});

describe('what is kept', () => {
  const names = readdirSync(new URL('../../snapshots/', import.meta.url)).filter(
    (name) => name !== 'lost-gpu.json',
  );

  it.each(names)('is all that %s answers, but for PDIs and folders', (name) => {
    const machine: Snapshot = JSON.parse(
      readFileSync(new URL(`../../snapshots/${name}`, import.meta.url), 'utf8'),
    );
    const { calls, title } = anonymize(machine);
    const own = { nvmlDeviceGetPdi: {}, nvmlSystemGetProcessName: {} };
    expect({ ...calls, ...own }).toEqual({ ...machine.calls, ...own });
    expect(title).toBe(machine.title);
  });

  it.each([
    ['/usr/lib/xorg/Xorg', '/usr/lib/xorg/Xorg'],
    ['/home/alice/code/acme/.venv/bin/python3.11 train.py', '/home/user/folder/folder/.venv/bin/python3.11'],
    ['/srv/acme/launch-rocket', '/srv/folder/program'],
    ['/scratch/alice/a.out', '/folder/folder/program'],
    ['./acme', './program'],
    ['acme', 'program'],
    ['C:\\Users\\alice\\acme.exe', 'C:\\Users\\user\\program'],
    ['C:\\Windows\\System32\\dwm.exe', 'C:\\Windows\\System32\\dwm.exe'],
    ['/home/alice', '/home/program'],
    ['', ''],
  ])('of the program %s is %s', (program, made) => {
    const { calls } = anonymize({ ...snapshot, calls: { nvmlSystemGetProcessName: { 7: program } } });
    expect(calls.nvmlSystemGetProcessName).toEqual({ 7: made });
  });
});
