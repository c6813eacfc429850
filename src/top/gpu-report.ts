/** The whole report of one GPU as lines: what `-q` prints. */
import type { Gpu } from '../nvml/session.js';
import type { Asker } from '../query/ask/asker.js';
import { compileReport } from '../report/compile.js';
import { gpuTree } from '../report/gpu.js';
import { reportText } from '../report/text.js';

/** Reads it; compiled once for each GPU. */
export function gpuReports(
  asker: Asker,
  gpus: readonly Gpu[],
  now: () => number,
): (index: number) => Promise<readonly string[]> {
  const known = new Map<number, Awaited<ReturnType<typeof compileReport>>>();
  return async (index) => {
    asker.tick();
    const chosen = gpus.filter((gpu) => gpu.index === index);
    const compiled =
      known.get(index) ??
      (await compileReport(gpuTree, chosen, { form: 'text', groups: undefined }, { asker, now }));
    known.set(index, compiled);
    await compiled.sample();
    return reportText(compiled.document()).trim().split('\n');
  };
}
