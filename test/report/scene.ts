/**
 * Recorded machines at the moment of a recorded report: the readings that move, or differ between machines, are
 * taken from nvidia-smi's output and given back as NVML's answers, all others are those of the H100's recording.
 */
import { XMLParser } from 'fast-xml-parser';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { type ChangedCalls, copyGpu, recorded, refused, set } from '../commands/made-machine.js';
import { GIVEN, MEBIBYTE } from './scene-readings.js';

/** The answers of a snapshot, to be changed. */
export function callsOf(snapshot: Snapshot): ChangedCalls {
  return structuredClone(snapshot.calls) as ChangedCalls;
}

export const h100 = (): Snapshot => parseSnapshot(JSON.stringify(recorded('h100-x1')), 'h100-x1');

/** The values of a report, one map per GPU: by labels joined with / in text, by tags joined with . in XML. */
type Found = readonly ReadonlyMap<string, string>[];

function textValues(report: string): Found {
  const gpus: Map<string, string>[] = [];
  let path: string[] = [];
  for (const line of report.split('\n')) {
    if (line.startsWith('GPU ')) {
      gpus.push(new Map());
      path = [];
      continue;
    }
    const [, blanks = '', label = '', value] = /^( +)(.*?)(?: +: (.*))?$/.exec(line) ?? [];
    const depth = blanks.length / 4 - 1;
    if (label === '' || depth < 0) continue;
    path = [...path.slice(0, depth), value === undefined ? line.slice(blanks.length) : label];
    if (value !== undefined) gpus.at(-1)?.set(path.join('/'), value);
  }
  return gpus;
}

function xmlValues(report: string): Found {
  const parsed = new XMLParser({ ignoreAttributes: false, parseTagValue: false }).parse(report);
  const gpus = [parsed.nvidia_smi_log.gpu].flat();
  return gpus.map((gpu) => {
    const found = new Map<string, string>();
    const walk = (node: unknown, path: string): void => {
      if (typeof node === 'string') found.set(path, node);
      else if (typeof node === 'object' && node !== null && !Array.isArray(node)) {
        for (const [tag, child] of Object.entries(node)) walk(child, path === '' ? tag : `${path}.${tag}`);
      }
    };
    walk(gpu, '');
    return found;
  });
}

/** What follows from no line of a report. */
function giveThresholds(calls: ChangedCalls, gpu: string): void {
  const of = (type: number): string => `${gpu},${type}`;
  set(calls, 'nvmlDeviceGetTemperatureThreshold', of(2), 95);
  set(calls, 'nvmlDeviceGetTemperatureThreshold', of(3), 87);
  set(calls, 'nvmlDeviceGetTemperatureThreshold', of(6), refused('NOT_SUPPORTED'));
}

/** `duration`, `count` and the rest of each block, as samples that have them. */
function giveSamples(calls: ChangedCalls, gpu: string, values: ReadonlyMap<string, string>): void {
  const blocks: readonly (readonly [heading: string, type: number, scale: number])[] = [
    ['Power Samples', 0, 1000],
    ['GPU Utilization Samples', 1, 1],
    ['Memory Utilization Samples', 2, 1],
  ];
  for (const [heading, type, scale] of blocks) {
    const number = (label: string): number => Number.parseFloat(values.get(`${heading}/${label}`) ?? '');
    const count = number('Number of Samples');
    if (Number.isNaN(count)) continue;
    const [max, min, average] = ['Max', 'Min', 'Avg'].map((label) => Math.round(number(label) * scale)) as [
      number,
      number,
      number,
    ];
    const step = (number('Duration') * 1e6) / (count - 1);
    const rest = Math.max(0, average * count - max - min);
    const each = Math.floor(rest / (count - 2));
    const extra = rest - each * (count - 2);
    const samples = [max, min, ...Array.from({ length: count - 2 }, (_, i) => (i < extra ? each + 1 : each))];
    set(calls, 'nvmlDeviceGetSamples', `${gpu},${type},0`, [
      1,
      samples.map((value, i) => ({
        timeStamp: Math.round(1_795_447_816_000_000 + i * step),
        sampleValue: { ullVal: value },
      })),
    ]);
  }
}

