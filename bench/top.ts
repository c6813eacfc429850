/**
 * What the monitor costs on the recorded machine with eight GPUs: the front alone (a sample becomes cells, cells become bytes), and the
 * whole process in a terminal, which also answers its own questions from the recording. No GPU needed; the second part needs tmux.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
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
const SECONDS = 30;

/** CPU time and memory of a process that runs for a while at one size. */
function whole(program: readonly string[], columns: number, rows: number): string {
  const socket = `nvsmi-bench-${process.pid}`;
  const tmux = (...args: readonly string[]): string =>
    execFileSync('tmux', ['-L', socket, ...args], { encoding: 'utf8' });
  const sleep = (seconds: number): void => void spawnSync('sleep', [String(seconds)]);
  try {
    const line = ['exec env LANG=C.UTF-8', ...program, '--snapshot', MACHINE, 'top'].join(' ');
    tmux('-f', '/dev/null', 'new-session', '-d', '-x', String(columns), '-y', String(rows), line);
    const pid = tmux('display-message', '-p', '#{pane_pid}').trim();
    sleep(5);
    const ticks = (): number => {
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return Number(fields[11]) + Number(fields[12]);
    };
    const before = ticks();
    sleep(SECONDS);
    const share = (ticks() - before) / TICKS_PER_SECOND / SECONDS;
    const resident = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    return `${program.join(' ')} at ${columns}x${rows}: ${(share * 100).toFixed(1)} % of a core, ${Math.round(Number(resident) / 1024)} MiB resident`;
  } finally {
    spawnSync('tmux', ['-L', socket, 'kill-server']);
  }
}

const taken = await samples(40);
console.log(`Node ${process.version}, ${MACHINE}, ${TICKS} ticks of 1 s; the front alone:`);
for (const [columns, rows] of SIZES) console.log(`  ${front(taken, columns, rows)}`);
if (spawnSync('tmux', ['-V']).status !== 0) console.log('No tmux: the whole process was not measured.');
else {
  console.log(`the whole process, the recording included, ${SECONDS} s after 5 s:`);
  const programs = process.argv.length > 2 ? [process.argv.slice(2)] : [[process.execPath, 'bin/nvsmi.js']];
  for (const program of programs) console.log(`  ${whole(program, 200, 60)}`);
}
