/**
 * Lets Node keep compiled code between runs (22.1 and newer), in a folder that only this user can change. Node's own choice
 * is a name in $TMPDIR that any user may create first, and then that user's code runs: V8 checks that kept code fits, not whose
 * it is. It has to happen before the program is loaded.
 *
 * NODE_COMPILE_CACHE is left to Node, which reads it before it runs anything. The owner of our environment chooses the code
 * anyway (NODE_OPTIONS, LD_PRELOAD).
 */
import { cacheFolder } from '../base/trust.js';

/** What Node 20 has not. */
interface Cache {
  readonly enableCompileCache?: (folder: string) => void;
  readonly getCompileCacheDir?: () => string | undefined;
}

const { enableCompileCache, getCompileCacheDir } = process.getBuiltinModule('node:module') as Cache;
if (enableCompileCache !== undefined && getCompileCacheDir?.() === undefined) {
  const folder = cacheFolder('compiled', process.env);
  if (folder !== undefined) enableCompileCache(folder);
}
