/** What README.md shows is true: its commands are run on recorded machines, its programs too. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { main } from '../src/cli/cli.js';
import { SOUND, withTree } from './doctor/tree.js';
import { FakeIo } from './fake-io.js';
import { folderOfFile } from './temporary.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const README = readFileSync(join(root, 'README.md'), 'utf8');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const folder = folderOfFile();

const blocks = (language: string): readonly string[] =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);

/** The lines of the shell, without what is said of them. */
const lines = blocks('sh').flatMap((block) =>
  block
    .trim()
    .split('\n')
    .map((line) => line.replace(/\s+#.*$/, '')),
);

/** `nvsmi ARGUMENTS`, also where its output is sourced. */
const argumentsOf = (line: string): readonly string[] | undefined =>
  /^(?:source <\()?nvsmi\b ?(.*?)(?:\)| \| source)?$/
    .exec(line)?.[1]
    ?.split(' ')
    .filter((word) => word !== '');

const commands = lines.flatMap((line) => {
  const argv = argumentsOf(line);
  // Programs that are not there: test/commands/simulate.test.ts runs others.
  return argv === undefined || argv[0] === 'simulate' ? [] : [[line, argv] as const];
});

/** Runs nvsmi on a recorded machine; a file that it writes is there for those that follow. */
async function run(argv: readonly string[]) {
  const words = argv.map((word) => (word === 'machine.json' ? join(folder, word) : word));
  const io = new FakeIo({ env: { LANG: 'C.UTF-8' } });
  const status = await main(words.includes('--snapshot') ? words : [...words, '--snapshot', 'h200-x2'], io);
  for (const [path, text] of io.files) writeFileSync(path, text);
  return { status, out: io.output, err: io.errors, written: io.files.size };
}

describe('the commands of the README', () => {
  it('are found', () => {
    expect(commands.length).toBeGreaterThan(15);
    expect(blocks('console').length).toBeGreaterThan(1);
  });

  /** They look at files that no recording has. */
  const ofSystem = (argv: readonly string[]): boolean =>
    ['doctor', 'health', 'events'].includes(argv[0] ?? '');

  it.each(commands.filter(([, argv]) => ofSystem(argv)))('find a sound machine well: %s', async (_, argv) => {
    const log = { '/dev/kmsg': '4,2,10000000,-;NVRM: Xid (PCI:0000:00:07): 31, pid=1\n' };
    const { status, out, err } = await withTree({ ...SOUND, ...log }, (root) =>
      run([...argv, '--root', root]),
    );
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.length).toBeGreaterThan(0);
  });

  it.each(commands.filter(([, argv]) => !ofSystem(argv)))('work: %s', async (_, argv) => {
    const { status, out, err, written } = await run(argv);
    expect({ status, err }).toEqual({ status: 0, err: '' });
    expect(out.length + written).toBeGreaterThan(0);
  });

  it.each(blocks('console'))('print what it shows: %s', async (block) => {
    const [first = '', ...shown] = block.split('\n');
    const [command = '', ...filters] = first.replace('$ ', '').split(' | ');
    const { out, err } = await run(argumentsOf(command) ?? []);
    const printed =
      filters.length === 0
        ? out + err
        : spawnSync('sh', ['-c', filters.join(' | ')], { input: out, encoding: 'utf8' }).stdout;
    expect(printed.split('\n')).toEqual(shown);
  });

  it('that are not of nvsmi name what is there', () => {
    const others = lines.filter((line) => argumentsOf(line) === undefined);
    for (const line of others) {
      expect(line).toMatch(/^(npm|sudo apt|bun|deno|rm) /);
      for (const [, script = ''] of line.matchAll(/npm run (\S+)/g))
        expect(manifest.scripts).toHaveProperty(script);
      for (const [, file = ''] of line.matchAll(/node_modules\/nvsmi\/(\S+)/g)) {
        expect(existsSync(join(root, file))).toBe(true);
      }
      for (const [, version] of line.matchAll(/nvsmi[-_](\d+\.\d+\.\d+)/g))
        expect(version).toBe(manifest.version);
    }
    expect(others.length).toBeGreaterThan(5);
  });
});

describe('the programs of the README', () => {
  it.each(blocks('js'))('run: %s', (code) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, NVSMI_SNAPSHOT: 'h200-x2' },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^(NVIDIA H200 0 0\n){2}$|^2\n$/);
  });
});

describe('the contents of the README', () => {
  const anchors = [...README.matchAll(/^## (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(' ', '-')
      .replaceAll(/[^\w-]/g, ''),
  );

  it('are all of its sections, in their order', () => {
    const [, list = ''] = README.split('## Contents\n');
    const listed = [...(list.split('\n## ')[0] ?? '').matchAll(/\]\(#([\w-]+)\)/g)].map(
      ([, anchor]) => anchor,
    );
    expect(listed).toEqual(anchors.filter((anchor) => anchor !== 'contents'));
  });

  it('are where its links lead', () => {
    for (const [, anchor] of README.matchAll(/\]\(#([\w-]+)\)/g)) expect(anchors).toContain(anchor);
  });

  it.each(['docs/terminal.svg', 'docs/top.svg'])('say of %s what its title says', (path) => {
    const picture = readFileSync(join(root, path), 'utf8');
    expect(README).toContain(`![${/<title>(.*)<\/title>/.exec(picture)?.[1]}](${path})`);
  });
});
