/**
 * Commands about values that NVML has no function for. They print nvidia-smi's table with N/A in it, say why on stderr, and
 * end with status 3.
 */

import { jsonDocument } from '../format/document.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Cells } from '../query/cell.js';
import type { Context } from './context.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus } from './select.js';

const isMissing = (record: Cells): boolean =>
  Object.values(record).some(({ reading }) => reading instanceof Missing);

/** Makes what runs such a command. JSON calls its records `part`; stderr calls its values `what`. */
export const commandNotInNvml = <Record extends Cells>(
  part: string,
  what: string,
  collect: (gpu: Gpu) => readonly Record[],
  print: (records: readonly Record[]) => string,
): ((given: { readonly id?: string; readonly json?: true }, context: Context) => Promise<number>) => {
  return async (given, context) => {
    const { session } = await machineOf(context);
    const gpus = await chosenGpus(session, given.id);
    const asJson = given.json === true;
    // JSON has a reason for each value, also of a GPU that is lost; the text has a line for that one.
    const records = (asJson ? gpus : reachable(gpus)).flatMap(collect);
    context.io.out(
      asJson ? jsonDocument({ [part]: records }, context.source) : print(records) + lostLines(gpus),
    );
    if (!records.some(isMissing)) return statusOf(gpus);
    context.io.err(`NVML has no function for ${what}; nvidia-smi reads it without NVML.\n`);
    return statusOf(gpus) || NVML_ERROR_NOT_SUPPORTED;
  };
};
