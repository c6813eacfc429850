/** Bundles the program where that was not done: some tests run it as a user does. `npm test` always bundles it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export function setup(): void {
  if (existsSync(new URL('../dist/cli/nvsmi.js', import.meta.url))) return;
  const { status, stderr } = spawnSync('npm', ['run', '--silent', 'build'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm run build failed: ${stderr}`);
}
