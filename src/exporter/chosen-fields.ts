/** Which fields --fields and --skip choose: names, or the beginning of names with an asterisk. */
import { nearestNames } from '../query/nearest.js';
import { allFields } from './fields.js';

/** A name that no field has, and those that it may mean. */
export class UnknownMetricField extends Error {
  constructor(
    readonly field: string,
    readonly nearest: readonly string[],
  ) {
    super(field);
  }
}

/** Every name of a field, by the field's canonical one. */
const CANONICAL: ReadonlyMap<string, string> = new Map(
  allFields.flatMap(({ names }) => names.map((name) => [name.toLowerCase(), names[0]] as const)),
);

/** The canonical names that a comma list means. Throws UnknownField. */
function named(list: string): ReadonlySet<string> {
  const chosen = new Set<string>();
  for (const each of list.split(',').map((name) => name.trim().toLowerCase())) {
    if (each === '') continue;
    const start = each.endsWith('*') ? each.slice(0, -1) : undefined;
    const found = [...CANONICAL].filter(([name]) =>
      start === undefined ? name === each : name.startsWith(start),
    );
    if (found.length === 0) throw new UnknownMetricField(each, nearestNames(each, [...CANONICAL.keys()]));
    for (const [, name] of found) chosen.add(name);
  }
  return chosen;
}

/** Says of a field whether it is chosen: all are, but for what was named. Throws UnknownField. */
export function chosenFields(only: string | undefined, skip: string | undefined): (field: string) => boolean {
  const kept = only === undefined ? undefined : named(only);
  const left = named(skip ?? '');
  return (field) => (kept === undefined || kept.has(field)) && !left.has(field);
}
