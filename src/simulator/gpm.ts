/** GPM metrics of a recording as directives of a table (simulator/gpm.c). */
import type { FunctionName } from '../nvml/generated/functions.js';
import type { Json } from '../snapshot/answer.js';
import type { Period } from './answer-lines.js';
import type { SimulatedHandles } from './handles.js';

/** What the library answers by itself where there are metrics. */
export const GPM: ReadonlySet<FunctionName> = new Set([
  'nvmlGpmSampleAlloc',
  'nvmlGpmSampleFree',
  'nvmlGpmSampleGet',
  'nvmlGpmMetricsGet',
]);

interface ComputedMetric {
  readonly metricId: number;
  readonly nvmlReturn: number;
  readonly value: number;
}

/** The one metric that a recorded answer has. */
const metricIn = (answer: Json): ComputedMetric | undefined =>
  (answer as { readonly metrics?: readonly ComputedMetric[] } | null)?.metrics?.[0];

const bitsOf = (value: number): bigint => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes.readBigUInt64LE();
};

export function gpmLines(periods: readonly Period[], handles: SimulatedHandles): readonly string[] {
  return periods.flatMap(({ calls, from = 0, until = 0 }) =>
    Object.entries(calls.nvmlGpmMetricsGet ?? {}).flatMap(([key, answer]) => {
      const [gpu = ''] = key.split(',');
      const metric = metricIn(answer);
      if (metric === undefined) return [];
      const { metricId, nvmlReturn, value } = metric;
      return [`!gpm ${handles.handleOf(gpu)} ${metricId} ${nvmlReturn} ${bitsOf(value)} ${from} ${until}`];
    }),
  );
}
