/** Loads koffi in the shortest way. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFile } from '../here.js';

type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;

/** Returns koffi and loads it at the first call, so that only commands that need a driver pay for it. */
export function koffi(): Koffi {
  loaded ??= nativePart() ?? wholePackage();
  return loaded;
}

function wholePackage(): Koffi {
  const from = ownFile();
  if (from === undefined) throw new Error('a bundler has left no trace of where nvsmi lies');
  return process.getBuiltinModule('node:module').createRequire(from)('koffi');
}

/**
 * koffi's own entry reads the ELF header of node and tries one file after another before it loads its native
 * part: 7 ms, against 1 ms for that part alone (Node 24; 10 to 15 ms on a machine with an H100). What the entry
 * adds are deprecation warnings for calls that are not made here. Undefined where only that entry finds it:
 * another system, another C library, another layout of node_modules.
 */
function nativePart(): Koffi | undefined {
  const { platform, arch } = process;
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) return undefined;
  const folder = nativeFolder(arch);
  if (folder === undefined) return undefined;
  const native = { exports: {} as Koffi };
  try {
    process.dlopen(native, join(folder, `linux_${arch}/koffi.node`));
    return native.exports;
  } catch {
    return undefined;
  }
}

/** The package that holds the native part of our koffi: koffi requires it, so it is sought from there. */
function nativeFolder(arch: string): string | undefined {
  const from = ownFile();
  const koffi = from === undefined ? undefined : packageFolder(dirname(from), 'koffi');
  return koffi === undefined ? undefined : packageFolder(koffi, `@koromix/koffi-linux-${arch}`);
}

/**
 * The real folder of a package in the nearest node_modules of a folder or above it. The walk of require(), without its
 * 0.7 ms; a package manager may have put a link there.
 */
function packageFolder(from: string, name: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(folder)) return realpathSync(folder);
    if (at === dirname(at)) return undefined;
  }
}
