/** `events`: what happens to the GPUs, as it happens, from NVML and the kernel log. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { xids } from '../../events/xids.js';
import { eventJson, eventText, type TimedEvent } from '../../format/events.js';
import { xidListText } from '../../format/xid-list.js';
import { nearestNames } from '../../query/nearest.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { rootOption } from '../runner/check-options.js';
import { jsonOption } from '../runner/json-option.js';
import { idOption } from '../runner/select.js';
import { EventSource } from './source.js';

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id or serial number.' },
  { ...jsonOption, help: 'Print one JSON object a line.' },
  {
    long: 'since',
    value: 'required',
    values: { words: ['boot'] },
    help: 'Start with the events in the kernel log since boot.',
  },
  {
    short: ['c'],
    long: 'count',
    value: 'required',
    number: true,
    argument: 'COUNT',
    help: 'Stop after this number of events.',
  },
  { long: 'list-xids', help: 'List the Xids: number, severity, meaning, what to do.' },
  rootOption,
] as const satisfies readonly OptionSpec[];

/** Milliseconds from one look to the next, and so the most by which an event comes late. */
const PERIOD = 250;

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const { io } = context;
  if (given['list-xids']) {
    io.out(xidListText(xids));
    return 0;
  }
  const { since, count = Number.POSITIVE_INFINITY } = given;
  if (since !== undefined && since !== 'boot') {
    const near = nearestNames(since, ['boot']);
    throw new UsageError(
      plainly`--since must be boot, not "${since}"`,
      undefined,
      near.length === 0 ? undefined : 'Did you mean boot?',
    );
  }
  if (!(count > 0)) throw new UsageError('--count must be above 0');
  const source = await EventSource.open(context, {
    id: given.id,
    root: given.root,
    isSinceBoot: since === 'boot',
  });
  for (const missing of source.missing) io.err(`nvsmi: ${missing}\n`);
  let printed = 0;
  const print = (event: TimedEvent): void => {
    if (printed >= count) return;
    printed += 1;
    io.out(given.json === true ? eventJson(event, context.source) : eventText(event));
  };
  const look = async (): Promise<void> => {
    (await source.poll()).forEach(print);
    const lines = source.overwritten();
    if (lines > 0)
      io.err(
        `nvsmi: ${lines} line${lines === 1 ? '' : 's'} of the kernel log ${lines === 1 ? 'was' : 'were'} overwritten before ${lines === 1 ? 'it was' : 'they were'} read\n`,
      );
  };
  await look();
  for (
    let next = io.elapsed() + PERIOD;
    printed < count && (await io.sleepUntil(next));
    next = io.elapsed() + PERIOD
  ) {
    await look();
  }
  source.rest().forEach(print);
  source.close();
  return 0;
}

export const spec: CommandSpec = command({
  options,
  notes: () => 'Severities: fatal, warning, application (caused by a program), information.\n',
  run,
});
