/**
 * GPM metrics of a recorded machine. NVML answers any list of metrics in one call; a recording has an answer for each
 * metric of a GPU, `gpu0,metric=2`, and this puts together what was asked for.
 */
import { own } from '../base/form.js';
import type { Preset } from '../nvml/call.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Json } from './answer.js';
import type { Answers } from './answer-key.js';

/** The answer of nvmlGpmMetricsGet about a GPU; undefined where the recording has no metric of it. */
export function gpmAnswer(answers: Answers, gpu: string, asked: Preset): Json | undefined {
  const ids = Object.entries(asked).flatMap(([name, id]) => (/^metric\d+$/.test(name) ? [Number(id)] : []));
  const recorded = ids.map((id) => metricOf(own(answers, `${gpu},metric=${id}`)));
  if (recorded.every((metric) => metric === undefined)) return undefined;
  const metrics = recorded.map(
    (metric, i) => metric ?? { metricId: ids[i] ?? 0, nvmlReturn: NVML_ERROR_NOT_SUPPORTED, value: 0 },
  );
  return { version: 1, numMetrics: ids.length, metrics };
}

/** The one metric of an answer. */
const metricOf = (answer: Json | undefined): Json | undefined => {
  const { metrics } = (answer ?? {}) as { readonly metrics?: Json };
  return Array.isArray(metrics) ? metrics[0] : undefined;
};
