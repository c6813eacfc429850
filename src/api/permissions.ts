/** What this user may read. */
import type { SystemFiles } from '../system/files.js';

export interface Permissions {
  /**
   * Whether GPU performance counters are restricted to administrators: RmProfilingAdminOnly in
   * /proc/driver/nvidia/params. Undefined if the driver does not report it.
   */
  readonly profilingAdminOnly: boolean | undefined;
}

export function readPermissions(files: SystemFiles): Permissions {
  const found = /^RmProfilingAdminOnly:\s*(\d+)/m.exec(files.read('/proc/driver/nvidia/params') ?? '')?.[1];
  return { profilingAdminOnly: found === undefined ? undefined : found !== '0' };
}
