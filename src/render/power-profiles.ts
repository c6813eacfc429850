/** The lists of `power-profiles`: GPUs follow each other without a heading, as a GB200 with driver 580 shows them. */
import { profileNames } from '../query/power-profile-names.js';
import type { PowerProfile } from '../query/power-profiles.js';

const name = (id: number): string => `${id}. ${profileNames.spell(id)}`;

/** `-l`. */
export const profileList = (profiles: readonly PowerProfile[]): string =>
  profiles.map(({ id }) => `${name(id)}\n`).join('');

/** `-ld`: priority and conflicts below each profile, by tabs. */
export const profileDetails = (profiles: readonly PowerProfile[]): string =>
  profiles
    .map(({ id, priority, conflicts }) => {
      const head = `${name(id)}\n\tPriority: ${priority}\n\tConflicts with:\n`;
      return head + conflicts.map((other) => `\t\t${name(other)}\n`).join('');
    })
    .join('');

/** `-gr` and `-ge`. */
export const currentList = (ids: readonly number[], none: string): string =>
  ids.length === 0 ? `No profiles are currently ${none}.\n` : ids.map((id) => `${name(id)}\n`).join('');
