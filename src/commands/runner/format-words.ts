/** Words of `--format` that do not go together. nvidia-smi knows csv alone, so this refusal is ours. */
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';

const SHAPES = ['csv', 'json', 'jsonl'];

/** Refuses two shapes, and what changes the lines of CSV where there are none. All words are known ones. */
export function refuseMixture(words: readonly string[]): void {
  const shapes = [...new Set(words)].filter((word) => SHAPES.includes(word));
  if (shapes.length > 1) throw new UsageError(`Format is either ${shapes.join(' or ')}.`);
  const modifier = words.find((word) => !SHAPES.includes(word));
  const [shape = 'csv'] = shapes;
  if (modifier !== undefined && shape !== 'csv') {
    throw new UsageError(plainly`Format modifier ${modifier} does not go with ${shape}.`);
  }
}
