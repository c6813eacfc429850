import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json } from '../../src/snapshot/answer.js';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { set } from '../commands/made-machine.js';
import { invalidities } from './dtd.js';
import { golden } from './golden.js';
import { runOn } from './run.js';
import { callsOf, h100, sceneOf } from './scene.js';
import { SHAPES } from './shapes.js';

/** The machines of the package that have a GPU to report on. */
function snapshots(): readonly (readonly [name: string, machine: () => Snapshot])[] {
  const folder = new URL('../../snapshots/', import.meta.url);
  return readdirSync(folder)
    .map((file) => [file, parseSnapshot(readFileSync(new URL(file, folder), 'utf8'), file)] as const)
    .filter(
      ([, { calls }]) => calls.nvmlDeviceGetName !== undefined && calls.nvmlDeviceGetCount_v2 !== undefined,
    )
    .map(([file, snapshot]) => [file, () => snapshot]);
}

const machines: readonly (readonly [name: string, machine: () => Snapshot])[] = [
  ...snapshots(),
  ['the H100 under load', () => sceneOf(golden('h100-x1/load-qx.out'))],
  ['two H200s', () => sceneOf(golden('h200-x2/qx.out'))],
  ...SHAPES.map(({ name, machine }): readonly [string, () => Snapshot] => [name, machine]),
];

describe('the XML of a report', () => {
  const hasXmllint = spawnSync('xmllint', ['--version']).status === 0;
  let folder = '';
  let deviceDtd = '';
  let unitDtd = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nvsmi-dtd-'));
    deviceDtd = (await runOn(h100(), ['--dtd'])).out;
    unitDtd = (await runOn(h100(), ['--dtd', '-u'])).out;
    writeFileSync(join(folder, 'nvsmi_device_v13.dtd'), deviceDtd);
    writeFileSync(join(folder, 'nvsmi_unit_v13.dtd'), unitDtd);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What our own reading of the DTD, and xmllint where it is installed, have to say about a document. */
  function complaints(document: string, dtd = deviceDtd): readonly string[] {
    const ours = invalidities(document, dtd);
    if (!hasXmllint) return ours;
    const path = join(folder, 'document.xml');
    writeFileSync(path, document);
    const { status, stderr } = spawnSync('xmllint', ['--noout', '--valid', '--nonet', path], {
      encoding: 'utf8',
    });
    return status === 0 ? ours : [...ours, `xmllint: ${stderr}`];
  }

  it.each(machines)('is valid: %s', async (_, machine) => {
    expect(complaints((await runOn(machine(), ['-q', '-x', '--as', '580'])).out)).toEqual([]);
  });

  it.each(machines)('is valid with its DTD inside: %s', async (_, machine) => {
    const { out } = await runOn(machine(), ['-q', '-x', '--dtd']);
    expect(out).toContain('<!DOCTYPE nvidia_smi_log [');
    expect(complaints(out, '')).toEqual([]);
  });

  it('is valid of units', async () => {
    expect(complaints((await runOn(h100(), ['-q', '-u', '-x'])).out, unitDtd)).toEqual([]);
  });

  it.each(['h100-x1/qx', 'h100-x1/load-qx', 'h200-x2/qx', 'h200-x2/load-qx'])(
    'is valid where nvidia-smi wrote it, against our DTD: %s',
    (name) => {
      expect(complaints(golden(`${name}.out`))).toEqual([]);
    },
  );

  it.each([
    ['an element that is not declared', '<processes>', '<processes><bogus/>', 'bogus is not declared'],
    ['an element in another place', '</processes>', '<serial/></processes>', 'processes may not hold'],
    ['an element missing', /<serial>.*<\/serial>/, '', 'gpu may not hold'],
    ['an element twice', /<serial>.*<\/serial>/, '$&$&', 'gpu may not hold'],
    [
      'text between elements',
      '<fb_memory_usage>',
      '<fb_memory_usage>text',
      'fb_memory_usage may not hold text',
    ],
    ['a GPU without its id', /<gpu id=".*">/, '<gpu>', 'gpu has the attributes (none)'],
    ['another root', /nvidia_smi_log>/g, 'gpu_log>', 'the root element is not nvidia_smi_log'],
    ['a tag that is not closed', '</processes>', '', 'line '],
  ])('is not valid with %s', async (_, place, put, complaint) => {
    const { out } = await runOn(h100(), ['-q', '-x']);
    expect(out).toMatch(place);
    expect(complaints(out.replace(place, put)).join('\n')).toContain(complaint);
  });
});

describe('the DTD', () => {
  it('alone is printed without asking a machine', async () => {
    const { out, status } = await runOn('no-such-machine', ['--dtd']);
    expect(status).toBe(0);
    expect(out).toMatch(/^<!-- nvsmi_device_v13\.dtd -->\n<!ELEMENT nvidia_smi_log /);
  });

  it('goes to the file of -f', async () => {
    const { out, file } = await runOn('no-such-machine', ['--dtd', '-f', '/tmp/any']);
    expect(out).toBe('');
    expect(file).toContain('<!ELEMENT gpu ');
  });

  it('declares every element once', async () => {
    const { out } = await runOn('no-such-machine', ['--dtd']);
    const tags = [...out.matchAll(/<!ELEMENT (\S+)/g)].map(([, tag]) => tag);
    expect(new Set(tags).size).toBe(tags.length);
  });
});

describe('a process of any name', () => {
  const NAMES: readonly (readonly [name: string, read: string])[] = [
    ['python3', 'python3'],
    ['a & b <c> "d" \'e\' ]]>', 'a & b <c> "d" \'e\' ]]>'],
    ['</process_name><pid>1</pid>', '</process_name><pid>1</pid>'],
    ['&amp; &#0; &lt;', '&amp; &#0; &lt;'],
    ['bell\u0007 escape\u001b[31m null\u0001', 'bell\ufffd escape\ufffd[31m null\ufffd'],
    ['tab\tand\nnew line', 'tab\tand\nnew line'],
    ['ünïcödé 名前 🚀', 'ünïcödé 名前 🚀'],
    ['\ufffe\uffff', '\ufffd\ufffd'],
  ];

  it.each(NAMES)('is escaped: %j', async (name, read) => {
    const base = h100();
    const calls = callsOf(base);
    const process: Json = {
      pid: 7,
      usedGpuMemory: 1,
      gpuInstanceId: 0xffffffff,
      computeInstanceId: 0xffffffff,
    };
    set(calls, 'nvmlDeviceGetComputeRunningProcesses_v3', 'gpu0', [process]);
    set(calls, 'nvmlSystemGetProcessName', '7', name);
    const { out } = await runOn({ ...base, calls }, ['-q', '-x']);
    expect(XMLValidator.validate(out)).toBe(true);
    const parser = new XMLParser({ trimValues: false, parseTagValue: false, htmlEntities: true });
    const { process_info } = parser.parse(out).nvidia_smi_log.gpu.processes;
    expect(process_info.process_name).toBe(read);
    expect(process_info.pid).toBe('7');
  });
});

describe('XML in a loop', () => {
  it('is one whole document per write, with the root tags alone on their lines', async () => {
    const { writes } = await runOn(h100(), ['-q', '-x', '-l', '1'], { ticks: 3 });
    expect(writes).toHaveLength(3);
    for (const text of writes) {
      const lines = text.split('\n');
      expect(lines[0]).toBe('<?xml version="1.0" ?>');
      expect(lines.filter((line) => line === '<nvidia_smi_log>')).toHaveLength(1);
      expect(lines.at(-2)).toBe('</nvidia_smi_log>');
      expect(lines.at(-1)).toBe('');
    }
  });
});
