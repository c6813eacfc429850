/** nvsmi on a recorded machine prints what nvidia-smi printed there, row by row of test/golden/<machine>/INDEX.tsv. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../src/cli/cli.js';
import { FakeIo } from './fake-io.js';
import { machineFor, mask, type Row, rowsOf, type Volatile, volatilesOf } from './golden/recorded.js';
import { folderOfFile } from './temporary.js';

const machines = readdirSync(new URL('golden/', import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && rowsOf(entry.name).length > 0)
  .map(({ name }) => name);

const folder = folderOfFile();

/** Where a machine with these overrides lies as a file; without overrides it is the package's own. */
function sourceOf(machine: string, overrides: readonly string[]): string {
  if (overrides.length === 0) return machine;
  const file = join(folder, `${machine}-${overrides.join('-')}.json`);
  writeFileSync(file, JSON.stringify(machineFor(machine, overrides)));
  return file;
}

/** The status that a loop was ended with from outside. */
const ENDED = 124;

/** No recorded run has more ticks: a loop that does not end by itself is a mistake. */
const TOO_MANY = 500;

interface Printed {
  readonly status: number;
  readonly out: string;
  readonly file: string | undefined;
}

/** Runs a row. A loop runs until it has printed as much as was recorded before it was ended, and is cut there. */
async function run(machine: string, row: Row): Promise<Printed> {
  const io = new FakeIo({
    ...(row.time === undefined ? {} : { time: row.time }),
    until: ({ output, slept }) =>
      slept.length > TOO_MANY || (row.status === ENDED && output.length >= row.out.length),
  });
  const status = await main(['--snapshot', sourceOf(machine, row.overrides), ...row.argv], io);
  const [file] = io.files.values();
  if (row.status !== ENDED) return { status, out: io.output, file };
  return { status: status === 0 ? ENDED : status, out: io.output.slice(0, row.out.length), file };
}

describe.each(machines)('on %s', (machine) => {
  const volatiles = volatilesOf(machine);
  const used = new Set<Volatile>();

  for (const row of rowsOf(machine)) {
    const command = row.argv.join(' ');
    const shown = command.length > 90 ? `${command.slice(0, 90)}...` : command;
    it(`${row.name}: nvsmi ${shown}`, async () => {
      const printed = await run(machine, row);
      const own = volatiles.filter(({ rows }) => rows.test(row.name));
      expect(mask(printed.out, own, used)).toBe(mask(row.out, own, used));
      if (row.file !== undefined) expect(printed.file).toBe(row.file);
      expect(printed.status).toBe(row.status);
    });
  }

  it('every line of volatile.tsv is needed by a row', () => {
    expect(
      volatiles.filter((one) => !used.has(one)).map(({ place, reason }) => `${place}: ${reason}`),
    ).toEqual([]);
  });
});
