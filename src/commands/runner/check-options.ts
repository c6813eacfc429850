/** Options of the commands that check: which checks, and where the system is. */
import type { OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { nearestNames } from '../../query/nearest.js';

export const chooseOptions = [
  { long: 'checks', value: 'required', argument: 'CHECK,...', joins: true, help: 'Only these checks.' },
  { long: 'skip', value: 'required', argument: 'CHECK,...', joins: true, help: 'Skip these checks.' },
  { long: 'list', help: 'List the checks and what they look at.' },
] as const satisfies readonly OptionSpec[];

export const rootOption = {
  long: 'root',
  value: 'required',
  argument: 'FOLDER',
  help: 'Read a copy of /proc, /sys and /dev in this directory, from another machine.',
} as const satisfies OptionSpec;

/** 3 is UNKNOWN for Nagios and its kind: nothing was checked. */
export const NOT_CHECKED = 3;

/** The checks of `--checks` without those of `--skip`. Throws UsageError for a name that none has. */
export function chosenChecks<Check extends { readonly id: string }>(
  all: readonly Check[],
  { checks, skip }: { readonly checks?: string; readonly skip?: string },
  status: number,
  options: { readonly checks: string; readonly skip: string } = { checks: 'checks', skip: 'skip' },
): readonly Check[] {
  const only = checks === undefined ? undefined : named(all, checks, options.checks, status);
  const without = skip === undefined ? [] : named(all, skip, options.skip, status);
  const chosen = all.filter(({ id }) => (only === undefined || only.includes(id)) && !without.includes(id));
  if (chosen.length === 0) throw new UsageError('No checks are selected.', status);
  return chosen;
}

function named(
  all: readonly { readonly id: string }[],
  list: string,
  option: string,
  status: number,
): readonly string[] {
  const ids = all.map(({ id }) => id);
  const names = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  for (const name of names) {
    if (ids.includes(name)) continue;
    const near = nearestNames(name, ids);
    throw new UsageError(
      plainly`--${option}: unknown check "${name}"`,
      status,
      near.length === 0 ? '--list shows the checks.' : `Did you mean ${near.join(' or ')}?`,
    );
  }
  return names;
}
