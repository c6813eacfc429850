/**
 * GPUs that cannot be attached. nvidia-smi 550 and older then print one line and nothing else; nvsmi shows the other GPUs, on purpose
 * (docs/differences.md). These lines are compared with what the same nvidia-smi prints where the GPU is there.
 */
import { type Comparison, difference, goneIn, type Hunk, sideBySide, statuses } from './compare.js';
import type { Printed } from './program.js';

const LOST_LINE = /^Unable to determine the device handle for GPU ?\d+: /;
/** The two lines after it: one of them is a period where a GPU has to be reset. */
const REST = /^\.?$/;

/** Whether an nvidia-smi said nothing but that a GPU is lost. */
export const isCutShort = ({ out, status }: Printed): boolean =>
  status > 0 &&
  LOST_LINE.test(out) &&
  out
    .split('\n')
    .slice(1)
    .every((line) => REST.test(line));

/** The line without what differs on purpose: the PCI address, as public outputs have it, and the blank before the index (470). */
const plainLine = (line: string): string =>
  line.replace(/^(Unable .* for GPU) ?(\d+: )[0-9A-F:.]+: (?=\D)/, '$1$2').replace(/ GPU (?=\d+: )/, ' GPU');

/** What a GPU that is not there has for values. */
const LOST_WORDS =
  /\bGPU is lost\b|ERR!|\bReset Required\b|\bGPU requires reset\b|Unknown Error|^[ \d:/,a-z<>]*[ ,]\d+(?:,? +-)+ *$|^GPU \d+$|^exit status 15$/i;

/** Whether lines of ours are those of a GPU that cannot be attached. */
export const isOfLostGpu = ({ come }: Pick<Hunk, 'come'>): boolean =>
  come.some((line) => LOST_WORDS.test(line));

/** Compares an nvidia-smi that was cut short. `whole` is what both programs print where no GPU is lost. */
export function compareCut(
  real: Printed,
  ours: Printed,
  whole: { readonly real: Printed; readonly ours: Printed },
): Comparison {
  const { theirs, own: all } = sideBySide(whole.real, ours);
  const said = plainLine(real.out.split('\n', 1)[0] ?? '');
  const at = all.findIndex((line) => plainLine(line) === said);
  const own = at === -1 ? all : all.toSpliced(at, 1);
  const hidden = counted(sideBySide(whole.real, whole.ours).own);
  for (const line of own) hidden.set(line, (hidden.get(line) ?? 0) - 1);
  const hunks = difference(theirs, own).map((hunk) => ({
    ...hunk,
    isOfLostGpu: isOfLostGpu(hunk) || (hunk.come.length === 0 && isHidden(hunk.gone, hidden)),
  }));
  const unsaid: readonly Hunk[] =
    at === -1 && all.length > 0 ? [{ gone: [said], come: [], isOfLostGpu: true }] : [];
  const differing = [...unsaid, ...hunks, ...statuses(real.status, ours.status)];
  return {
    isSame: differing.length === 0,
    lines: Math.max(theirs.length, own.length) + 1,
    equal: theirs.length - goneIn(hunks) + 1 - unsaid.length,
    hunks: differing,
  };
}

const counted = (lines: readonly string[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
};

/** Whether nvsmi itself has these lines where the GPU is there, and only there. */
const isHidden = (lines: readonly string[], hidden: ReadonlyMap<string, number>): boolean =>
  [...counted(lines)].every(([line, times]) => times <= (hidden.get(line) ?? 0));