/** The processes that a report shows. */
function giveProcesses(calls: ChangedCalls, gpu: string, report: string): void {
  const pid = /<pid>(\d+)<|Process ID +: (\d+)/.exec(report)?.slice(1).find(Boolean);
  if (pid === undefined) return;
  const used = /<used_memory>(\d+) MiB<|Used GPU Memory +: (\d+) MiB/.exec(report)?.slice(1).find(Boolean);
  set(calls, 'nvmlDeviceGetComputeRunningProcesses_v3', gpu, [
    {
      pid: Number(pid),
      usedGpuMemory: Number(used) * MEBIBYTE,
      gpuInstanceId: 0xffffffff,
      computeInstanceId: 0xffffffff,
    },
  ]);
  set(calls, 'nvmlSystemGetProcessName', pid, 'python3');
}

function giveSupportedClocks(calls: ChangedCalls, gpu: string, report: string): void {
  const clocks = new Map<number, number[]>();
  let memory = 0;
  for (const match of report.matchAll(
    /<(value|supported_graphics_clock)>(\d+) MHz|^ {8,}(Memory|Graphics) +: (\d+) MHz$/gm,
  )) {
    const isMemory = (match[1] ?? match[3]) === 'value' || match[3] === 'Memory';
    const megahertz = Number(match[2] ?? match[4]);
    if (isMemory) {
      memory = megahertz;
      clocks.set(memory, []);
    } else clocks.get(memory)?.push(megahertz);
  }
  set(calls, 'nvmlDeviceGetSupportedMemoryClocks', gpu, [...clocks.keys()]);
  for (const [each, graphics] of clocks) {
    set(calls, 'nvmlDeviceGetSupportedGraphicsClocks', `${gpu},${each}`, graphics);
  }
}

/** The machine of a recorded report, text or XML, when it was made. */
export function sceneOf(report: string): Snapshot {
  const base = h100();
  const isXml = report.startsWith('<?xml');
  const found = isXml ? xmlValues(report) : textValues(report);
  const attached = Number(/(?:Attached GPUs +: |<attached_gpus>)(\d+)/.exec(report)?.[1] ?? 1);
  const calls = machineOf(callsOf(base), attached);
  const chunks = report.split(isXml ? '<gpu id=' : /^GPU /m).slice(1);
  const busIds = chunks.map((chunk) => /[0-9A-F]{8}:[0-9A-F]{2}:[0-9A-F]{2}\.0/.exec(chunk)?.[0] ?? '');
  const known = busIds.map((busId) => Math.max(0, BUS_IDS.indexOf(busId)));
  for (let i = 0; i < attached; i++) giveThresholds(calls, `gpu${i}`);
  found.forEach((values, i) => {
    const gpu = `gpu${known[i]}`;
    for (const [text, xml, give] of GIVEN) {
      const value = values.get(isXml ? xml : text);
      if (value !== undefined && value !== 'N/A') give(calls, gpu, value);
    }
    giveSamples(calls, gpu, values);
    giveProcesses(calls, gpu, chunks[i] ?? '');
    if (/supported_mem_clock|Supported Clocks/.test(report)) giveSupportedClocks(calls, gpu, chunks[i] ?? '');
  });
  return { ...base, calls };
}

/** The bus ids of the recorded machines, in the order of their GPUs. */
const BUS_IDS = ['00000000:00:06.0', '00000000:00:07.0'];

/** The H100's answers for so many GPUs like it, each on its own bus id. */
function machineOf(calls: ChangedCalls, count: number): ChangedCalls {
  if (count === 1) return calls;
  copyGpu(calls, 'gpu1');
  calls.nvmlDeviceGetCount_v2 = { '': count };
  for (const fn of ['nvmlDeviceGetPciInfo_v3', 'nvmlDeviceGetPciInfoExt']) {
    set(calls, fn, 'gpu1', { device: 7, busId: '00000000:00:07.0' });
  }
  return calls;
}

/** When a report was made, as local time. */
export function timeOf(report: string): number {
  const text = /[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/.exec(report)?.[0] ?? '';
  return Date.parse(text);
}
