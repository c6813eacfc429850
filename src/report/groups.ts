/** The groups of `-d`, and how its value is read. */
import { isIn, PRESENT, type Release, type Span } from '../base/release.js';

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
  'RESET_STATUS',
  'GSP_FIRMWARE_VERSION',
  'POWER_SMOOTHING',
  'POWER_PROFILES',
] as const;

export type Group = (typeof GROUPS)[number];

/** Groups that not every driver has. */
const SPANS: Readonly<Partial<Record<Group, Span>>> = {
  RESET_STATUS: { since: 535, until: 580 },
  GSP_FIRMWARE_VERSION: { since: 550 },
  POWER_SMOOTHING: { since: 580 },
  POWER_PROFILES: { since: 580 },
};

export const isGroupOf = (release: Release, group: Group): boolean => isIn(SPANS[group] ?? {}, release);

/** The groups of the present driver. */
export const PRESENT_GROUPS: readonly Group[] = GROUPS.filter((group) => isGroupOf(PRESENT, group));

/**
 * The groups of a comma list, in any case; empty names are ignored, so that `-d ''` asks for none (H200,
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
