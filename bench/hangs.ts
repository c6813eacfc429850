/**
 * How late an answer is where a call about one of two GPUs never returns, beyond the timeout: each surface by each call. One line a run:
 *
 *   npx tsx bench/hangs.ts [--timeout 3] [--rounds 3] [--at-once 1] [--load 0]
 *
 * `--load` starts so many programs that only compute, `--at-once` runs so many cells at a time. NVSMI_PROGRAM names the single file.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { FunctionName } from '../src/nvml/generated/functions.js';
import { callersOf, deafTo, nvsmi } from '../test/deadline/deaf.js';
import type { FakeLibrary } from '../test/fake-nvml/build.js';

const { values } = parseArgs({
  options: {
    timeout: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    'at-once': { type: 'string', default: '1' },
    load: { type: 'string', default: '0' },
  },
});
const TIMEOUT = Number(values.timeout);

const CALLS: Readonly<Record<string, FunctionName>> = {
  init: 'nvmlInit_v2',
  handles: 'nvmlDeviceGetHandleByIndex_v2',
  temperature: 'nvmlDeviceGetTemperatureV',
  utilization: 'nvmlDeviceGetUtilizationRates',
  'PCIe throughput': 'nvmlDeviceGetPcieThroughput',
  'process lists': 'nvmlDeviceGetComputeRunningProcesses_v3',
};

/** What one run found: milliseconds beyond the timeout, its status, and whether it had to wait at all. */
interface Run {
  readonly late: number;
  readonly status: number | string | null;
  readonly waited: boolean;
}

const words = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

/** A program that ends by itself. */
async function once(library: FakeLibrary, line: string): Promise<Run> {
  const { status, took, err } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...words(line)]);
  return { late: took - TIMEOUT * 1000, status, waited: err.includes('no answer') };
}

/** A loop: from its start to its first tick, and from there to the second one, which is due a period later. It is stopped then. */
async function looping(library: FakeLibrary, line: string, period: number, tick: RegExp): Promise<Run> {
  const begun = performance.now();
  const at: number[] = [];
  const { status, took, err } = await nvsmi(
    library,
    ['--timeout', String(TIMEOUT), ...words(line)],
    (out) => {
      const count = out.match(tick)?.length ?? 0;
      while (at.length < count) at.push(performance.now() - begun);
      return at.length >= 2;
    },
  );
  // Without NVML it ends as other commands do.
  if (status === 124) return { late: took - TIMEOUT * 1000, status, waited: true };
  const [first = Number.NaN, second = Number.NaN] = at;
  return {
    late: Math.max(first - TIMEOUT * 1000, second - first - period),
    status,
    waited: err.includes('no answer'),
  };
}

/** The recorder: to the line of the late call, and from the signal to its end. */
async function recording(library: FakeLibrary): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-hangs-'));
  const argv = ['--timeout', String(TIMEOUT), ...words('daemon --foreground -d 1 -s put -p'), folder];
  const begun = performance.now();
  let seen = Number.NaN;
  const { status, took, err } = await nvsmi(library, argv, (_, err) => {
    if (Number.isNaN(seen) && err.includes('no answer')) seen = performance.now() - begun;
    // Without NVML it ends by itself.
    if (err.includes('nvmlInit')) return false;
    return (
      !Number.isNaN(seen) || (performance.now() - begun > 2000 * TIMEOUT && readdirSync(folder).length > 0)
    );
  });
  rmSync(folder, { recursive: true });
  const waited = err.includes('no answer');
  return { late: (status === 124 ? took : seen) - TIMEOUT * 1000, status, waited };
}

/** A program over the library: each of its promises has the timeout, and prints how long it took. */
async function program(library: FakeLibrary, source: string): Promise<Run> {
  const built = (file: string): string =>
    JSON.stringify(new URL(`../dist/lib/${file}`, import.meta.url).href);
  const head = `
    import { open } from ${built('index.js')};
    import * as nvml from ${built('nvml-promises.js')};
    const path = ${JSON.stringify(library.path)}, timeout = ${TIMEOUT * 1000};
    let most = 0, code = 0;
    const timed = async (make) => {
      const begun = performance.now();
      const found = await make().catch((error) => { code = error.code ?? 1; });
      most = Math.max(most, performance.now() - begun);
      return found;
    };
    const isAbsent = (found) => JSON.stringify(found ?? null).includes('No Answer');`;
  const tail = 'console.log(JSON.stringify({ most, code }));';
  const child = spawn(process.execPath, ['--input-type=module', '-e', head + source + tail], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (part: Buffer) => {
    out += part.toString();
  });
  await new Promise((resolve) => child.once('close', resolve));
  const { most, code } = JSON.parse(out) as { most: number; code: number };
  return { late: most - TIMEOUT * 1000, status: code, waited: code !== 0 };
}

