/** How many calls may wait at once in a standalone binary. */

type Koffi = typeof import('koffi');

/**
 * Bun makes as many worker threads as there are processors, unless the environment says otherwise, in which `process.env`
 * puts nothing: of 16 calls of 100 ms 2 run at once on 2 processors (800 ms), where Node follows what src/cli/main.ts asks for.
 * The C library's own call is heard before the first thread is made, and takes 0.1 ms.
 */
export function makeThreads(koffi: Koffi): void {
  const wanted = process.env.UV_THREADPOOL_SIZE;
  if (wanted === undefined) return;
  const set = koffi.load(null).func('setenv', 'int', ['const char *', 'const char *', 'int']);
  set('UV_THREADPOOL_SIZE', wanted, 1);
}
