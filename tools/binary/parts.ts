/** What the binary is made of, from npm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetched } from '../fetched.js';

export const BUN = '1.4.5';

interface Parts {
  /** Bun's package. One file for all x64: it takes AVX2 and AVX-512 where the processor has them. */
  readonly bun: string;
  readonly koffi: string;
  /** The folder of koffi's native part in its package. */
  readonly native: string;
}

export const TARGETS: Readonly<Record<string, Parts>> = {
  x64: { bun: '@oven/bun-linux-x64', koffi: '@koromix/koffi-linux-x64', native: 'linux_x64' },
  arm64: { bun: '@oven/bun-linux-aarch64', koffi: '@koromix/koffi-linux-arm64', native: 'linux_arm64' },
  'x64-musl': { bun: '@oven/bun-linux-x64-musl', koffi: '@koromix/koffi-linux-x64', native: 'musl_x64' },
  'arm64-musl': {
    bun: '@oven/bun-linux-aarch64-musl',
    koffi: '@koromix/koffi-linux-arm64',
    native: 'musl_arm64',
  },
};

function partsOf(target: string): Parts {
  const parts = TARGETS[target];
  if (parts === undefined) throw new Error(`${target}: there are ${Object.keys(TARGETS).join(', ')}`);
  return parts;
}

/** Bun for a target. */
export const bun = (target: string): string => join(fetched(partsOf(target).bun, BUN), 'bin/bun');

/** koffi's native part for a target, of the koffi that is installed. */
export function koffiNative(target: string): string {
  const { version } = JSON.parse(readFileSync('node_modules/koffi/package.json', 'utf8'));
  const { koffi, native } = partsOf(target);
  return join(fetched(koffi, version), native, 'koffi.node');
}
