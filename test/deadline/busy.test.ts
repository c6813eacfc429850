/** What a program does after its deadline, beside four that take all the time there is. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { started } from '../program.js';
import { deafTo, expectNoneLeft, fake } from './stuck.js';

/** Seconds. */
const TIMEOUT = 3;

const LINES = ['', '--query-gpu=index,temperature.gpu --format=csv', '-q', '-q -x', 'dmon -s put -c 1'];
const STUCK: readonly FunctionName[] = ['nvmlDeviceGetTemperatureV', 'nvmlInit_v2'];

/** Milliseconds from the deadline to the end, and processor time of them: 30 were seen where nothing else ran. */
const WITHIN = 500;
const AT_MOST = 150;

/** Milliseconds of processor time that a process has had, in steps of 10. */
function processorTime(pid: number | undefined): number | undefined {
  try {
    const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
    const fields = after.split(' ');
    return 10 * (Number(fields[11]) + Number(fields[12]));
  } catch {
    return undefined;
  }
}

interface Afterwards {
  readonly status: number | null;
  readonly wall: number;
  readonly processor: number;
}

async function afterDeadline(path: string, line: string): Promise<Afterwards> {
  const words = line.split(' ').filter((word) => word !== '');
  const child = spawn(...started(['--nvml', path, '--timeout', String(TIMEOUT), ...words]), {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let struck: { readonly at: number; readonly processor: number } | undefined;
  let processor = 0;
  const timer = setInterval(() => {
    processor = processorTime(child.pid) ?? processor;
  }, 5);
  child.stderr.on('data', (part: Buffer) => {
    if (!part.toString().includes('no answer')) return;
    struck ??= { at: performance.now(), processor: processorTime(child.pid) ?? 0 };
  });
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  const { at, processor: before } = struck ?? { at: 0, processor: 0 };
  return { status, wall: performance.now() - at, processor: processor - before };
}

describe.skipIf(!fake.available)('beside four busy programs', { timeout: 240_000 }, () => {
  const busy: ReturnType<typeof spawn>[] = [];
  beforeAll(() => {
    for (let i = 0; i < 4; i++) busy.push(spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' }));
  });
  afterAll(() => {
    for (const child of busy) child.kill('SIGKILL');
  });

  it.each(LINES.flatMap((line) => STUCK.map((fn) => [line, fn] as const)))(
    '`%s` ends half a second after its deadline where %s never returns',
    async (line, fn) => {
      const library = deafTo(fn);
      const seen: Afterwards[] = [];
      // The machine may be busy with more than these four.
      while (seen.length < 3 && !seen.some(({ wall }) => wall < WITHIN)) {
        seen.push(await afterDeadline(library.path, line));
      }
      expect(seen.map(({ status }) => status)).toEqual(seen.map(() => 124));
      expect(Math.min(...seen.map(({ wall }) => wall))).toBeLessThan(WITHIN);
      expect(Math.min(...seen.map(({ processor }) => processor))).toBeLessThan(AT_MOST);
      await expectNoneLeft(library);
    },
  );
});
