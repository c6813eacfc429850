/** What the binary is made of and this package does not depend on: fetched from npm once, by exact version. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const CACHE = 'node_modules/.cache/nvsmi-binary';

/** The newest Node 24 that npm has for x64 and arm64 alike. */
const NODE = '24.20.0';
const POSTJECT = '1.0.0-alpha.6';

/** The folder of a package, downloaded (npm checks its hash) and unpacked at the first call. */
function fetched(name: string, version: string): string {
  const folder = resolve(CACHE, `${name.replace('/', '+')}-${version}`);
  if (existsSync(folder)) return join(folder, 'package');
  console.log(`fetching ${name}@${version}`);
  mkdirSync(CACHE, { recursive: true });
  const making = mkdtempSync(join(CACHE, 'making-'));
  try {
    const pack = ['pack', `${name}@${version}`, '--silent', '--ignore-scripts', '--pack-destination', making];
    const archive = execFileSync('npm', pack, { encoding: 'utf8' }).trim().split('\n').at(-1) ?? '';
    execFileSync('tar', ['-xzf', join(making, archive), '-C', making]);
    rmSync(join(making, archive));
    renameSync(making, folder);
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error;
  }
  return join(folder, 'package');
}

/** The package of Node for an architecture: bin/node, LICENSE. 52 MB to fetch. */
export const nodePackage = (arch: string): string => fetched(`node-linux-${arch}`, NODE);

/** koffi's native part for an architecture and glibc. */
export const koffiNative = (arch: string, version: string): string =>
  join(fetched(`@koromix/koffi-linux-${arch}`, version), `linux_${arch}/koffi.node`);

/** The module that puts a blob into an executable. */
export const postject = (): string => join(fetched('postject', POSTJECT), 'dist/api.js');
