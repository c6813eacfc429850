/** The whole report of one GPU as lines: what `-q` prints. */
import type { Gpu, Session } from '../nvml/session.js';
import { reportText } from '../render/report-text.js';
import { compileReport } from '../report/compile.js';
import { gpuTree } from '../report/gpu.js';

/** Reads it; compiled once for each GPU. */
export function gpuReports(
  session: Session,
  gpus: readonly Gpu[],
  now: () => number,
): (index: number) => Promise<readonly string[]> {
  const known = new Map<number, ReturnType<typeof compileReport>>();
  return async (index) => {
    const chosen = gpus.filter((gpu) => gpu.index === index);
    const compiled =
      known.get(index) ??
      compileReport(gpuTree, chosen, { form: 'text', groups: undefined }, { session, now });
    known.set(index, compiled);
    await compiled.sample();
    return reportText(compiled.document()).trim().split('\n');
  };
}
