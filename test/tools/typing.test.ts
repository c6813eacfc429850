/** The completions in interactive shells, in a folder of files, on a machine with three GPUs. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const scripts = fileURLToPath(new URL('../../docs/completions', import.meta.url));
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

/** Prints the GPUs of the machine, and that a recording has another, and answers any other line with its words. */
const PROGRAM = `#!/bin/sh
case " $* " in
  *" --snapshot=none "*) echo 'No devices were found'; exit 6 ;;
  *" --snapshot=t4 --query-gpu=index "*) echo 7 ;;
  *" --query-gpu=index --format=csv,noheader "*) printf '0\\n1\\n12\\nGPU is lost\\n'; exit 15 ;;
  *) printf '<%s>' "$@"; echo ;;
esac
`;

let home = '';
let env: NodeJS.ProcessEnv = {};

beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'nvsmi-typing-'));
  for (const folder of ['bin', 'bin/inner', 'subx', 'my folder']) mkdirSync(join(home, folder));
  for (const file of ['plain.txt', 'my file.txt', 'subx/inner.txt']) writeFileSync(join(home, file), '');
  writeFileSync(join(home, 'bin', 'nvsmi'), PROGRAM, { mode: 0o755 });
  env = { ...process.env, HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, TERM: 'dumb' };
});
afterAll(() => rmSync(home, { recursive: true }));

/** What is typed, with the words that nvsmi is called with. */
const TYPED: readonly (readonly [typed: string, called: string])[] = [
  ['-f sub\tinn\t', '<-f><subx/inner.txt>'],
  ['-f my\\ fi\t', '<-f><my file.txt>'],
  ['-f "my fi\t', '<-f><my file.txt>'],
  ['--filename=my\\ fi\t', '<--filename=my file.txt>'],
  ['--snapshot sub\tx', '<--snapshot><subx/x>'],
  ['--snapshot my\\ fi\t', '<--snapshot><my file.txt>'],
  ['--snapshot h200-x\t2', '<--snapshot><h200-x2>'],
  ['daemon -p sub\tx', '<daemon><-p><subx/x>'],
  ['daemon -p my\t', '<daemon><-p><my folder/>'],
  ['daemon -p pl\t', '<daemon><-p><pl>'],
  ['-q -d mem\t', '<-q><-d><MEMORY>'],
  ['-q -d ECC,row\t', '<-q><-d><ECC,ROW_REMAPPER>'],
  ['-i 12\t', '<-i><12>'],
  ['-i 0,12\t', '<-i><0,12>'],
  ['topo -i \t1', '<topo><-i><1>'],
  ['nvlink -i=12\t', '<nvlink><-i=12>'],
  ['--snapshot t4 dmon -i \t', '<--snapshot><t4><dmon><-i><7>'],
  ['--snapshot=t4 prm -i \t', '<--snapshot=t4><prm><-i><7>'],
  ['--snapshot none mig -i \t0', '<--snapshot><none><mig><-i><0>'],
];

/** zsh takes the slash of a folder back when nothing follows. */
const calls = (out: string): readonly string[] =>
  out
    .split(/\r?\n/)
    .filter((line) => line.includes('<-'))
    .map((line) => line.slice(line.search(/</)).replace('folder/>', 'folder>'));

const expected = calls(TYPED.map(([, called]) => `${called}\n`).join(''));

/** Types into a zsh at a terminal of its own, a line after the answer to the one before. */
const TYPIST = `zmodload zsh/zpty
zpty typed zsh -f -i
zpty -w typed 'PS1=; unsetopt zle_bracketed_paste; stty -echo'
zpty -w typed "fpath=(${scripts} $fpath); autoload -U compinit; compinit -u -D; setopt no_auto_menu no_list_beep"
for line in "$@"; do
  zpty -w typed "$line"
  zpty -r typed answer '*<-*'$'\\n''*'
  print -r -- "$answer"
done
zpty -d typed
`;

describe('a line that is typed with tabs', () => {
  it('becomes these words in bash', () => {
    const { stdout } = spawnSync('bash', ['--noprofile', '--norc', '-i'], {
      cwd: home,
      env,
      encoding: 'utf8',
      input: [`source ${scripts}/nvsmi.bash`, ...TYPED.map(([typed]) => `nvsmi ${typed}`), ''].join('\n'),
    });
    expect(calls(stdout)).toEqual(expected);
  });

  it.skipIf(!has('zsh'))(
    'becomes these words in zsh, where zsh is installed',
    () => {
      const lines = TYPED.map(([typed]) => `nvsmi ${typed}`);
      const stdout = execFileSync('zsh', ['-f', '-c', TYPIST, 'zsh', ...lines], {
        cwd: home,
        env,
        encoding: 'utf8',
        timeout: 50_000,
      });
      expect(calls(stdout)).toEqual(expected);
    },
    60_000,
  );

  it.skipIf(!has('fish'))('is offered these words in fish, where fish is installed', () => {
    const offered = (line: string): readonly string[] =>
      execFileSync('fish', ['-N', '-c', `source ${scripts}/nvsmi.fish; complete -C '${line}'`], {
        cwd: home,
        env,
        encoding: 'utf8',
      })
        .split('\n')
        .map((answer) => answer.split('\t', 1)[0] ?? '')
        .filter((answer) => answer !== '');

    expect(offered('nvsmi -l')).toEqual(expect.arrayContaining(['-l', '-lms']));
    expect(offered('nvsmi -l').filter((option) => !/^-l(ms)?$|^-L$/.test(option))).toEqual([]);
    expect(offered('nvsmi -f my')).toEqual(['my file.txt', 'my folder/']);
    expect(offered('nvsmi daemon -p ')).toEqual(['bin/', 'my folder/', 'subx/']);
    expect(offered('nvsmi -q -d mem')).toEqual(['MEMORY']);
    expect(offered('nvsmi -q -d ECC,row')).toEqual(['ECC,ROW_REMAPPER']);
    expect(offered('nvsmi nvlink -gt ')).toEqual(['d', 'dr', 'r']);
    expect(offered('nvsmi topo -i ')).toEqual(['0', '1', '12']);
    expect(offered('nvsmi -i 0,')).toEqual(['0,0', '0,1', '0,12']);
    expect(offered('nvsmi --snapshot=t4 prm -i ')).toEqual(['7']);
    expect(offered('nvsmi --snapshot t4 dmon --id=')).toEqual(['--id=7']);
    expect(offered('nvsmi --snapshot none mig -i ')).toEqual([]);
  });
});
