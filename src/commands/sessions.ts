/** What encodersessions and fbcsessions do: list a GPU's sessions, once or in a loop. */
import { lastValue, type OptionSpec } from '../argv.js';
import type { Gpu, Session } from '../nvml/session.js';
import { loopPeriod } from '../period.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { count } from '../query/kind.js';
import type { Probe } from '../query/probe.js';
import { askProbe } from '../query/read.js';
import { type SessionColumn, sessionCells } from '../query/sessions.js';
import { columnsHead, columnsLine, emptyLine } from '../render/columns.js';
import { jsonDocument } from '../render/document.js';
import type { CommandSpec } from './index.js';
import { jsonOption } from './json-option.js';
import { loop } from './loop.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { chosenGpus, idOption } from './select.js';

const loopOption: OptionSpec = {
  short: ['l'],
  long: 'loop',
  value: 'optional',
  argument: 'SECONDS',
  help: 'Repeat until interrupted, every 5 seconds if no time is given.',
};

function sessionsOf(
  session: Session,
  probe: Probe,
  columns: readonly SessionColumn[],
  gpu: Gpu,
): readonly Cells[] {
  return askProbe(session, probe, gpu)
    .items()
    .map((item) => sessionCells(columns, item));
}

const gpuLines = (
  columns: readonly SessionColumn[],
  gpu: Gpu,
  sessions: readonly Cells[],
): readonly string[] => {
  if (sessions.length === 0) return [emptyLine(columns, gpu.index)];
  return sessions.map((cells) => columnsLine(columns, gpu.index, Object.values(cells).map(cellText)));
};

/** A command that lists one kind of sessions. `part` is what they are called in JSON. */
export const sessionsCommand = (
  part: string,
  probe: Probe,
  columns: readonly SessionColumn[],
): CommandSpec => ({
  options: [idOption, loopOption, jsonOption],
  run: async (tokens, context) => {
    const period = loopPeriod(tokens);
    const { session } = await context.machine();
    const gpus = chosenGpus(session, lastValue(tokens, 'id'));
    const asJson = lastValue(tokens, 'json') !== undefined;
    if (!asJson) context.io.out(columnsHead(columns));
    await loop(context.io, period, () => {
      const found = reachable(gpus).map((gpu) => ({
        gpu,
        sessions: sessionsOf(session, probe, columns, gpu),
      }));
      const records = found.flatMap(({ gpu, sessions }) =>
        sessions.map((cells) => ({ gpu: cell(count, gpu.index), ...cells })),
      );
      const text = found.flatMap(({ gpu, sessions }) => gpuLines(columns, gpu, sessions)).join('');
      context.io.out(asJson ? jsonDocument({ [part]: records }, context.source) : text + lostLines(gpus));
    });
    return statusOf(gpus);
  },
});
