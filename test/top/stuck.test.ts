/** The monitor on a driver that does not answer, in a real terminal: the last values, their age, and keys that work. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LIBRARY } from '../../src/simulator/folder.js';
import { callersOf, deafTo, expectNoneLeft, fake, machineWith } from '../deadline/stuck.js';
import type { FakeLibrary } from '../fake-nvml/build.js';
import { folderOf, recorded } from '../simulator/simulated.js';
import { hasTmux, Tmux } from './tmux.js';

const SIZE = { columns: 150, rows: 30 };

function top(library: FakeLibrary, ...argv: readonly string[]): Tmux {
  const tmux = new Tmux(SIZE);
  onTestFinished(() => tmux.close());
  tmux.run(['--nvml', library.path, 'top', '-d', '0.2', ...argv]);
  return tmux;
}

/** Ends it with q, and expects the screen that was there before, status 0 and no process that is left. */
async function quit(tmux: Tmux, library: FakeLibrary): Promise<void> {
  tmux.keys('q');
  await tmux.until(() => !tmux.isAlternate);
  tmux.type('echo status $?');
  tmux.keys('Enter');
  await tmux.until(/^status 0$/m);
  await expectNoneLeft(library);
}

const rowOf = (screen: string, gpu: number): string =>
  screen.split('\n').find((line) => line.startsWith(`  ${gpu} `)) ?? '';

describe.skipIf(!hasTmux || !fake.available)('top on a driver that is stuck', { timeout: 90_000 }, () => {
  it('keeps the last values of the GPU that does not answer in grey, says so, and shows the others', async () => {
    const library = deafTo('nvmlDeviceGetPowerUsage', { after: 2 });
    const tmux = top(library);
    await tmux.until(/^ +1 .*\bok\b/m);
    const before = rowOf(tmux.screen, 1);
    const screen = await tmux.until(/^No answer from GPU 1 for 0:0[2-9]: what is grey is old\./m, 30);
    expect(screen).toMatch(/no answer from nvmlDeviceGetPowerUsage \(GPU 1\)/);
    expect(rowOf(screen, 1)).toMatch(/silent *$/);
    expect(rowOf(screen, 1).replace(/silent *$/, '')).toBe(before.replace(/ok *$/, ''));
    expect(rowOf(screen, 0)).toMatch(/ok *$/);
    const coloured = tmux.coloured.split('\n').find((line) => line.includes('silent')) ?? '';
    expect(coloured).toContain('[2m');
    // The screen continues: the clock moves, and keys are answered.
    tmux.keys('?');
    await tmux.until(/^Keys$/m);
    tmux.keys('q');
    await tmux.until(/^No answer from GPU 1 for \d:\d\d/m);
    await quit(tmux, library);
  });

  it('says how old everything is where no GPU answers', async () => {
    const library = machineWith({ fn: 'nvmlDeviceGetMemoryInfo_v2', after: 4, hangs: true });
    const tmux = top(library);
    await tmux.until(/^ +1 .*\bok\b/m);
    const screen = await tmux.until(/^The driver does not answer; these values are 0:0\d old\./m, 30);
    expect(rowOf(screen, 0)).toMatch(/0\/140G/);
    expect(screen).not.toContain('cannot be listed');
    tmux.keys('p');
    await tmux.until(/paused$/m);
    tmux.keys('p');
    await quit(tmux, library);
  });

  it('is whole again after the process that calls NVML was killed', async () => {
    const library = machineWith();
    const tmux = top(library);
    await tmux.until(/^ +1 .*\bok\b/m);
    for (const pid of callersOf(library)) process.kill(Number(pid), 'SIGKILL');
    await tmux.until(/^The driver does not answer;.* ended \(SIGKILL\)/m, 30);
    expect(tmux.isAlternate).toBe(true);
    const screen = await tmux.until((screen) => !screen.includes('does not answer'), 30);
    expect(rowOf(screen, 1)).toMatch(/ok *$/);
    await quit(tmux, library);
  });

  it('has other samples of the SM activity in another process, those of the one before being its own', async () => {
    const folder = folderOf({ snapshot: recorded('hgx-h100-x8'), control: 'control' }, { control: '' });
    const library = { path: join(folder, LIBRARY) } as FakeLibrary;
    const tmux = top(library, '--timeout', '1');
    await tmux.until((screen) => / 9\d% +4\d% /.test(rowOf(screen, 0)));
    writeFileSync(join(folder, 'control'), 'hang gpu1 nvmlDeviceGetPowerUsage\n');
    // The first sample of a process has no activity yet.
    const isWhole = (screen: string): boolean =>
      /^No answer from GPU 1 for 0:0[3-9]/m.test(screen) && / 9\d% +4\d% .*ok *$/.test(rowOf(screen, 0));
    await tmux.until(isWhole, 30);
    await quit(tmux, library);
  });

  it('gives up in time where NVML cannot be initialised, and leaves the screen alone', async () => {
    const library = deafTo('nvmlInit_v2');
    const tmux = new Tmux(SIZE);
    onTestFinished(() => tmux.close());
    tmux.run(['--nvml', library.path, '--timeout', '1', 'top']);
    await tmux.until(/Failed to initialize NVML: No Answer/);
    expect(tmux.isAlternate).toBe(false);
    await expectNoneLeft(library);
  });

  it('shows the report of a GPU that answers, and what it has of one that does not', async () => {
    const library = deafTo('nvmlDeviceGetPowerUsage', { after: 2 });
    const tmux = top(library);
    await tmux.until(/^No answer from GPU 1/m, 30);
    tmux.keys('F2');
    await tmux.until(/^ +Product Name +: NVIDIA H200/m);
    tmux.keys('F2');
    await tmux.until(/^ +Display Attached +: No Answer/m);
    tmux.keys('q');
    await quit(tmux, library);
  });
});
