/**
 * What the monitor costs on a machine with eight GPUs: the front alone (a sample becomes cells, cells become bytes), and whole programs
 * in a terminal on the simulated machine, nvtop, btop and nvitop too where they are installed. No GPU needed; the second part needs tmux.
 * `npm run bench:top -- dist/nvsmi-linux-x64` measures the single file as well.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSession } from '../src/nvml/session.js';
import { Asker } from '../src/query/ask/asker.js';
import { openSnapshot } from '../src/snapshot/machine.js';
import { recordedFiles } from '../src/system/files.js';
import { SHARES, type Share } from '../src/top/gpu-cells.js';
import { Histories } from '../src/top/history.js';
import { historyName } from '../src/top/panels/graphs.js';
import { Screen } from '../src/top/screen.js';
import { USUAL } from '../src/top/settings.js';
import { initialState } from '../src/top/state.js';
import { themeOf } from '../src/top/theme.js';
import { view } from '../src/top/view.js';
import { liveSampler } from '../src/watch/live-sampler.js';
import type { WatchSample } from '../src/watch/sample.js';

const MACHINE = 'hgx-h100-x8';
const SIZES = [
  [80, 24],
  [120, 40],
  [200, 60],
  [250, 80],
] as const;
const TICKS = 600;
const WARM = 200;

const median = (numbers: readonly number[]): number =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

/** As many samples as the recording has moments. */
async function samples(count: number): Promise<readonly WatchSample[]> {
  const session = openSession(openSnapshot(MACHINE).driver);
  let now = Date.UTC(2026, 0, 1);
  const sampler = await liveSampler({
    asker: new Asker(session),
    gpus: session.gpus,
    files: recordedFiles({}),
    isRecorded: true,
    own: 0,
    now: () => now,
  });
  const taken: WatchSample[] = [];
  for (let i = 0; i < count; i++) {
    now += 1000;
    taken.push(await sampler.take());
  }
  return taken;
}

function front(taken: readonly WatchSample[], columns: number, rows: number): string {
  const screen = new Screen(columns, rows, themeOf(3, 'dark'));
  const histories = new Histories();
  const state = initialState(USUAL, false);
  const spent: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < TICKS + WARM; i++) {
    const time = Date.UTC(2026, 0, 1) + i * 1000;
    const sample = { ...(taken[i % taken.length] as WatchSample), time };
    const begin = process.cpuUsage();
    for (const gpu of sample.gpus) {
      for (const share of Object.keys(SHARES) as readonly Share[]) {
        histories.add(historyName(gpu.index, share), time, SHARES[share](gpu) ?? Number.NaN);
      }
    }
    const { lines } = view({
      state,
      surface: { columns, rows, isUtf8: true },
      sample,
      histories,
      now: time,
      silentSince: undefined,
      replay: undefined,
    });
    const bytes = Buffer.byteLength(screen.draw(lines));
    const { user, system } = process.cpuUsage(begin);
    if (i < WARM) continue;
    spent.push(user + system);
    sizes.push(bytes);
  }
  const mean = spent.reduce((sum, each) => sum + each, 0) / spent.length;
  return `${columns}x${rows}: ${(mean / 1000).toFixed(2)} ms CPU a tick, ${(mean / 10_000).toFixed(2)} % of a core at 1 s; bytes a tick: median ${median(sizes)}, most ${Math.max(...sizes)}`;
}

const TICKS_PER_SECOND = 100;
/** Until caches are warm and what is compiled is compiled: Bun compiles for about two minutes, as a tick is short. */
const WARM_SECONDS = 150;
const SECONDS = 60;

/** Columns and rows of the terminals. */
const WIDE = [200, 60] as const;

const statusOf = (pid: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) /
  1024;

const ticksOf = (pid: string): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return Number(fields[11]) + Number(fields[12]);
};

interface Running {
  readonly name: string;
  readonly pid: string;
  readonly output: string;
  tmux(...args: readonly string[]): string;
}

const sleep = (seconds: number): void => void spawnSync('sleep', [String(seconds)]);

function started(name: string, program: readonly string[], library: string, i: number): Running {
  const socket = `nvsmi-bench-${process.pid}-${i}`;
  const output = join(tmpdir(), `${socket}.out`);
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
  const line = ['exec env LANG=C.UTF-8', `LD_LIBRARY_PATH=${library}`, ...program].join(' ');
  tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(WIDE[0]), '-y', String(WIDE[1]), line);
  tmux('pipe-pane', '-O', `cat > ${output}`);
  return { name, pid: tmux('display-message', '-p', '#{pane_pid}').trim(), output, tmux };
}

/** What a program has used by now: it, and the processes that it started. */
function usedBy({ pid, output }: Running) {
  const children = spawnSync('ps', ['-o', 'pid=', '--ppid', pid], { encoding: 'utf8' }).stdout;
  const pids = [
    pid,
    ...children
      .split('\n')
      .map((each) => each.trim())
      .filter(Boolean),
  ];
  return {
    at: performance.now(),
    bytes: statSync(output).size,
    cpu: pids.map((each) => ticksOf(each)),
    pids,
  };
}

