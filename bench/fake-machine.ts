/**
 * A machine with so many H100s that answers as slowly as a real one, for benchmarks without a GPU: the compiled fake
 * NVML of the tests with the recorded H100, and the times of call-costs-h100.tsv as delays. A function takes the
 * median of its rows there; nvmlInit and attaching take what startup.js saw on the same machine.
 *
 *   npx tsx bench/fake-machine.ts FOLDER [GPUS] [at-once]      prints the library's path, for --nvml
 *
 * With `at-once` it has no delays and no log: for what the callers themselves cost.
 */
import { cpSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Snapshot } from '../src/snapshot/snapshot.js';
import { buildFake, type FakeLibrary } from '../test/fake-nvml/build.js';

const OPENING = { nvmlInit_v2: 12_000, nvmlDeviceGetHandleByIndex_v2: 6_800 };
/** Reads the same flash as nvmlDeviceGetInforomConfigurationChecksum; the table has only that one. */
const VALIDATION = 69_000;

const at = (name: string): URL => new URL(name, import.meta.url);

const median = (list: readonly number[]): number =>
  [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? 0;

/** Microseconds of each function. */
export function delays(): Readonly<Record<string, number>> {
  const rows = new Map<string, number[]>();
  for (const line of readFileSync(at('call-costs-h100.tsv'), 'utf8').trim().split('\n').slice(1)) {
    const [call = '', , first, again] = line.split('\t');
    const fn = call.replace(/\(.*/, '');
    rows.set(fn, [...(rows.get(fn) ?? []), Number(again || first)]);
  }
  const known = Object.fromEntries([...rows].map(([fn, micros]) => [fn, median(micros)]));
  return { ...known, nvmlDeviceValidateInforom: VALIDATION, ...OPENING };
}

/**
 * The driver answers one call at a time, whichever GPU it is about: two infoROM checks at once took 140 ms, and a call about
 * the other GPU waited for one (two H200, 580.159.04; locks.c). Only these wait outside its lock.
 */
const UNLOCKED: ReadonlySet<string> = new Set([...Object.keys(OPENING), 'nvmlDeviceGetPcieThroughput']);

const locked = (): ReadonlySet<string> => new Set(Object.keys(delays()).filter((fn) => !UNLOCKED.has(fn)));

/** The recorded machine with its GPU as often as wanted, under other names. */
function withGpus(snapshot: Snapshot, gpus: number): Snapshot {
  const calls = structuredClone(snapshot.calls) as Record<string, Record<string, unknown>>;
  for (const answers of Object.values(calls)) {
    for (const [key, answer] of Object.entries(answers)) {
      if (!key.startsWith('gpu0')) continue;
      for (let i = 1; i < gpus; i++) {
        answers[key.replace('gpu0', `gpu${i}`)] = JSON.parse(
          JSON.stringify(answer).replaceAll('gpu0', `gpu${i}`),
        );
      }
    }
  }
  const indexes = Array.from({ length: gpus }, (_, i) => i);
  const handles = Object.fromEntries(indexes.map((i) => [i, `gpu${i}`]));
  return {
    ...snapshot,
    calls: {
      ...calls,
      nvmlDeviceGetCount_v2: { '': gpus },
      nvmlDeviceGetHandleByIndex_v2: handles,
      nvmlDeviceGetIndex: Object.fromEntries(indexes.map((i) => [`gpu${i}`, i])),
    } as Snapshot['calls'],
  };
}

function recordedMachine(gpus: number): Snapshot {
  return withGpus(JSON.parse(readFileSync(at('../snapshots/h100-x1.json'), 'utf8')), gpus);
}

/** The machine without delays and log. */
async function promptMachine(gpus: number): Promise<FakeLibrary> {
  return (await buildFake()).with({ snapshot: recordedMachine(gpus), log: false });
}

/**
 * Builds the machine. It goes away with this process. With `only` it answers no other functions, and is loaded in less
 * time; else it logs its calls, which takes time too.
 */
export async function fakeMachine(gpus: number, only?: ReadonlySet<string>): Promise<FakeLibrary> {
  const machine = recordedMachine(gpus);
  const fake = await buildFake();
  if (only === undefined) return fake.with({ snapshot: machine, delays: delays(), locked: locked() });
  const calls = Object.fromEntries(Object.entries(machine.calls).filter(([fn]) => only.has(fn)));
  return fake.with({ snapshot: { ...machine, calls }, delays: delays(), locked: locked(), log: false });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [folder = 'fake', gpus = '1', pace] = process.argv.slice(2);
  const { path } = await (pace === 'at-once' ? promptMachine : fakeMachine)(Number(gpus));
  cpSync(join(path, '..'), folder, { recursive: true });
  console.log(resolve(folder, 'libnvidia-ml.so.1'));
}
