/** The full report of every GPU, as `-q` has it, as one object. */
import type { Session } from '../nvml/session.js';
import { type Group, readGroups } from '../report/groups.js';
import type { Report, ReportGpu } from './generated/report.js';

export type { Report, ReportGpu };

export interface ReportOptions {
  /** Only these groups of `-d`: `['MEMORY', 'ECC']`. Default: all. */
  readonly groups?: readonly Group[];
}

/** The report now. Its tree is loaded at the first call; waits of all GPUs overlap. */
export async function reportOf(session: Session, { groups }: ReportOptions): Promise<Report> {
  const [{ gpuTree }, { compileReport }, { reportJson }] = await Promise.all([
    import('../report/gpu.js'),
    import('../report/compile.js'),
    import('../render/report-json.js'),
  ]);
  const chosen = groups === undefined ? undefined : readGroups(groups.join());
  if (groups !== undefined && chosen === undefined) throw new RangeError(`unknown group in ${groups.join()}`);
  const selection = { form: 'json', groups: chosen } as const;
  const compiled = compileReport(gpuTree, session.gpus, selection, { session, now: Date.now });
  await compiled.sample();
  // The type is generated from the schema, and tests hold every machine's report against the schema.
  return reportJson(compiled.document()) as unknown as Report;
}
