/** The lists of `power-profiles`: GPUs follow each other without a heading, as a GB200 with driver 580 shows them. */
import { type Cells, cellText } from '../query/cell.js';
import { profileNames } from '../query/power/profile-names.js';

const nameOf = (id: string): string => `${id}. ${profileNames.spell(Number(id))}`;

const word = (record: Cells, name: string): string =>
  record[name] === undefined ? '' : cellText(record[name]);

/** `-l`. */
export const profileList = (profiles: readonly Cells[]): string =>
  profiles.map((record) => `${nameOf(word(record, 'profile'))}\n`).join('');

/** `-ld`: priority and conflicts below each profile, by tabs. */
export const profileDetails = (profiles: readonly Cells[]): string =>
  profiles
    .map((record) => {
      const others = word(record, 'conflicts').split(',');
      const head = `${nameOf(word(record, 'profile'))}\n\tPriority: ${word(record, 'priority')}\n\tConflicts with:\n`;
      return head + others.flatMap((other) => (other === '' ? [] : `\t\t${nameOf(other)}\n`)).join('');
    })
    .join('');

/** `-gr` and `-ge`. */
export const currentList =
  (none: string) =>
  (profiles: readonly Cells[]): string =>
    profiles.length === 0 ? `No profiles are currently ${none}.\n` : profileList(profiles);
