/** The groups of `-d`, and how its value is read. */

export const GROUPS = [
  'MEMORY',
  'UTILIZATION',
  'ECC',
  'TEMPERATURE',
  'POWER',
  'CLOCK',
  'COMPUTE',
  'PIDS',
  'PERFORMANCE',
  'SUPPORTED_CLOCKS',
  'PAGE_RETIREMENT',
  'ACCOUNTING',
  'ENCODER_STATS',
  'SUPPORTED_GPU_TARGET_TEMP',
  'VOLTAGE',
  'FBC_STATS',
  'ROW_REMAPPER',
  'GSP_FIRMWARE_VERSION',
  'POWER_SMOOTHING',
  'POWER_PROFILES',
] as const;

export type Group = (typeof GROUPS)[number];

/**
 * The groups of a comma list, in any case; empty names are passed over, so that `-d ''` asks for none (H200,
 * 580.159.04). Undefined where a name is no group.
 */
export function readGroups(list: string): ReadonlySet<Group> | undefined {
  const groups = new Set<Group>();
  for (const word of list.split(',').filter((name) => name !== '')) {
    const group = GROUPS.find((name) => name === word.toUpperCase());
    if (group === undefined) return undefined;
    groups.add(group);
  }
  return groups;
}
