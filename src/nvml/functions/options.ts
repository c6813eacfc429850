/** Which NVML is meant: the options of opening, checked, and what the environment says where they do not. */
import type { SnapshotName } from '../generated/snapshots.js';
import { checkNames, checkObject, shown } from './check.js';
import { shared } from './shared.js';

export interface OpenOptions {
  /** A libnvidia-ml to load instead of searching for one. Default: the environment's NVSMI_NVML. */
  readonly path?: string | undefined;
  /**
   * A recorded machine that answers instead: the name of one in the package (`h200-x2`), a file, or what its JSON holds.
   * Default: the environment's NVSMI_SNAPSHOT, unless there is a `path`.
   */
  readonly snapshot?: SnapshotName | (string & {}) | object | undefined;
}

/** Options of a machine whose answers have a deadline. */
export interface TimedOptions extends OpenOptions {
  /**
   * Milliseconds that NVML has to answer: for opening, and for each question and sample. What it has not answered by then is
   * null, for the reason `No Answer`. NVML is called in another process then, so every question takes a promise.
   */
  readonly timeout: number;
}

/** Who answers: at most one of the two. Neither is the NVML that is found. */
export interface NvmlSource {
  readonly path?: string;
  readonly snapshot?: string | object;
}

const NAMES = ['path', 'snapshot'] as const;

/**
 * The source that options name, or the environment.
 *
 * @throws TypeError for invalid options: an unknown name, a value that is not a string, both at once
 */
export function sourceOf(fn: string, options: OpenOptions): NvmlSource {
  checkObject(fn, options, "{ snapshot: 'h200-x2' } or { path }");
  checkNames(fn, options, NAMES);
  for (const name of NAMES) {
    const given: unknown = options[name];
    if (given === undefined || (typeof given === 'string' && given !== '')) continue;
    if (name === 'snapshot' && typeof given === 'object' && given !== null && !Array.isArray(given)) continue;
    const or = name === 'snapshot' ? ', or a recording' : '';
    throw new TypeError(`${fn}: ${name} must be a non-empty string${or}, not ${shown(given)}`);
  }
  const { path, snapshot } = options;
  if (path !== undefined && snapshot !== undefined) {
    throw new TypeError(`${fn}: path and snapshot cannot be combined`);
  }
  if (path !== undefined) return { path };
  if (snapshot !== undefined) return { snapshot };
  // An empty variable is none, and the recording goes first, as on the command line.
  const { NVSMI_SNAPSHOT, NVSMI_NVML } = process.env;
  if (NVSMI_SNAPSHOT) return { snapshot: NVSMI_SNAPSHOT };
  return NVSMI_NVML ? { path: NVSMI_NVML } : {};
}

/** A source as a text: of two equal ones it is the same. */
export function sourceName({ path, snapshot }: NvmlSource): string {
  if (snapshot === undefined) return path === undefined ? 'the library' : `library ${path}`;
  return `snapshot ${typeof snapshot === 'string' ? snapshot : objectName(snapshot)}`;
}

function objectName(snapshot: object): string {
  const { objects } = shared;
  const known = objects.get(snapshot) ?? `object ${++shared.objectCount}`;
  objects.set(snapshot, known);
  return known;
}
