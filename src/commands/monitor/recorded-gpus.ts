/** The option `-i` of commands that show recordings. */
import type { RecordedGpu } from '../../query/monitor/recording.js';

/** GPUs by index or UUID: a recording knows them by these. */
export function chooser(list: string | undefined): (gpu: RecordedGpu) => boolean {
  if (list === undefined) return () => true;
  const names = new Set(
    list
      .split(',')
      .map((name) => (/^\d+$/.test(name.trim()) ? String(Number(name)) : name.trim().toLowerCase())),
  );
  return ({ index, uuid }) => names.has(String(index)) || (uuid !== null && names.has(uuid.toLowerCase()));
}
