/** The kinds of lines that differ and are known to: a table, whose names docs/differences.md has with their reasons. */
import type { Hunk } from './compare.js';
import { isOfLostGpu } from './lost.js';

interface Kind {
  readonly name: string;
  /** Of these command lines alone. */
  readonly args?: RegExp;
  readonly isOf: (hunk: Hunk) => boolean;
}

const STATUS = /^exit status /;

/** Every line of ours, or of nvidia-smi's where ours has none, looks so. */
const lines =
  (gone: RegExp, come: RegExp) =>
  (hunk: Hunk): boolean =>
    hunk.gone.every((line) => gone.test(line)) && hunk.come.every((line) => come.test(line));

export const KINDS: readonly Kind[] = [
  { name: 'lost GPU', isOf: (hunk) => hunk.isOfLostGpu === true || isOfLostGpu(hunk) },
];

/** The kind of what differs; undefined where nothing explains it. */
export const kindOf = (hunk: Hunk, args: string): string | undefined =>
  KINDS.find((kind) => (kind.args?.test(args) ?? true) && kind.isOf(hunk))?.name;
