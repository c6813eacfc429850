/** What encodersessions and fbcsessions do: list a GPU's sessions, once or in a loop. */
import type { OptionSpec } from '../base/argv.js';
import { loopPeriod } from '../base/period.js';
import { columnsHead, columnsLine, emptyLine } from '../format/columns.js';
import { jsonDocument } from '../format/document.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, NOT_SUPPORTED, statusWords } from '../nvml/status.js';
import { type Asking, ask, together } from '../query/ask/asking.js';
import { type Cells, cell, cellText } from '../query/cell.js';
import { count } from '../query/kind.js';
import type { Probe } from '../query/probe.js';
import { noSession, type SessionColumn, sessionCells } from '../query/sessions.js';
import { type CommandSpec, command } from './command.js';
import { jsonOption } from './json-option.js';
import { loop } from './loop.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { chosenGpus, idOption } from './select.js';

const loopOption = {
  short: ['l'],
  long: 'loop',
  value: 'optional',
  argument: 'SECONDS',
  help: 'Repeat in this period instead of every second; every 5 seconds if no time is given.',
} as const satisfies OptionSpec;

/** The head comes again after so many lines. */
const LINES_BELOW_HEAD = 20;

function* sessionsOf(
  probe: Probe,
  columns: readonly SessionColumn[],
  gpu: Gpu,
): Asking<readonly Cells[] | Missing> {
  const items = (yield* ask(probe, gpu)).items();
  if (items instanceof Missing) return items;
  return items.map((item) => sessionCells(columns, item));
}

/** Where there is no list a line says why in every column, however wide (550.163.01 with failing calls). */
const gpuLines = (
  columns: readonly SessionColumn[],
  gpu: Gpu,
  sessions: readonly Cells[] | Missing,
): readonly string[] => {
  if (sessions instanceof Missing) return [emptyLine(columns, gpu.index, statusWords(sessions.status))];
  if (sessions.length === 0) return [emptyLine(columns, gpu.index)];
  return sessions.map((cells) => columnsLine(columns, gpu.index, Object.values(cells).map(cellText)));
};

/** A GPU that has no such sessions has no record. */
function records(columns: readonly SessionColumn[], sessions: readonly Cells[] | Missing): readonly Cells[] {
  if (!(sessions instanceof Missing)) return sessions;
  return sessions === NOT_SUPPORTED ? [] : [noSession(columns, sessions)];
}

/** A command that lists one kind of sessions. `part` is what they are called in JSON. */
export const sessionsCommand = (part: string, probe: Probe, columns: readonly SessionColumn[]): CommandSpec =>
  command({
    options: [idOption, loopOption, jsonOption],
    run: async (given, context) => {
      // It runs until it is stopped, a line a GPU every second, also without a session (two H200, 580.159.04).
      const period = loopPeriod(given) ?? (given.json ? undefined : 1000);
      const { session, asker } = await machineOf(context);
      const gpus = await chosenGpus(session, given.id);
      const asJson = given.json;
      let lines = 0;
      await loop(context.io, period, async () => {
        asker.tick();
        const asked = reachable(gpus);
        const lists = await asker.start(together(asked.map((gpu) => sessionsOf(probe, columns, gpu))));
        const found = asked.map((gpu, i) => ({ gpu, sessions: lists[i] as (typeof lists)[number] }));
        const all = found.flatMap(({ gpu, sessions }) =>
          records(columns, sessions).map((cells) => ({ gpu: cell(count, gpu.index), ...cells })),
        );
        const text = found.flatMap(({ gpu, sessions }) => gpuLines(columns, gpu, sessions)).join('');
        const head = lines === 0 ? columnsHead(columns) : '';
        lines = (lines + text.split('\n').length - 1) % LINES_BELOW_HEAD;
        context.io.out(
          asJson ? jsonDocument({ [part]: all }, context.source) : head + text + lostLines(gpus),
        );
      });
      return statusOf(gpus);
    },
  });
