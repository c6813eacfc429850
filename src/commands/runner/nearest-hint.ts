/** The names that a mistyped word may mean, for the end of a refusal. */
import { nearestNames } from '../../query/nearest.js';

export const hintOf = (nearest: readonly string[]): string =>
  nearest.length === 0 ? '' : ` Did you mean ${nearest.join(' or ')}?`;

export const nearestHint = (word: string, names: readonly string[]): string =>
  hintOf(nearestNames(word, names));
