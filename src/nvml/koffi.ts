/** Loads koffi in the shortest way. */
import { existsSync } from 'node:fs';

type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;

/** Returns koffi and loads it at the first call, so that only commands that need a driver pay for it. */
export function koffi(): Koffi {
  loaded ??= nativePart() ?? wholePackage();
  return loaded;
}

function wholePackage(): Koffi {
  return process.getBuiltinModule('node:module').createRequire(import.meta.url)('koffi');
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
  const path = inNodeModules(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
  if (path === undefined) return undefined;
  const native = { exports: {} as Koffi };
  try {
    process.dlopen(native, path);
    return native.exports;
  } catch {
    return undefined;
  }
}

/** Finds a file of a package in the nearest node_modules that has it, as require() does, which takes 0.7 ms longer. */
function inNodeModules(file: string): string | undefined {
  let folder = import.meta.url.replace(/^file:\/\//, '');
  while (folder !== '') {
    folder = folder.slice(0, folder.lastIndexOf('/'));
    const path = `${folder}/node_modules/${file}`;
    if (existsSync(path)) return path;
  }
  return undefined;
}
