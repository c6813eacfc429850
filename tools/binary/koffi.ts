/** koffi in a standalone binary, which has its native part inside: instead of src/nvml/backend/koffi.ts. */
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cacheFolder, currentUser, trustedPath } from '../../src/base/trust.js';
import { INSIDE } from './inside.js';
import { compileLater } from './jit.js';
import { makeThreads } from './threads.js';

type Koffi = typeof import('koffi');

/** Written here by the build. */
declare const KOFFI_HASH: string;

let loaded: Koffi | undefined;

/** koffi, loaded at the first call. */
export function koffi(): Koffi {
  if (loaded === undefined) {
    compileLater();
    loaded = fromCache() ?? fromPassingFile();
    makeThreads(loaded);
  }
  return loaded;
}

function dlopen(path: string): Koffi {
  const native = { exports: {} as Koffi };
  process.dlopen(native, path);
  return native.exports;
}

const embedded = (): Uint8Array => readFileSync(`${INSIDE}/koffi.node`);

/** dlopen wants a file. It is written once and found again; it has the hash of its content in its name. */
function fromCache(): Koffi | undefined {
  const uid = currentUser();
  const folder = cacheFolder('koffi', process.env, uid);
  if (folder === undefined || uid === undefined) return undefined;
  const path = `${folder}/${KOFFI_HASH}.node`;
  try {
    if (!existsSync(path)) write(path);
    return trustedPath(path, uid) === path ? dlopen(path) : undefined;
  } catch {
    // A home that cannot be written, or from which nothing may be run.
    return undefined;
  }
}

/** Writes the file under another name first: a second nvsmi that starts now finds all of it or nothing. */
function write(path: string): void {
  const whole = `${path}.${process.pid}`;
  try {
    writeFileSync(whole, embedded(), { flag: 'wx', mode: 0o500 });
    renameSync(whole, path);
  } catch (error) {
    rmSync(whole, { force: true });
    throw error;
  }
}

/**
 * A file that is gone as soon as it is loaded. Throws where no folder takes one that may be run. In one that is not sticky
 * others could exchange the file before it is loaded.
 */
function fromPassingFile(): Koffi {
  let reason: unknown;
  for (const parent of [process.env.TMPDIR || '/tmp', '/dev/shm', '/run', '/var/tmp']) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(`${parent}/nvsmi-`);
      if (trustedPath(folder, currentUser() ?? -1) === undefined) {
        throw new Error(`other users can change what is in ${parent}`);
      }
      const path = `${folder}/koffi.node`;
      writeFileSync(path, embedded(), { mode: 0o500 });
      return dlopen(path);
    } catch (error) {
      reason = error;
    } finally {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  throw reason;
}
