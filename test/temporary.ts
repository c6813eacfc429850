/** Folders that are gone after the test, or after the tests of a file. */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, onTestFinished } from 'vitest';

function newFolder(removed: (remove: () => void) => void): string {
  // Its real path: what another user can change is refused by the path.
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nvsmi-test-')));
  removed(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** For the test that is running; between tests for the process. */
export const temporaryFolder = (): string =>
  newFolder((remove) => {
    try {
      onTestFinished(remove);
    } catch {
      process.once('exit', remove);
    }
  });

/** For all tests of a file. */
export const folderOfFile = (): string => newFolder(afterAll);

/** The path of a file with a snapshot. */
export function saved(snapshot: object, folder = temporaryFolder()): string {
  const path = join(folder, 'machine.json');
  writeFileSync(path, JSON.stringify(snapshot));
  return path;
}
