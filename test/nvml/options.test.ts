import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { NvidiaSmi, open } from '../../src/index.js';
import { LibraryNotFound } from '../../src/nvml/backend/library.js';
import { notFoundText } from '../../src/nvml/functions/not-found.js';
import * as nvml from '../../src/nvml.js';

const NOWHERE = '/nowhere/libnvidia-ml.so.1';

afterEach(() => vi.unstubAllEnvs());

const t4 = JSON.parse(readFileSync(new URL('../../snapshots/t4.json', import.meta.url), 'utf8'));

/** Everything that takes options of opening, and what closes it again. */
const DOORS: readonly (readonly [name: string, door: (options?: unknown) => { close(): void }])[] = [
  ['open', open as (options?: unknown) => { close(): void }],
  ['getInstance', (options) => NvidiaSmi.getInstance(options as nvml.OpenOptions)],
  ['nvmlInit', (options) => nvml.openNvml(options as nvml.OpenOptions)],
  [
    'nvmlInitWithFlags',
    (options) => {
      nvml.nvmlInitWithFlags(0, options as nvml.OpenOptions);
      return { close: nvml.nvmlShutdown };
    },
  ],
];

describe.each(DOORS)('the options of %s', (name, door) => {
  it.each([
    [{ path: '/a', snapshot: 't4' }, 'path and snapshot cannot be combined'],
    [{ snapshots: 't4' }, 'there is no option snapshots; there are path, snapshot'],
    [{ path: 5 }, 'path must be a non-empty string, not 5'],
    [{ snapshot: '' }, 'snapshot must be a non-empty string, or a recording, not an empty string'],
    [{ snapshot: ['t4'] }, 'snapshot must be a non-empty string, or a recording, not array'],
    [{ snapshot: null }, 'snapshot must be a non-empty string, or a recording, not null'],
    ['t4', "the options must be an object, { snapshot: 'h200-x2' } or { path }, not string"],
    [null, "the options must be an object, { snapshot: 'h200-x2' } or { path }, not null"],
    [['t4'], "the options must be an object, { snapshot: 'h200-x2' } or { path }, not array"],
  ])('are not %j', (options, message) => {
    expect(() => door(options)).toThrow(new TypeError(`${name}: ${message}`));
  });

  it('may name nothing: then the environment does, as on the command line', () => {
    vi.stubEnv('NVSMI_NVML', NOWHERE);
    expect(() => door()).toThrow(nvml.NVMLError_LibraryNotFound);
    expect(() => door({ path: undefined })).toThrow(NOWHERE);
    vi.stubEnv('NVSMI_SNAPSHOT', 'mismatch');
    expect(() => door()).toThrow(nvml.NVMLError_LibRmVersionMismatch);
    expect(() => door({})).toThrow(nvml.NVMLError_LibRmVersionMismatch);
  });

  it('go before the environment', () => {
    vi.stubEnv('NVSMI_SNAPSHOT', 'mismatch');
    expect(() => door({ path: NOWHERE })).toThrow(nvml.NVMLError_LibraryNotFound);
    door({ snapshot: 't4' }).close();
  });

  it('do not take an empty variable for a name', () => {
    vi.stubEnv('NVSMI_NVML', '');
    vi.stubEnv('NVSMI_SNAPSHOT', '');
    let message = '';
    try {
      door().close();
    } catch (error) {
      message = String(error);
    }
    // Where there is an NVIDIA driver, it opens.
    if (message !== '') expect(message).toMatch(/There is no NVML|Driver Not Loaded/);
  });

  it('are refused with the names that there are where no snapshot is called so', () => {
    expect(() => door({ snapshot: 't5' })).toThrow(nvml.SnapshotError);
    expect(() => door({ snapshot: 't5' })).toThrow(
      /^t5: no such snapshot; there are .*rtx-4090, rtx-5090, t4, vgpu-guest/,
    );
  });

  it('take what the JSON of a recording holds, and check it as they check a file', () => {
    const recording = { ...t4 };
    door({ snapshot: recording }).close();
    const circular = { ...t4, files: {} as Record<string, unknown> };
    circular.files.self = circular;
    for (const wrong of [{}, { ...t4, version: 99 }, { ...t4, calls: 5 }, circular]) {
      expect(() => door({ snapshot: wrong })).toThrow(nvml.SnapshotError);
      expect(() => door({ snapshot: wrong })).toThrow(/^the recording: [^\n]+$/);
    }
  });

  it('take a file without a slash and an ending for what it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-options-'));
    const before = process.cwd();
    onTestFinished(() => {
      process.chdir(before);
      rmSync(folder, { recursive: true });
    });
    writeFileSync(join(folder, 'mine'), readFileSync(new URL('../../snapshots/t4.json', import.meta.url)));
    process.chdir(folder);
    door({ snapshot: 'mine' }).close();
  });
});

