/** What the value of an option can be: what completions offer, and what a mistyped word is compared with. */
import type { OptionSpec, Values } from '../../base/argv.js';
import { FIELD_NAMES } from '../../query/generated/field-names.js';
import { bundledNames } from '../../snapshot/bundled.js';

/** Words that no option table holds: the recorded machines, and the fields of the --query-* switches. */
const WORDS: Readonly<Record<string, () => Values>> = {
  snapshot: () => ({ words: bundledNames() }),
  ...Object.fromEntries(
    Object.entries(FIELD_NAMES).map(([option, names]) => [
      option,
      (): Values => ({ words: names.split(' '), between: ',' }),
    ]),
  ),
};

/** The words that can follow an option; undefined where only its user knows. */
export const valuesOf = ({ long, value, values }: OptionSpec): Values | undefined =>
  value === undefined ? undefined : (values ?? (Object.hasOwn(WORDS, long) ? WORDS[long]?.() : undefined));
