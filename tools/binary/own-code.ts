/**
 * Gives the pages of the executable back that a program had to read once, when it started or compiled: the kernel reads them again, from
 * its cache, where they are wanted. Of 33 MiB of code that the monitor has read after a minute it needs 15 from tick to tick.
 */
import { readFileSync } from 'node:fs';

interface Libc {
  madvise(start: number, length: number, advice: number): number;
}

declare function require(name: 'bun:ffi'): {
  dlopen(
    name: string,
    functions: { readonly madvise: { readonly args: readonly string[]; readonly returns: string } },
  ): { readonly symbols: Libc };
};

const MADV_DONTNEED = 4;

interface Range {
  readonly start: number;
  readonly length: number;
}

/** What is mapped of a file and was not written: nothing is lost with it. */
function unwritten(smaps: string, file: string): readonly Range[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((mapping): readonly Range[] => {
    const [, from = '', to = ''] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p /.exec(mapping) ?? [];
    const [head = ''] = mapping.split('\n', 1);
    if (from === '' || !head.endsWith(` ${file}`) || !/^Anonymous: +0 kB$/m.test(mapping)) return [];
    const start = Number.parseInt(from, 16);
    return [{ start, length: Number.parseInt(to, 16) - start }];
  });
}

let release: (() => void) | undefined;

function prepared(): () => void {
  try {
    const ranges = unwritten(readFileSync('/proc/self/smaps', 'utf8'), process.execPath);
    const { symbols } = require('bun:ffi').dlopen('libc.so.6', {
      madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
    });
    return () => {
      for (const { start, length } of ranges) symbols.madvise(start, length, MADV_DONTNEED);
    };
  } catch {
    // Without /proc, or with another C library: the pages stay.
    return () => {};
  }
}

export function releaseOwnCode(): void {
  release ??= prepared();
  release();
}
