import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const hasPython = spawnSync('python3', ['--version']).error === undefined;

/** As much of nvidia-ml-py as the scripts need, with getters that they want and others. */
const PYNVML = `
class NVMLError(Exception): value = 3
def nvmlInit(): pass
def nvmlShutdown(): pass
def nvmlDeviceGetCount(): return 1
def nvmlDeviceGetHandleByIndex(index): return "gpu"
def nvmlDeviceGetName(handle): return b"GPU of " + handle.encode()
def nvmlDeviceGetPciInfo(device, version=3): raise NVMLError()
def nvmlDeviceGetClockInfo(handle, type): return 1
def nvmlDeviceSetName(handle): return 1
`;

describe.skipIf(!hasPython)(
  'the Python sides of the comparison and of the measurement',
  { timeout: 60_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-getters-'));
    afterAll(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(join(folder, 'pynvml.py'), PYNVML);
    const run = (script: string, input = ''): string =>
      execFileSync('python3', ['-B', join(root, script)], {
        input,
        encoding: 'utf8',
        env: { ...process.env, PYTHONPATH: folder },
      });

    it('call the same getters: those that take a GPU and nothing else', () => {
      const { gpus } = JSON.parse(run('tools/crosscheck/ask.py'));
      expect(gpus).toEqual([
        { nvmlDeviceGetName: { value: 'GPU of gpu' }, nvmlDeviceGetPciInfo: { error: 3 } },
      ]);
      const [names, time] = run('bench/calls.py', 'names\nnvmlDeviceGetName 10\n').split('\n');
      expect(names?.split(' ')).toEqual(Object.keys(gpus[0]));
      expect(Number(time)).toBeGreaterThan(0);
    });
  },
);
