/** A folder of one test, with the file that a run of health keeps. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

export function keptFile(): { readonly folder: () => string; readonly file: () => string } {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nvsmi-health-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return { folder: () => folder, file: () => join(folder, 'file.json') };
}
