/** What .ci/run says of a run; npm is a stub that writes the results of the tests. */
import { spawnSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { folderOfFile } from '../temporary.js';

const script = fileURLToPath(new URL('../../.ci/run', import.meta.url));
const folder = folderOfFile();
for (const tool of ['bash', 'env', 'dirname', 'mktemp', 'rm', 'cat']) {
  const found = spawnSync('which', [tool], { encoding: 'utf8' }).stdout.trim();
  symlinkSync(found, join(folder, tool));
}
symlinkSync(process.execPath, join(folder, 'node'));

function run(results: object | undefined, status = 0) {
  const write =
    results === undefined
      ? ''
      : `[ -n "$VITEST_JSON" ] && echo '${JSON.stringify(results)}' > "$VITEST_JSON"`;
  writeFileSync(join(folder, 'npm'), `#!/usr/bin/env bash\n${write}\nexit ${status}\n`, { mode: 0o755 });
  const env = { PATH: folder, TMPDIR: dirname(folder) };
  const ran = spawnSync('bash', [script], { encoding: 'utf8', env });
  const lines = ran.stdout.trimEnd().split('\n');
  return { status: ran.status, said: lines.slice(0, -1).join('\n'), last: lines.at(-1) };
}

describe('.ci/run', () => {
  it('counts the tests of its three runs in its last line', () => {
    const { status, last } = run({ numPassedTests: 7, numFailedTests: 0, numPendingTests: 0 });
    expect({ status, last }).toEqual({ status: 0, last: '21 passed, 0 failed' });
  });

  it('counts those that are skipped after them', () => {
    const { last } = run({ numPassedTests: 7, numFailedTests: 0, numPendingTests: 2 });
    expect(last).toBe('21 passed, 0 failed, 6 skipped');
  });

  it('says which tools are missing that tests need', () => {
    const { said } = run({ numPassedTests: 7 });
    expect(said).toContain('No C compiler: ');
    expect(said).toContain('No xmllint: ');
  });

  it('counts a failure where no test ran', () => {
    expect(run(undefined, 1)).toMatchObject({ status: 1, last: '0 passed, 1 failed' });
  });
});
