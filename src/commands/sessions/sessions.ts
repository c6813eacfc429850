/** What encodersessions and fbcsessions do: list a GPU's sessions, once or in a loop. */
import type { OptionSpec } from '../../base/argv.js';
import { columnsHead, columnsLine, emptyLine } from '../../format/columns.js';
import { type SessionColumn, sessionTexts } from '../../format/sessions.js';
import { Missing, statusWords } from '../../nvml/status.js';
import type { Relation } from '../../query/relation.js';
import type { CommandSpec } from '../command.js';
import type { ShownGpu } from '../runner/collect.js';
import { jsonOption } from '../runner/json-option.js';
import { idOption } from '../runner/select.js';
import { viewsCommand } from '../runner/views.js';

const loopOption = {
  short: ['l'],
  long: 'loop',
  value: 'optional',
  argument: 'SECONDS',
  help: 'Repeat every SECONDS seconds (default 5) instead of every second.',
} as const satisfies OptionSpec;

/** The head comes again after so many lines. */
const LINES_BELOW_HEAD = 20;

/** Where there is no list a line says why in every column, however wide (550.163.01 with failing calls). */
function gpuLines(
  relation: Relation,
  columns: readonly SessionColumn[],
  { gpu, recordsOf }: ShownGpu,
): readonly string[] {
  const sessions = recordsOf(relation);
  if (sessions instanceof Missing) return [emptyLine(columns, gpu.index, statusWords(sessions.status))];
  if (sessions.length === 0) return [emptyLine(columns, gpu.index)];
  return sessions.map((cells) => columnsLine(columns, gpu.index, sessionTexts(columns, cells)));
}

/** A command that lists one kind of sessions. */
export const sessionsCommand = (relation: Relation, columns: readonly SessionColumn[]): CommandSpec =>
  viewsCommand({
    options: [idOption, loopOption, jsonOption],
    views: [],
    otherwise: [{ relation }],
    // It runs until it is stopped, a line a GPU every second, also without a session (two H200, 580.159.04).
    usualPeriod: 1000,
    text: {
      begin: () => {
        let before = 0;
        return ({ gpus }) => {
          const lines = gpus.flatMap((gpu) => gpuLines(relation, columns, gpu));
          const head = before === 0 ? columnsHead(columns) : '';
          before = (before + lines.length) % LINES_BELOW_HEAD;
          return head + lines.join('');
        };
      },
    },
  });
