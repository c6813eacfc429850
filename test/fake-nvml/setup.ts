/** Compiles the fake before any test file needs it, and says once what is left out where it cannot be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildFake } from './build.js';

export async function setup(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'nvsmi-fake-'));
  process.env.NVSMI_FAKE_MACHINES = folder;
  const { available } = await buildFake();
  if (!available) {
    console.warn(
      '\nNo C compiler found: tests that load a library through koffi are SKIPPED. Install cc, or set CC.\n',
    );
  }
  return () => rmSync(folder, { recursive: true, force: true });
}
