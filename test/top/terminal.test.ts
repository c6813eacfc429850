/** The monitor as a user sees it: a pseudo-terminal with keys sent and the screen read. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { started } from '../program.js';
import { hasTmux, type Size, Tmux } from './tmux.js';

const SIZE = { columns: 100, rows: 30 };

function open(size: Size = SIZE, env: Readonly<Record<string, string>> = {}): Tmux {
  const tmux = new Tmux(size, env);
  onTestFinished(() => tmux.close());
  return tmux;
}

/** The monitor on a recorded machine, with its first sample on the screen. */
async function top(
  machine = 'hgx-h100-x8',
  argv: readonly string[] = [],
  size = SIZE,
  env = {},
): Promise<Tmux> {
  const tmux = open(size, env);
  tmux.run(['--snapshot', machine, 'top', '-d', '0.2', ...argv]);
  await tmux.until(/(A recording has|No processes found)[\s\S]*\nF1Help/);
  return tmux;
}

const ended = async (tmux: Tmux): Promise<string> => {
  await tmux.until(() => !tmux.isAlternate);
  tmux.type('echo status $?');
  tmux.keys('Enter');
  return tmux.until(/^status \d+/m);
};

describe.skipIf(!hasTmux)('top in a terminal', { timeout: 60_000 }, () => {
  it.each([
    ['h200-x2', { columns: 80, rows: 24 }],
    ['hgx-h100-x8', { columns: 60, rows: 20 }],
    ['hgx-h100-x8', { columns: 120, rows: 40 }],
    ['lost-gpu', { columns: 250, rows: 80 }],
    ['a100-mig', { columns: 80, rows: 24 }],
  ] as const)('shows %s in %j, to the last column, without a line too many', async (machine, size) => {
    const tmux = await top(machine, [], size);
    const { screen } = tmux;
    expect(screen).toMatch(/^nvsmi top {2}\d\d:\d\d:\d\d/);
    expect(screen.split('\n')[size.rows - 1]).toMatch(/^F1Help/);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(size.columns);
    expect(tmux.isAlternate).toBe(true);
  });

  it('ends with q, and leaves the screen as it was', async () => {
    const tmux = await top();
    tmux.keys('q');
    await tmux.until(/top' '-d' '0\.2'\n\$/);
    expect(tmux.isAlternate).toBe(false);
    expect(await ended(tmux)).toMatch(/^status 0$/m);
    // What is typed is shown again, and a line ends where it did.
    tmux.type('stty -a | tr " " "\\n" | grep -xE -- "-?(icanon|echo|isig);?" | xargs');
    tmux.keys('Enter');
    expect(await tmux.until(/^isig/m)).toMatch(/^isig icanon echo$/m);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 130],
  ] as const)('ends with %s, and gives the screen back', async (signal, status) => {
    const tmux = await top();
    process.kill(tmux.child, signal);
    await tmux.until(() => !tmux.isAlternate);
    expect(await ended(tmux)).toMatch(new RegExp(`^status ${status}$`, 'm'));
  });

  it('stops with Ctrl-Z or SIGTSTP, and is whole again with fg', async () => {
    const tmux = await top();
    const { child } = tmux;
    tmux.keys('C-z');
    await tmux.until(/Stopped/);
    expect(tmux.isAlternate).toBe(false);
    tmux.keys('fg', 'Enter');
    await tmux.until(/^nvsmi top[\s\S]*\nF1Help/);
    process.kill(child, 'SIGTSTP');
    await tmux.until(/Stopped/);
    tmux.keys('fg', 'Enter');
    await tmux.until(/^nvsmi top[\s\S]*\nF1Help/);
    tmux.keys('q');
    expect(await ended(tmux)).toMatch(/^status 0$/m);
  });

  it('gives the screen back where it fails, and says why', async () => {
    // Of Node, and of the single file, which is Bun's.
    const tmux = open(SIZE, {
      NODE_OPTIONS: `--import=${new URL('crash.js', import.meta.url).href}`,
      BUN_OPTIONS: `--preload=${fileURLToPath(new URL('crash.js', import.meta.url))}`,
    });
    tmux.run(['--snapshot', 'h200-x2', 'top']);
    await tmux.until(/error: a failure that no one expected/i);
    expect(tmux.isAlternate).toBe(false);
    expect(tmux.screen).not.toMatch(/^nvsmi top {2}/m);
  });

  it('follows the size of the terminal, and says where it is too small', async () => {
    const tmux = await top();
    tmux.resize({ columns: 40, rows: 8 });
    await tmux.until(/^40x8 is too small: 60x12 is needed/);
    tmux.resize({ columns: 70, rows: 20 });
    const screen = await tmux.until(/^nvsmi top[\s\S]*\nF1Help/);
    expect(screen).not.toContain('too small');
    expect(screen.split('\n')[19]).toMatch(/^F1Help/);
  });

  it('filters, sorts, tags and shows pages by keys', async () => {
    const tmux = await top();
    tmux.keys('/');
    tmux.type('vllm');
    await tmux.until(/^Filter: vllm/m);
    expect(tmux.screen).not.toContain('81452');
    tmux.keys('Escape');
    await tmux.until(/81452/);
    tmux.keys('Down', 'Space');
    await tmux.until(/^\* {2}0 +81452/m);
    tmux.keys('g', 'g');
    await tmux.until((screen) => screen.includes('81453') && !screen.includes('81452'));
    tmux.keys('Escape');
    await tmux.until(/81452/);
    tmux.keys('?');
    await tmux.until(/^Keys$/m);
    tmux.keys('q', 'F2');
    await tmux.until(/NVSMI LOG/);
    tmux.keys('/');
    tmux.type('Product Architecture');
    tmux.keys('Enter');
    await tmux.until((screen) =>
      /^ +Product Architecture +: Hopper/m.test(screen.split('\n').slice(4, 6).join('\n')),
    );
    tmux.keys('q', 'Down', 'Enter');
    await tmux.until(/^Process 81452 on GPU 0/m);
    tmux.keys('q', 'q');
    expect(await ended(tmux)).toMatch(/^status 0$/m);
  });

  it('does not change while it is paused', async () => {
    const tmux = await top('h200-x2-load');
    tmux.keys('p');
    await tmux.until(/paused$/m);
    const { screen } = tmux;
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(tmux.screen).toBe(screen);
    tmux.keys('p');
    await tmux.until((now) => now !== screen && !now.includes('paused'));
  });

  it('selects and sorts with the mouse', async () => {
    const tmux = await top();
    const lines = tmux.screen.split('\n');
    const row = lines.findIndex((line) => /^ GPU +PID/.test(line));
    const click = (x: number, y: number): void =>
      tmux.type(`\x1b[<0;${x + 1};${y + 1}M\x1b[<0;${x + 1};${y + 1}m`);
    click((lines[row] ?? '').indexOf('GPU-MEM'), row);
    await tmux.until(/GPU-MEMv/);
    click(10, row + 2);
    tmux.keys('Enter');
    await tmux.until(/^Process 8145\d on GPU/m);
  });

  it('asks before it sends a signal, and sends none to what is not of this machine', async () => {
    const tmux = await top();
    tmux.keys('Down', 'F9');
    await tmux.until(/No process of this machine is selected or tagged/);
  });

  it('says that a recording has no environments', async () => {
    const tmux = await top();
    tmux.keys('Down', 'e');
    await tmux.until(/A recording has no environments of its processes\./);
  });

  it('keeps its settings, and begins with them', async () => {
    const XDG_CONFIG_HOME = mkdtempSync(join(tmpdir(), 'nvsmi-top-'));
    onTestFinished(() => rmSync(XDG_CONFIG_HOME, { recursive: true }));
    const tmux = await top('h200-x2', [], SIZE, { XDG_CONFIG_HOME });
    tmux.keys('v', ']', 'S');
    await tmux.until(/^Settings kept in /m);
    const kept = JSON.parse(readFileSync(join(XDG_CONFIG_HOME, 'nvsmi/top.json'), 'utf8'));
    expect(kept).toMatchObject({ graphs: false, span: 120, interval: 0.2 });
  });

  it('prints text where the terminal is dumb', async () => {
    const tmux = open(SIZE, { TERM: 'dumb' });
    tmux.run(['--snapshot', 'h200-x2', 'top']);
    await tmux.until(/No processes found/);
    expect(tmux.isAlternate).toBe(false);
    expect(await ended(tmux)).toMatch(/^status 0$/m);
  });

  it('sorts by the columns that have something in them, the other way round, and shows a tree', async () => {
    const tmux = await top();
    const isFirst = (pid: number) => (screen: string) =>
      screen
        .split('\n')
        .find((line) => /^ +\d +\d{4,} /.test(line))
        ?.includes(` ${pid} `) === true;
    await tmux.until(isFirst(81452));
    tmux.keys('.', '.', '.');
    await tmux.until(/SM%v/);
    tmux.keys('r');
    await tmux.until(isFirst(4127));
    tmux.keys(',', ',', 'F5', 'r');
    await tmux.until((screen) => /PIDv/.test(screen) && isFirst(4127)(screen));
  });

  it('goes through a recording with left and right', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-replay-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const daemon = ['--snapshot', 'h200-x2-load', 'daemon', '--foreground', '-d', '1', '-p', folder];
    const recorder = spawn(...started(daemon), { stdio: 'ignore' });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    recorder.kill('SIGTERM');
    await new Promise((resolve) => recorder.once('close', resolve));
    const tmux = open();
    tmux.run(['top', '--replay', folder]);
    await tmux.until(/nvstats-\d{8}\S* \d+\/\d+/);
    tmux.keys('Left', 'Left', 'Left', 'Left', 'Left', 'Left');
    await tmux.until(/ 1\/\d+ +paused$/m);
    tmux.keys('Right');
    await tmux.until(/ 2\/\d+ +paused$/m);
    tmux.keys('q');
    expect(await ended(tmux)).toMatch(/^status 0$/m);
  });

  it('has no colours with NO_COLOR', async () => {
    const tmux = await top('hgx-h100-x8', [], SIZE, { NO_COLOR: '1' });
    expect(tmux.coloured).not.toMatch(/\[[\d;]*(?:3[0-7]|38;[25])(?:;|m)/);
    const coloured = await top('hgx-h100-x8', [], SIZE, { TERM: 'screen-256color' });
    expect(coloured.coloured).toMatch(/\[[\d;]*38;5;/);
  });

  it('refuses settings that it does not know, and leaves the screen alone', async () => {
    const XDG_CONFIG_HOME = mkdtempSync(join(tmpdir(), 'nvsmi-top-'));
    onTestFinished(() => rmSync(XDG_CONFIG_HOME, { recursive: true }));
    mkdirSync(join(XDG_CONFIG_HOME, 'nvsmi'));
    writeFileSync(join(XDG_CONFIG_HOME, 'nvsmi/top.json'), '{ "intervall": 2 }');
    const tmux = open(SIZE, { XDG_CONFIG_HOME });
    tmux.run(['--snapshot', 'h200-x2', 'top']);
    await tmux.until(/there is no setting "intervall"; did you mean interval\?/);
    expect(await ended(tmux)).toMatch(/^status 2$/m);
  });

  it('draws with ASCII alone where the locale is not UTF-8', async () => {
    const tmux = await top('hgx-h100-x8', [], SIZE, { LANG: 'C' });
    await tmux.until(/#/);
    expect(tmux.screen).toMatch(/^[ -~\n]*$/);
  });
});
