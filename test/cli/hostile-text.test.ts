/** Names, versions and ids of a machine may hold anything; none of it reaches a terminal. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { plainLines } from '../../src/base/plain-text.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { a100WithMig } from '../commands/mig-machine.js';
import { runOn } from '../commands/run-on.js';
import { vgpuHost } from '../commands/vgpu-machine.js';
import { JSON_COMMANDS, TEXT_COMMANDS } from './every-command.js';

/** A line break, an escape, a control character of the second set, and a mark that turns the direction of writing. */
const HOSTILE = '\n\u001b\u009b\u202e';
/** As many bytes that are plain: both are cut at the size of the struct. */
const PLAIN = '??ä€';
const shown = (text: string): string => text.replace(/[äÄ€]/g, '?');

const bundled = (name: string): Snapshot =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

/** Names of handles, and numbers. */
const NO_TEXT = /^(?:(?:gpu|unit)\d.*|-?\d+|NVML_ERROR_\w+|)$/;
/** Texts that other answers are found by, or that have no room for more. */
const NOT_CHANGED = new Set(['busIdLegacy', 'busId', 'nvmlDeviceGetPciInfo']);

function planted(machine: Snapshot, mark: string): Snapshot {
  /** After the first letter: the end of a name may have a meaning, and so may its beginning. */
  const marked = (text: string): string => text.slice(0, 1) + mark + text.slice(1);
  const into = (name: string, json: Json): Json => {
    if (typeof json === 'string') return NO_TEXT.test(json) || NOT_CHANGED.has(name) ? json : marked(json);
    if (Array.isArray(json)) return json.map((item) => into(name, item));
    if (typeof json !== 'object' || json === null) return json;
    return Object.fromEntries(Object.entries(json).map(([key, value]) => [key, into(key, value)]));
  };
  const calls = Object.fromEntries(
    Object.entries(machine.calls).map(([fn, answers]) => [
      fn,
      Object.fromEntries(Object.entries(answers).map(([key, answer]) => [key, into(fn, answer)])),
    ]),
  );
  const place = '/devices/pci0000:16/0000:16:01.0/0000:1d:00.0';
  const files = {
    ...machine.files,
    [`/sys/class/infiniband/${marked('mlx5')}/device@`]: `${place}${mark}`,
    [`/sys/class/nvme/${marked('nvme')}/device@`]: `${place}${mark}`,
    [`/proc/driver/nvidia/gpus/0000:34:00.0${mark}`]: '',
  };
  return { ...machine, calls, files };
}

const UNIT = {
  nvmlUnitGetCount: { '': 1 },
  nvmlUnitGetHandleByIndex: { 0: 'unit0' },
  nvmlUnitGetUnitInfo: { unit0: { name: 'S2050', id: 'id', serial: 'serial', firmwareVersion: 'firmware' } },
  nvmlUnitGetLedState: { unit0: { cause: 'cause', color: 1 } },
  nvmlUnitGetPsuInfo: { unit0: { state: 'state', current: 1, voltage: 2, power: 3 } },
  nvmlSystemGetHicVersion: { '': [{ hwbcId: 1, firmwareVersion: 'hic' }] },
  nvmlGetExcludedDeviceCount: { '': 1 },
  nvmlGetExcludedDeviceInfoByIndex: { 0: { uuid: 'GPU-x', pciInfo: { busId: '00000000:09:00.0' } } },
  nvmlDeviceGetHostname_v1: { gpu0: { value: 'host' } },
};

/** A GPU that fell off the bus, which /proc has the place of. */
function lost(): Snapshot {
  const machine = vgpuHost();
  const byIndex = { 0: 'gpu0', 1: { error: 'NVML_ERROR_GPU_IS_LOST' } };
  return {
    ...machine,
    files: { '/proc/driver/nvidia/gpus/0000:18:00.0': '' },
    calls: { ...machine.calls, nvmlDeviceGetHandleByIndex_v2: byIndex },
  };
}

const MACHINES: readonly (readonly [string, () => Snapshot])[] = [
  [
    'two H200s and a unit',
    () => ({ ...bundled('h200-x2'), calls: { ...bundled('h200-x2').calls, ...UNIT } }),
  ],
  ['an A100 with MIG', () => bundled('a100-mig')],
  ['instances of MIG', a100WithMig],
  ['a host of vGPUs', vgpuHost],
  ['a lost GPU', lost],
  ['a driver that does not fit', () => bundled('mismatch')],
];

/** What nvidia-smi puts around the head of a matrix. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const withoutUnderline = (text: string): string => text.replace(/\u001b\[4m|\u001b\[0m/g, '');

/** What documents say of the recording that answered. */
const SOURCE = /,?"source":\{"snapshot":"[^"]*"\}/g;

describe.each(MACHINES)('of %s', (_, machine) => {
  const hostile = planted(machine(), HOSTILE);
  const plain = planted(machine(), PLAIN);

  it.each(TEXT_COMMANDS.map((argv) => [argv.join(' '), argv] as const))(
    'nothing gets from a text into that of: nvsmi %s',
    async (_line, argv) => {
      const { out, err, status } = await runOn(hostile, argv);
      const expected = await runOn(plain, argv);
      expect(withoutUnderline(out)).toBe(plainLines(withoutUnderline(out)));
      expect(err).toBe(plainLines(err));
      expect(out).toBe(shown(expected.out));
      expect(status).toBe(expected.status);
    },
  );

  it.each(JSON_COMMANDS.map((argv) => [argv.join(' '), argv] as const))(
    'all gets into the JSON, escaped, of: nvsmi %s',
    async (_line, argv) => {
      const { out } = await runOn(hostile, argv);
      const expected = await runOn(plain, argv);
      expect(out).toBe(plainLines(out));
      if (out === '' || out.startsWith('[') || out.startsWith('{')) {
        // Each recording has a path of its own, which the documents name.
        const read = (text: string): string =>
          JSON.stringify(text === '' ? null : JSON.parse(text)).replaceAll(SOURCE, '');
        // The messages of errors are made plain before they get into a document.
        const got = read(out).replaceAll(JSON.stringify(HOSTILE).slice(1, -1), PLAIN);
        expect(got.replaceAll(shown(PLAIN), PLAIN)).toBe(read(expected.out));
      } else expect(out).toBe(shown(expected.out));
    },
  );

  it('all gets into the XML, as references', async () => {
    const { out } = await runOn(hostile, ['-q', '-x']);
    expect(out).toBe(plainLines(out));
    const expected = await runOn(plain, ['-q', '-x']);
    expect(shown(out.replaceAll('&#xA;\ufffd&#x9B;&#x202E;', PLAIN))).toBe(shown(expected.out));
  });
});
