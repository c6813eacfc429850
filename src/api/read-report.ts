/** The full report of every GPU, as `-q` has it, as one object. */
import { shown } from '../nvml/functions/check.js';
import type { Gpu } from '../nvml/session.js';
import type { Asker } from '../query/ask/asker.js';
import { releaseOf } from '../query/driver-release.js';
import { PRESENT_GROUPS, readGroups } from '../report/groups.js';
import type { Group, Report } from './report.js';

/** The report now. Its tree is loaded at the first call; waits of all GPUs overlap. */
export async function reportOf(
  asker: Asker,
  gpus: readonly Gpu[],
  groups: ReadonlySet<Group> | undefined,
): Promise<Report> {
  const [{ gpuTree }, { treeAt }, { compileReport }, { reportJson }] = await Promise.all([
    import('../report/gpu.js'),
    import('../report/release.js'),
    import('../report/compile.js'),
    import('../report/json.js'),
  ]);
  asker.tick();
  const tree = treeAt(gpuTree, await asker.start(releaseOf(asker.session)), 'json');
  const compiled = await compileReport(tree, gpus, { form: 'json', groups }, { asker, now: Date.now });
  await compiled.sample();
  // The type is generated from the schema, and tests hold every machine's report against the schema.
  return reportJson(compiled.document()) as unknown as Report;
}

/** The groups that were asked for. Throws TypeError, and RangeError for a name that is no group. */
export function groupsOf(groups: unknown): ReadonlySet<Group> | undefined {
  if (groups === undefined) return undefined;
  if (!Array.isArray(groups)) {
    throw new TypeError(
      `report: groups must be an array of names, ['MEMORY', 'ECC'], not ${typeof groups === 'string' ? `the string '${groups}'` : shown(groups)}`,
    );
  }
  return new Set(groups.flatMap((name: unknown, i) => [...groupNamed(name, i)]));
}

function groupNamed(name: unknown, i: number): ReadonlySet<Group> {
  if (typeof name !== 'string') {
    throw new TypeError(`report: groups[${i}] must be the name of a group, not ${shown(name)}`);
  }
  const found = readGroups(name);
  if (found === undefined || found.size !== 1) {
    throw new RangeError(`report: '${name}' is not a group; there are ${PRESENT_GROUPS.join(', ')}`);
  }
  return found;
}