/** CPU time, memory and bytes of programs on the simulated machine, side by side: each in a terminal of its own. */
function whole(
  programs: readonly (readonly [string, readonly string[]])[],
  library: string,
): readonly string[] {
  const running = programs.map(([name, program], i) => started(name, program, library, i));
  try {
    sleep(WARM_SECONDS);
    const before = running.map(usedBy);
    sleep(SECONDS);
    return running.map((each, i) => {
      const { at, bytes, cpu, pids } = before[i] as ReturnType<typeof usedBy>;
      const after = usedBy(each);
      const seconds = (after.at - at) / 1000;
      const spelled = pids.map((pid, n): string => {
        const share = ((after.cpu[n] ?? 0) - (cpu[n] ?? 0)) / TICKS_PER_SECOND / seconds;
        return `${(share * 100).toFixed(2)} % of a core, ${statusOf(pid, 'VmRSS').toFixed(0)} MiB resident (${statusOf(pid, 'RssAnon').toFixed(0)} its own)`;
      });
      const [front, ...others] = spelled;
      const child = others.length === 0 ? '' : `; the process that calls NVML: ${others.join('; ')}`;
      return `${each.name}: ${front}; ${Math.round((after.bytes - bytes) / seconds)} bytes a second${child}`;
    });
  } finally {
    for (const { output, tmux } of running) {
      tmux('kill-server');
      rmSync(output, { force: true });
    }
  }
}

const FIRST_PICTURES = 5;

/** Milliseconds from the handle of the last GPU to the first picture with its values, and from the start of the program. */
async function firstPicture(program: readonly string[], library: string, log: string): Promise<string> {
  const spent: number[] = [];
  const all: number[] = [];
  for (let i = 0; i < FIRST_PICTURES; i++) {
    writeFileSync(log, '');
    const begun = performance.now();
    const line = `stty cols 200 rows 60; exec ${program.join(' ')}`;
    const child = spawn('script', ['-qfec', line, '/dev/null'], {
      env: { ...process.env, LANG: 'C.UTF-8', LD_LIBRARY_PATH: library },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let opened: number | undefined;
    const watch = setInterval(() => {
      if (readFileSync(log, 'utf8').includes('nvmlDeviceGetHandleByIndex_v2 7')) {
        opened = performance.now();
        clearInterval(watch);
      }
    }, 1);
    await new Promise<void>((resolve) => {
      let shown = '';
      child.stdout.on('data', (piece: Buffer) => {
        shown += piece.toString();
        if (shown.includes('700W')) resolve();
      });
    });
    spent.push(performance.now() - (opened ?? performance.now()));
    all.push(performance.now() - begun);
    clearInterval(watch);
    child.stdin.write('q');
    await new Promise((resolve) => child.once('close', resolve));
  }
  const one = (numbers: readonly number[]): string =>
    `${median(numbers).toFixed(0)} ms (${Math.min(...numbers).toFixed(0)} to ${Math.max(...numbers).toFixed(0)})`;
  return `${one(spent)} after the last GPU was opened, ${one(all)} after its start`;
}

const taken = await samples(40);
console.log(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, load ${loadavg()
    .map((each) => each.toFixed(1))
    .join(' ')}`,
);
console.log(`${MACHINE}, ${TICKS} ticks of 1 s; the front alone:`);
for (const [columns, rows] of SIZES) console.log(`  ${front(taken, columns, rows)}`);
if (spawnSync('tmux', ['-V']).status !== 0) console.log('No tmux: whole programs were not measured.');
else {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-bench-'));
  const log = join(folder, 'calls');
  const simulated = (name: string, ...more: readonly string[]): string => {
    const place = join(folder, name);
    execFileSync(process.execPath, ['bin/nvsmi.js', 'simulate', MACHINE, '-o', place, ...more]);
    return place;
  };
  const library = simulated('machine');
  const logged = simulated('logged', '--log', log);
  const own: readonly (readonly [string, readonly string[]])[] = [
    ['nvsmi top, Node', [process.execPath, 'bin/nvsmi.js', 'top']],
    ...process.argv.slice(2).map((file) => ['nvsmi top, one file', [file, 'top']] as const),
  ];
  const others = ['nvtop', 'btop', 'nvitop'].filter((name) => spawnSync('which', [name]).status === 0);
  console.log(
    `whole programs side by side on the simulated machine, ${WIDE.join('x')}, ${SECONDS} s after ${WARM_SECONDS} s, each at its usual interval:`,
  );
  const programs = [...own, ...others.map((name) => [name, [name]] as const)];
  for (const line of whole(programs, library)) console.log(`  ${line}`);
  console.log(`the first picture with values, median of ${FIRST_PICTURES}:`);
  for (const [name, program] of own) console.log(`  ${name}: ${await firstPicture(program, logged, log)}`);
  rmSync(folder, { recursive: true });
}