describe('nvmlInitWithFlags of a recording', () => {
  it.each([0, nvml.NVML_INIT_FLAG_NO_GPUS, nvml.NVML_INIT_FLAG_NO_ATTACH])('opens with flags %i', (flags) => {
    nvml.nvmlInitWithFlags(flags, { snapshot: 't4' });
    onTestFinished(() => nvml.nvmlShutdown());
    expect(nvml.nvmlDeviceGetCount()).toBe(1);
  });

  it('is refused as nvmlInit is', () => {
    expect(() => nvml.nvmlInitWithFlags(0, { snapshot: 'mismatch' })).toThrow(
      nvml.NVMLError_LibRmVersionMismatch,
    );
  });
});

describe('a recording that was given as an object', () => {
  it('is open as itself, and as no other that is equal to it', () => {
    using _ = nvml.openNvml({ snapshot: t4 });
    using __ = nvml.openNvml({ snapshot: t4 });
    expect(nvml.nvmlDeviceGetCount()).toBe(1);
    expect(() => nvml.nvmlInit({ snapshot: { ...t4 } })).toThrow(nvml.NVMLError_AlreadyInitialized);
    expect(() => nvml.nvmlInit({ snapshot: { ...t4 } })).toThrow(/snapshot object \d+ is open already/);
  });

  it('answers as it was when it was opened', () => {
    const recording = structuredClone(t4);
    using nvsmi = open({ snapshot: recording });
    recording.calls.nvmlDeviceGetName.gpu0 = 'another';
    expect(nvsmi.query(['name']).sample()).toEqual([{ name: 'Tesla T4' }]);
  });
});

describe('the text of a library that is not there', () => {
  const text = (platform: NodeJS.Platform, wasNamed: boolean): string =>
    notFoundText(new LibraryNotFound(platform, ['  libnvidia-ml.so.1: no such file'], wasNamed));

  it('names options of the library, not of the command line', () => {
    expect(() => open({ path: NOWHERE })).toThrow(
      /^The NVML library that was named cannot be loaded\. Tried:/,
    );
    expect(() => open({ path: NOWHERE })).toThrow('open({ path })');
    for (const wasNamed of [true, false]) {
      expect(text('linux', wasNamed)).toContain("{ snapshot: 'h200-x2' }");
      expect(text('linux', wasNamed)).not.toContain('--nvml');
    }
  });

  it('says what this system has instead of it', () => {
    expect(text('linux', false)).toMatch(/^There is no NVML \(libnvidia-ml\.so\.1 /);
    expect(text('win32', false)).toMatch(/^There is no NVML \(nvml\.dll /);
    expect(text('darwin', false)).toMatch(/^NVML does not exist for macOS\./);
  });

  it('is that of nvidia-smi for the program', () => {
    const { message, hint } = new LibraryNotFound('linux', ['  a: b'], false);
    expect(message.split('\n')).toEqual([
      expect.stringMatching(/^NVIDIA-SMI couldn't find libnvidia-ml\.so library in your system\. Please /),
      'Please also try adding directory that contains libnvidia-ml.so to your system PATH.',
    ]);
    expect(hint).toBe('Tried:\n  a: b\nThe usual places of linux hold none either.');
  });
});

describe('what keeps NVML open after withNvml', () => {
  const snapshot = 't4';
  const isOpen = (): boolean => {
    try {
      return nvml.nvmlDeviceGetCount() === 1;
    } catch {
      return false;
    }
  };

  it('is whatever has a then', async () => {
    let end: (value: string) => void = () => undefined;
    const thenable: PromiseLike<string> = {
      // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
      then: (...both) => new Promise<string>((resolve) => (end = resolve)).then(...both),
    };
    const result = nvml.withNvml(() => thenable, { snapshot });
    await Promise.resolve();
    expect(isOpen()).toBe(true);
    end('done');
    expect(await result).toBe('done');
    expect(isOpen()).toBe(false);
  });

  it('is nothing else', () => {
    // biome-ignore lint/suspicious/noThenProperty: what is called then and cannot be called is no promise
    for (const value of [null, undefined, 5, { then: 5 }]) {
      expect(nvml.withNvml(() => value, { snapshot })).toBe(value);
      expect(isOpen()).toBe(false);
    }
  });
});
