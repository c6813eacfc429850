/** Only src/act/ changes GPUs: what calls a function that does, and what refuses to. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/commands/index.js';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import type { Call } from '../../src/nvml/call.js';
import { argsOf } from '../../src/nvml/call-of.js';
import { signatures } from '../../src/nvml/generated/functions.js';
import { prototypes } from '../../src/nvml/generated/prototypes.js';
import { writes } from '../../src/nvml/generated/writes.js';
import { bundledNames } from '../../src/snapshot/bundled.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { nvsmi } from '../cli/run.js';
import { buildFake, compiler } from '../fake-nvml/build.js';
import { machineOf, nvsmiOn } from './oracle.js';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);
const textOf = (file: string): string => readFileSync(`${SOURCE}${file}`, 'utf8');

describe('functions that change a GPU', () => {
  it('are those whose names say so, and no getter is among them', () => {
    const names = [...writes];
    expect(names.length).toBeGreaterThan(60);
    expect(names.filter((name) => /Get|Query|Validate/.test(name))).toEqual([]);
    const telling = /Set|Reset|Clear|Create|Destroy|Modify|Remove|Discover|Freeze|Activate|Update|Force/;
    const missed = Object.keys(signatures).filter(
      (name) =>
        telling.test(name.replace(/^nvml(?:Event|SystemEvent)Set|GpuSet|CpuSet|^nvmlSystem/, '')) &&
        !/Get|Affinity|EventSet/.test(name) &&
        !(writes as ReadonlySet<string>).has(name),
    );
    expect(missed).toEqual([]);
  });

  // The simulator's table says what they change on a simulated machine; it calls none.
  it('are named in src/act/ alone, beside the generated files, the public API and the simulator', () => {
    const pattern = new RegExp(`\\b(?:${[...writes].join('|')})\\b`);
    const found = files.filter((file) => pattern.test(textOf(file)));
    const elsewhere = found.filter(
      (file) =>
        !/^(?:(?:act|nvml\/generated)\/|simulator\/writable\.ts$)/.test(file) && !isComment(file, pattern),
    );
    expect(elsewhere).toEqual([]);
  });

  it('are called through a machine that src/commands/runner/acting.ts alone opens for that', () => {
    const opens = /\bcontext\.writable\b|toWrite: true|writable: true/;
    const opening = files.filter((file) => opens.test(textOf(file)) && !isComment(file, opens));
    expect(opening.sort()).toEqual([
      'api/open.ts',
      'cli/cli.ts',
      'commands/runner/acting.ts',
      'nvml/functions/load.ts',
    ]);
  });
});

/** A file that has a name in its comments, or in a table of names, only. */
const isComment = (file: string, pattern: RegExp): boolean =>
  !pattern.test(textOf(file).replace(/\/\*[\s\S]*?\*\/|\/\/.*$|'[^']*'/gm, ''));

describe.skipIf(compiler === undefined)('a driver that was not opened to change', () => {
  it.each([...writes])('refuses %s', async (fn) => {
    const fake = await buildFake();
    const driver = loadLibrary({ path: fake.with({ log: false }).path, env: {} });
    const call: Call = { fn, args: argsOf(prototypes[fn], () => 0) };
    expect(() => driver.bind(call)).toThrow(`${fn} changes the GPU`);
  });

  it('is what every command has that asks, whatever it asks', { timeout: 60_000 }, async () => {
    const library = await machineOf({ machine: 'a100-mig', faults: [], lines: [] });
    const lines = commands.flatMap(({ examples }) => examples.map(([line]) => line.replace(/^nvsmi /, '')));
    const asking = lines.filter(
      (line) => !/daemon|replay|snapshot|apply|simulate|exporter|fleet|top|events|-l \d|FILE/.test(line),
    );
    expect(asking.length).toBeGreaterThan(25);
    for (const line of [...asking, '-q', '-q -x', '', '--query-gpu=name --format=csv', '-L']) {
      await nvsmiOn(library, line.replaceAll("'", ''));
    }
    const called = library.log().filter(({ fn }) => (writes as ReadonlySet<string>).has(fn));
    expect(called).toEqual([]);
    expect(library.log().length).toBeGreaterThan(500);
  });
});

/** A value for each option that changes something. */
const SETTERS = [
  '-pm 0',
  '-e 0',
  '-p 1',
  '-c 3',
  '--gom=1',
  '-ac 3201,1980',
  '-rac',
  '-acp 0',
  '--auto-boost-default=0',
  '--auto-boost-permission=0',
  '-lgc 1000',
  '-rgc',
  '-lmc 1000,2000',
  '-rmc',
  '-pl 300',
  '-cc 1',
  '-am 1',
  '-caa',
  '-mig 1',
  '-gtt 80',
  '-r',
  '-vm 3',
  '-t 1',
  '-dm 1',
  'mig -cgi 19 -C',
  'mig -cci',
  'mig -dgi',
  'mig -dci',
  'nvlink -re',
  'nvlink -sBwMode OFF',
  'nvlink -sLowPwrThres 5',
  'gpm -s 1',
  'drain -m 1 -p 0000:00:06.0',
  'drain -r -p 0000:00:06.0',
  'drain -d',
  'conf-compute -srs 1',
  'conf-compute -sm 5',
  'conf-compute -skr 60',
  'power-profiles -sr 1',
  'power-smoothing -s 1',
  'vgpu -shm 1',
  'vgpu set-scheduler-state -p 1',
  'pci -cErrCnt',
  '-den 1',
  '-lmcd 1',
  '-rmcd',
];

describe('--dry-run', () => {
  // `none` has no GPU, and `mismatch` no driver.
  const machines = bundledNames().filter((name) => !['none', 'mismatch'].includes(name));

  it.each(machines)(
    'says what it would do on the recording %s, and exits as NVML would',
    { timeout: 120_000 },
    async (machine) => {
      for (const line of SETTERS) {
        const { status, out, err } = await nvsmi([...line.split(' '), '--dry-run'], {}, machine);
        expect({ line, out, err, known: [0, 2, 3, 6, 15, 23, 255].includes(status) }).toMatchObject({
          line,
          known: true,
        });
        expect(out).not.toMatch(/Successfully|All done|recorded machine cannot/);
      }
    },
  );

  it.skipIf(compiler === undefined).each(machines)(
    'calls no function that changes anything on %s',
    { timeout: 120_000 },
    async (machine) => {
      const library = await machineOf({ machine, faults: [], lines: [] });
      for (const line of SETTERS) await nvsmiOn(library, `${line} --dry-run`);
      const called = library.log().filter(({ fn }) => (writes as ReadonlySet<string>).has(fn));
      expect(called).toEqual([]);
      expect(library.log().length).toBeGreaterThan(100);
    },
  );

  it('has a plan for each GPU: what is now, and what it needs', async () => {
    const { out, status } = await nvsmi(['-pl', '300', '--dry-run']);
    expect(out).toBe(
      [
        'Would change GPU 00000000:00:06.0: power-limit 300; power.limit is 700.00 W; needs root',
        'Would change GPU 00000000:00:07.0: power-limit 300; power.limit is 700.00 W; needs root',
        '',
      ].join('\n'),
    );
    expect(status).toBe(0);
  });
});

describe('a recording', () => {
  it('is not changed', async () => {
    const { status, out } = await nvsmi(['-pm', '0']);
    expect(out).toBe('A recorded machine cannot be changed. Use --dry-run to see what would change.\n');
    expect(status).toBe(2);
    expect(openSnapshot('h200-x2').snapshot.calls.nvmlDeviceGetPersistenceMode?.gpu0).toBe(1);
  });
});
