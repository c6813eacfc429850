/** What does not answer is shown as it was last: the values of a GPU, and its processes, with the time that they are of. */
import type { ProcessEntry } from './process-entry.js';
import type { GpuSample, WatchSample, WatchSampler } from './sample.js';

interface LastAnswer {
  readonly time: number;
  readonly gpu: GpuSample;
  readonly processes: readonly ProcessEntry[];
}

/** The same samples; a GPU that has not answered has its last answers. */
export function withLastKnown(sampler: WatchSampler): WatchSampler {
  const last = new Map<number, LastAnswer>();
  return { ...sampler, take: async () => completed(await sampler.take(), last) };
}

function completed(sample: WatchSample, last: Map<number, LastAnswer>): WatchSample {
  const { time, gpus, processes } = sample;
  const before = new Map<number, LastAnswer>();
  const shown = gpus.map((gpu): GpuSample => {
    const { index, hasAnswered } = gpu;
    if (hasAnswered) {
      const own = processes.filter(({ place }) => place.gpu.index === index);
      last.set(index, { time, gpu, processes: own });
      return gpu;
    }
    const known = last.get(index);
    if (known === undefined) return gpu;
    before.set(index, known);
    return { ...known.gpu, hasAnswered, since: known.time };
  });
  if (before.size === 0) return sample;
  // In the order of the GPUs, as they are listed.
  const entries = gpus.flatMap(
    ({ index }) => before.get(index)?.processes ?? processes.filter(({ place }) => place.gpu.index === index),
  );
  return { ...sample, gpus: shown, processes: entries };
}
