/** The package as others have it, in a folder of modules with or without koffi. */
import { cpSync, mkdirSync, mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const NATIVE = `@koromix/koffi-${process.platform}-${process.arch}`;
/** What koffi itself is made of, without the sources that it can be built from. */
const KOFFI = ['package.json', 'index.cjs', 'src/koffi/index.cjs', 'src/koffi/src/static.cjs'];

/** Where a test file makes such folders; it removes it. */
export const newTop = (): string => realpathSync(mkdtempSync(join(tmpdir(), 'nvsmi-installed-')));

/** Makes a folder with the package in its node_modules. */
export function install(folder: string): string {
  const nvsmi = join(folder, 'node_modules/nvsmi');
  mkdirSync(nvsmi, { recursive: true });
  for (const part of ['package.json', 'bin', 'dist/lib', 'dist/cjs', 'dist/cli', 'snapshots', 'schemas']) {
    cpSync(join(root, part), join(nvsmi, part), { recursive: true });
  }
  return folder;
}

export function addKoffi(nodeModules: string): string {
  for (const file of KOFFI) cpSync(join(root, 'node_modules/koffi', file), join(nodeModules, 'koffi', file));
  return join(nodeModules, 'koffi');
}

export function addNative(nodeModules: string): void {
  mkdirSync(dirname(join(nodeModules, NATIVE)), { recursive: true });
  cpSync(join(root, 'node_modules', NATIVE), join(nodeModules, NATIVE), { recursive: true });
}
