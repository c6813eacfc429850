/** Packages of npm that tools use and this package does not depend on: fetched once, by exact version. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = 'node_modules/.cache/nvsmi';

const folderOf = (name: string, version: string): string =>
  resolve(CACHE, `${name.replace('/', '+')}-${version}`);

/** The folder of a package that was fetched before. */
export function fetchedBefore(name: string, version: string): string | undefined {
  const folder = folderOf(name, version);
  return existsSync(folder) ? join(folder, 'package') : undefined;
}

/** The folder of a package, downloaded (npm checks its hash) and unpacked at the first call. No script of it runs. */
export function fetched(name: string, version: string): string {
  const before = fetchedBefore(name, version);
  if (before !== undefined) return before;
  console.log(`fetching ${name}@${version}`);
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, 'making-'));
  try {
    const pack = ['pack', `${name}@${version}`, '--silent', '--ignore-scripts', '--pack-destination', making];
    const archive = execFileSync('npm', pack, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
    execFileSync('tar', ['-xzf', join(making, archive), '-C', making]);
    rmSync(join(making, archive));
    renameSync(making, folderOf(name, version));
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return join(folderOf(name, version), 'package');
}
