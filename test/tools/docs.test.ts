import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../src/base/errors.js';
import { allCommands as entries } from '../../src/cli/command-table.js';
import { readPages, spellings } from '../../src/cli/completion/pages.js';
import { EXIT_STATUSES } from '../../src/cli/exit-statuses.js';
import { rootOptions } from '../../src/cli/options.js';
import { rootHelp } from '../../src/cli/program.js';
import { machineNames, machineTable } from '../../tools/docs/machines.js';
import { documents, stale } from '../../tools/docs.js';
import { runOn } from '../commands/run-on.js';

const path = (name: string): string => fileURLToPath(new URL(`../../docs/${name}`, import.meta.url));
const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

const made = await documents();
const { root, commands } = await readPages();

describe('the completions and the manual page', () => {
  it('are what the option tables make: if not, run npm run generate', async () => {
    expect(await stale()).toEqual([]);
  });

  it('name every recorded machine in docs/simulate.md, a row of three cells each', () => {
    const rows = machineTable().trim().split('\n').slice(2);
    expect(rows).toHaveLength(machineNames().length);
    for (const row of rows) expect(row).toMatch(/^\| `[\w-]+` \| [^|]+ \| (recorded|built) \|$/);
    expect(readFileSync(path('simulate.md'), 'utf8')).toContain(machineTable());
  });

  it('come out the same every time', async () => {
    expect(await documents()).toEqual(made);
  });

  it('are shipped in the package', () => {
    const { files, man } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    expect(files).toEqual(expect.arrayContaining(['docs/completions', 'docs/nvsmi.1']));
    expect(man).toEqual(['docs/nvsmi.1']);
  });

  it('know every command and every spelling of its options', () => {
    const {
      'completions/nvsmi.bash': bash = '',
      'completions/_nvsmi': zsh = '',
      'nvsmi.1': manual = '',
    } = made;
    const fish = made['completions/nvsmi.fish'] ?? '';
    for (const page of commands) {
      expect(manual).toContain(`\n.SS ${page.name.replaceAll('-', '\\-')}\n`);
      expect(zsh).toContain(`\n      ${page.name})\n`);
      const line = bash.split('\n').find((l) => l.startsWith(`    '${page.name}') words=`));
      for (const option of page.options) {
        for (const name of spellings(option)) {
          expect(line?.split(/[ ']/)).toContain(name);
          expect(manual).toContain(`\\fB${name.replaceAll('-', '\\-')}\\fR`);
        }
        expect(fish).toContain(`__fish_seen_subcommand_from ${page.name}'`);
        expect(fish).toMatch(new RegExp(`seen_subcommand_from ${page.name}'.* -l ${option.long} `));
      }
    }
    expect(root.options.length).toBeGreaterThan(20);
  });

  it('list the exit statuses in the manual page as in the help, those of signals and of NVML among them', () => {
    const [, part = ''] = (made['nvsmi.1'] ?? '').split('.SH EXIT STATUS\n');
    const manual = part.match(/(?<=^\.B )\d+$/gm);
    const help =
      rootHelp(rootOptions, entries, 120)
        .split('Exit status:\n')[1]
        ?.replaceAll(/\n {5,}/g, ' ') ?? '';
    expect(help.match(/(?<=^ {2})\d+/gm)).toEqual(manual);
    const documented = new Set(manual?.map(Number));
    const statuses = [...Object.values(EXIT), 3, 4, 8, 9, 11, 12, 13, 15, 17, 18, 19, 23, 129, 130, 138, 143];
    expect(statuses.filter((status) => !documented.has(status))).toEqual([]);
    for (const [, meaning] of EXIT_STATUSES) {
      expect(help).toContain(` ${meaning}\n`);
      expect(part.toLowerCase()).toContain(`\n${meaning.toLowerCase()}.\n`);
    }
  });

  it('name in the manual page the one header that NO_COLOR and a pipe leave underlined', async () => {
    expect(made['nvsmi.1']).toMatch(/\.B NO_COLOR\n.*topo \\-m underlines its header all the same/);
    const { out } = await runOn('h200-x2', ['topo', '-m']);
    expect(out.split('\n', 1)[0]).toContain('\u001b[4m');
  });

  it('leave out what nvsmi refuses', () => {
    for (const text of Object.values(made)) {
      expect(text).not.toContain('sync-boost-add');
      expect(text).not.toContain('set-timeslice');
      expect(text.replaceAll('\\', '')).toContain('persistence-mode');
    }
  });
});

describe('the bash completion', () => {
  /** The answers for a command line; the last word is the one that is completed. */
  const complete = (...words: readonly string[]): readonly string[] => {
    const script = [
      `source ${path('completions/nvsmi.bash')}`,
      'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()',
      '_nvsmi',
      '[[ $' + '{#COMPREPLY[@]} -eq 0 ]] || printf "%s\\n" "$' + '{COMPREPLY[@]}"',
    ].join('\n');
    const out = execFileSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
    return out.split('\n').filter((line) => line !== '');
  };

  it('completes commands, and the options of one', () => {
    expect(complete('nvsmi', 'mi')).toEqual(['mig']);
    expect(complete('nvsmi', 'mig', '-lg')).toEqual(['-lgip', '-lgipp', '-lgi']);
    expect(complete('nvsmi', '--query-comp')).toEqual(['--query-compute-apps']);
  });

  it('completes the last field of a comma list, after a space or an equals sign', () => {
    expect(complete('nvsmi', '--query-gpu', 'index,temperature.g')).toContain('index,temperature.gpu');
    expect(complete('nvsmi', '--query-gpu', '=', 'uui')).toEqual(['uuid']);
    expect(complete('nvsmi', '--query-gpu', '=')).toContain('index');
    expect(complete('nvsmi', '--format', 'csv,noh')).toEqual(['csv,noheader']);
    expect(complete('nvsmi', '-q', '-d', 'ENC')).toEqual(['ENCODER_STATS']);
    expect(complete('nvsmi', '-q', '-d', 'ecc,mem')).toEqual(['ecc,MEMORY']);
  });

  it('completes the values of an option of a command', () => {
    expect(complete('nvsmi', 'topo', '-p2p', '')).toEqual(['r', 'w', 'n', 'a', 'p']);
    expect(complete('nvsmi', 'nvlink', '-gt', '')).toEqual(['d', 'r', 'dr']);
    expect(complete('nvsmi', 'dmon', '--gpm-options', 'd')).toEqual(['d', 'dm']);
    expect(complete('nvsmi', 'dmon', '--gpm-metrics', '2,6')).toContain('2,60');
    expect(complete('nvsmi', 'dmon', '--format', 'csv,no')).toEqual(['csv,nounit', 'csv,noheader']);
    expect(complete('nvsmi', 'pmon', '--format', '=', '')).toEqual(['json', 'jsonl']);
    expect(complete('nvsmi', 'vgpu', '--query-accounted-apps', 'pi')).toEqual(['pid']);
  });

  it('completes the word that follows a command, and no second one', () => {
    expect(complete('nvsmi', 'help', 'top')).toEqual(['topo', 'top']);
    expect(complete('nvsmi', 'help', 'topo', 'mi')).toEqual([]);
    expect(complete('nvsmi', '--snapshot', 't4', 'help', 'mi')).toEqual(['mig']);
    expect(complete('nvsmi', 'completion', '')).toEqual(expect.arrayContaining(['bash', 'zsh', 'fish']));
  });

  it('completes letters after those that are there', () => {
    expect(complete('nvsmi', 'pmon', '-s', '')).toEqual(['u', 'm']);
    expect(complete('nvsmi', 'pmon', '-s', 'm')).toEqual(['mu']);
    expect(complete('nvsmi', 'dmon', '-o', 'D')).toEqual(['DT']);
  });

  it('completes the machines of the package, for every command, and files', () => {
    expect(complete('nvsmi', '--snapshot', 'h200')).toEqual(['h200-x1', 'h200-x2', 'h200-x2-load']);
    expect(complete('nvsmi', 'topo', '--snapshot', '=', 't')).toContain('t4');
    expect(complete('nvsmi', '--snapshot', path('nvsmi.'))).toContain(path('nvsmi.1'));
  });

  it('finds the command after the options that may come before it', () => {
    expect(complete('nvsmi', '--snapshot', 't4', 'dm')).toEqual(['dmon']);
    expect(complete('nvsmi', '--snapshot', '=', 't4', 'mig', '-lg')).toEqual(['-lgip', '-lgipp', '-lgi']);
    expect(complete('nvsmi', '--snapshot=t4', '--nvml', 'x', 'topo', '-p2p', 'n')).toEqual(['n']);
  });

  it('has nothing to say where only the user knows the value', () => {
    expect(complete('nvsmi', 'mig', '-lgi', '-i', '')).toEqual([]);
  });

  it('completes files where an option takes one', () => {
    expect(complete('nvsmi', '-f', path('nvsmi.'))).toContain(path('nvsmi.1'));
  });
});

describe.skipIf(!has('fish'))('the fish completion, where fish is installed', () => {
  const complete = (line: string): readonly string[] =>
    execFileSync('fish', ['-c', `source ${path('completions/nvsmi.fish')}; complete -C '${line}'`], {
      encoding: 'utf8',
    })
      .split('\n')
      .map((answer) => answer.split('\t', 1)[0] ?? '')
      .filter((answer) => answer !== '');

  it('completes commands, options and fields', () => {
    expect(complete('nvsmi mi')).toEqual(['mig']);
    expect(complete('nvsmi mig -lg')).toEqual(expect.arrayContaining(['-lgi', '-lgip', '-lgipp']));
    expect(complete('nvsmi mig --list-compute-instances --js')).toEqual(['--json']);
    expect(complete('nvsmi --query-gpu=index,utilization.g')).toEqual(['--query-gpu=index,utilization.gpu']);
    expect(complete('nvsmi --snapshot t4 topo -p2p ')).toEqual(['a', 'n', 'p', 'r', 'w']);
    expect(complete('nvsmi pmon -s m')).toEqual(['mu']);
    expect(complete('nvsmi help to')).toEqual(['topo']);
    expect(complete('nvsmi completion ')).toEqual(['bash', 'fish', 'zsh']);
    expect(complete('nvsmi --snapshot h200')).toEqual(['h200-x1', 'h200-x2', 'h200-x2-load']);
  });
});

describe.skipIf(!has('zsh'))('the zsh completion, where zsh is installed', () => {
  it('is a script that zsh can read', () => {
    expect(spawnSync('zsh', ['-n', path('completions/_nvsmi')]).status).toBe(0);
  });

  it('registers its function where it is sourced, as where compinit loads it', () => {
    const script = `autoload -Uz compinit; compinit -u -D; source ${path('completions/_nvsmi')}; print $_comps[nvsmi]`;
    expect(spawnSync('zsh', ['-f', '-c', script], { encoding: 'utf8' }).stdout).toBe('_nvsmi\n');
  });
});

describe.skipIf(!has('groff'))('the manual page, where groff is installed', () => {
  it('is set without a complaint', () => {
    const { stdout, stderr } = spawnSync('groff', ['-man', '-ww', '-Tascii', '-P-cbou', path('nvsmi.1')], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toContain('--list-gpu-instance-profiles');
  });
});

describe.skipIf(!has('mandoc'))('the manual page, where mandoc is installed', () => {
  it('has no fault but long lines', () => {
    const { stdout } = spawnSync('mandoc', ['-T', 'lint', path('nvsmi.1')], { encoding: 'utf8' });
    const faults = stdout.split('\n').filter((line) => !line.includes('longer than 80 bytes'));
    expect(faults.join('\n')).toBe('');
  });
});
