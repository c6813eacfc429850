/** The questions of the report's trees, for a recording to have an answer to each. */
import type { Probe } from '../query/probe.js';
import { gpuTree } from './gpu.js';
import type { Node, ReportField } from './node.js';
import { unitTree } from './unit.js';

const probesOf = ({ source }: ReportField): readonly Probe[] => ('probe' in source ? [source.probe] : []);

function probesIn(node: Node): readonly Probe[] {
  const own = node.when === undefined ? [] : probesOf(node.when.of);
  switch (node.type) {
    case 'leaf':
      return [...own, ...probesOf(node.of)];
    case 'section':
      return [
        ...own,
        ...(node.gate === undefined ? [] : probesOf(node.gate)),
        ...node.parts.flatMap(probesIn),
      ];
    case 'list':
      return own;
  }
}

/** Of GPUs and the system; each once. Lists ask nothing that the survey does not. */
export const reportProbes: readonly Probe[] = [
  ...new Map(
    [...gpuTree.head, ...gpuTree.counts, ...gpuTree.parts, ...unitTree.counts]
      .flatMap(probesIn)
      .map((probe) => [probe.name, probe]),
  ).values(),
];
