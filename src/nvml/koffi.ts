/** koffi, by the shortest way. */
import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

let loaded: Koffi | undefined;

/** koffi, loaded at the first call: what needs no driver does not pay for it. */
export function koffi(): Koffi {
  loaded ??= loadKoffi();
  return loaded;
}

/**
 * koffi's own entry reads the ELF header of node and tries one file after another before it loads its native
 * part: 7 ms, against 1 ms for that part alone (Node 24; 10 to 15 ms on a machine with an H100). What the entry
 * adds are deprecation warnings for calls that are not made here.
 */
function loadKoffi(): Koffi {
  const require = createRequire(import.meta.url);
  const { platform, arch } = process;
  if (platform === 'linux' && (arch === 'x64' || arch === 'arm64')) {
    try {
      return require(`@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`);
    } catch {
      // Another C library, or another layout of node_modules: koffi's entry knows more places.
    }
  }
  return require('koffi');
}
