/**
 * Commands about values that NVML has no function for. They print nvidia-smi's table with N/A in it, say why on stderr, and
 * end with status 3.
 */
import type { OptionSpec } from '../base/argv.js';
import type { RecordOfGpu } from '../format/not-in-nvml.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import type { Cells } from '../query/cell.js';
import type { Relation } from '../query/relation.js';
import type { CommandSpec } from './command.js';
import type { ShownGpu } from './runner/collect.js';
import { viewsCommand } from './runner/views.js';

function recordsOf<Name extends string>(
  { gpu, recordsOf: of }: ShownGpu,
  relation: Relation,
): RecordOfGpu<Name>[] {
  const records = of(relation);
  // Only a GPU that is lost has no list, and the text has a line of its own for that.
  if (records instanceof Missing) return [];
  return records.map((cells) => ({ gpu: gpu.index, cells: cells as Cells<Name> }));
}

const isMissing = ({ cells }: RecordOfGpu<string>): boolean =>
  Object.values(cells).some(({ reading }) => reading instanceof Missing);

/** Makes such a command; stderr calls its values `what`. */
export const commandNotInNvml = <Name extends string>(
  options: readonly OptionSpec[],
  what: string,
  relation: Relation,
  print: (records: readonly RecordOfGpu<Name>[]) => string,
): CommandSpec =>
  viewsCommand({
    options,
    views: [],
    otherwise: [{ relation }],
    text: ({ gpus }) => print(gpus.flatMap((gpu) => recordsOf<Name>(gpu, relation))),
    ending: ({ gpus }) =>
      gpus.flatMap((gpu) => recordsOf(gpu, relation)).some(isMissing)
        ? {
            status: NVML_ERROR_NOT_SUPPORTED,
            words: `NVML has no function for ${what}; nvidia-smi reads it without NVML.\n`,
          }
        : undefined,
  });