const QUERY = '--query-gpu=index,temperature.gpu,utilization.gpu --format=csv,noheader';

const SURFACES: Readonly<Record<string, (library: FakeLibrary) => Promise<Run>>> = {
  summary: (library) => once(library, ''),
  CSV: (library) => once(library, QUERY),
  '--query-compute-apps': (library) => once(library, '--query-compute-apps=pid,used_memory --format=csv'),
  '-q': (library) => once(library, '-q'),
  '-q -x': (library) => once(library, '-q -x'),
  'dmon -s put': (library) => once(library, 'dmon -s put -c 1'),
  pmon: (library) => once(library, 'pmon -c 1'),
  daemon: recording,
  '-l 1': (library) => looping(library, '-l 1', 1000, /\|\s+0 {2}NVIDIA H200/g),
  'CSV -lms 500': (library) => looping(library, `${QUERY} -lms 500`, 500, /^0, /gm),
  'open({ timeout })': (library) =>
    program(
      library,
      `
      const nvsmi = await timed(() => open({ path, timeout }));
      if (nvsmi !== undefined) {
        const fields = ['temperature.gpu', 'utilization.gpu', 'pcie.throughput.rx'];
        if (isAbsent(await timed(() => nvsmi.query(fields).sampleAsync()))) code = 124;
        await timed(() => nvsmi.processesAsync());
        nvsmi.close();
      }`,
    ),
  'nvml/promises': (library) =>
    program(
      library,
      `
      await timed(() => nvml.nvmlInit({ path, timeout }));
      const gpu = code === 0 ? await timed(() => nvml.nvmlDeviceGetHandleByIndex(1)) : undefined;
      if (gpu !== undefined) {
        await Promise.all([
          timed(() => nvml.nvmlDeviceGetTemperatureV(gpu, { sensorType: 0 })),
          timed(() => nvml.nvmlDeviceGetUtilizationRates(gpu)),
          timed(() => nvml.nvmlDeviceGetPcieThroughput(gpu, 0)),
          timed(() => nvml.nvmlDeviceGetComputeRunningProcesses(gpu)),
        ]);
      }
      await nvml.nvmlShutdown().catch(() => undefined);`,
    ),
};

/** Whether a process that calls this library is still there five seconds later. */
async function isLeft(library: FakeLibrary): Promise<boolean> {
  for (let tries = 0; tries < 100 && callersOf(library).length > 0; tries++) await sleep(50);
  return callersOf(library).length > 0;
}

const busy: ChildProcess[] = [];
for (let i = 0; i < Number(values.load); i++)
  busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));

const cells = Object.keys(SURFACES).flatMap((surface) =>
  Object.keys(CALLS).map((call) => ({ surface, call })),
);
const runs = new Map<string, Run[]>();
let left = 0;
const turns = Array.from({ length: Number(values.rounds) }, () => cells).flat();
const worker = async (): Promise<void> => {
  for (let next = turns.shift(); next !== undefined; next = turns.shift()) {
    const { surface, call } = next;
    const library = deafTo(CALLS[call] as FunctionName);
    const run = await (SURFACES[surface] as (library: FakeLibrary) => Promise<Run>)(library);
    const key = `${surface} | ${call}`;
    runs.set(key, [...(runs.get(key) ?? []), run]);
    if (await isLeft(library)) left++;
  }
};
await Promise.all(Array.from({ length: Number(values['at-once']) }, worker));
for (const child of busy) child.kill('SIGKILL');

const names = Object.keys(CALLS);
console.log(`${''.padEnd(22)}${names.map((name) => name.padStart(17)).join('')}`);
for (const surface of Object.keys(SURFACES)) {
  const texts = names.map((call) => {
    const found = runs.get(`${surface} | ${call}`) ?? [];
    if (!found.some(({ waited }) => waited)) return '-';
    const statuses = [...new Set(found.map(({ status }) => status))].join('/');
    return `${Math.round(Math.max(...found.map(({ late }) => late)))} (${statuses})`;
  });
  console.log(`${surface.padEnd(22)}${texts.map((text) => text.padStart(17)).join('')}`);
}
console.log(`${[...runs.values()].flat().length} runs; processes left: ${left}`);
