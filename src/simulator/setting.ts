/**
 * Sets fields of --query-gpu in a recording. What a field reads is known to its row alone, so its place is found by trying: the
 * answers that the field asks for are changed one by one, until the field shows what is wanted.
 */
import { EXIT, UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import type { Driver } from '../nvml/call.js';
import { isOut } from '../nvml/call.js';
import { openSession } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import { Asker } from '../query/ask/asker.js';
import type { Row } from '../query/field.js';
import { gpuTable } from '../query/gpu/index.js';
import { compilePlan } from '../query/plan.js';
import { answerKey, fieldKey } from '../snapshot/answer-key.js';
import type { Snapshot } from '../snapshot/snapshot.js';
import { snapshotDriver } from '../snapshot/snapshot-driver.js';
import { type AnswerPlace, type AnswerValue, placesIn, valueAt } from './place.js';
import { withQuantity } from './quantities.js';
import { unknownWord } from './rules.js';

/** Sets `[GPU] FIELD=VALUE` of all settings in their order. Throws UsageError for what cannot be set. */
export async function withValues(snapshot: Snapshot, settings: readonly string[]): Promise<Snapshot> {
  let now = snapshot;
  for (const setting of settings) {
    const [, gpu, field = '', value = ''] = /^\s*(?:(\S+)\s+)?([^\s=]+)=(.*)$/s.exec(setting) ?? [];
    if (field === '')
      throw new UsageError(plainly`Option --set takes "[GPU] FIELD=VALUE", not "${setting}".`);
    const row = gpuTable.fields.find(({ names }) => names.includes(field));
    if (row === undefined)
      throw unknownWord(
        'field',
        field,
        gpuTable.fields.flatMap(({ names }) => names),
      );
    const gpus = gpusOf(now);
    if (gpu !== undefined && !gpus.includes(gpu)) throw unknownWord('GPU', gpu, gpus);
    const wanted = bare(value, row);
    for (const one of gpu === undefined ? gpus : [gpu]) now = await withField(now, one, row, wanted);
  }
  return now;
}

const gpusOf = (snapshot: Snapshot): readonly string[] =>
  openSession(snapshotDriver(snapshot, 'simulation')).gpus.map(({ index }) => `gpu${index}`);

/** A value without its unit. */
function bare(value: string, { kind }: Row): string {
  const unit = kind.csvUnit || kind.unit;
  const text = value.trim();
  return unit !== undefined && text.endsWith(unit) ? text.slice(0, -unit.length).trim() : text;
}

async function withField(snapshot: Snapshot, gpu: string, row: Row, wanted: string): Promise<Snapshot> {
  const { shown, asked } = await readField(snapshot, gpu, row);
  if (shown !== undefined && isMeant(shown, wanted)) return holding(snapshot, gpu, row, shown, asked);
  for (const place of asked) {
    for (const value of valuesFor(wanted, valueAt(snapshot.calls, place))) {
      const changed = withQuantity(snapshot, gpu, place, value);
      const { shown: now } = await readField(changed, gpu, row).catch(() => NOTHING);
      if (now !== undefined && isMeant(now, wanted)) return changed;
    }
  }
  throw new UsageError(
    plainly`${row.names[0]} of ${gpu} cannot be set to "${wanted}".`,
    EXIT.usage,
    shown === undefined ? 'This machine does not have it.' : plainly`It is ${shown}.`,
  );
}

/** The recording with a field that keeps the value of the first moment: its place is where another value shows. */
async function holding(
  snapshot: Snapshot,
  gpu: string,
  row: Row,
  shown: string,
  asked: readonly AnswerPlace[],
): Promise<Snapshot> {
  if (snapshot.ticks === undefined) return snapshot;
  for (const place of asked) {
    const value = valueAt(snapshot.calls, place);
    if (typeof value !== 'number' && typeof value !== 'string') continue;
    const other = withQuantity(snapshot, gpu, place, typeof value === 'number' ? value ^ 1 : `${value}0`);
    const { shown: now } = await readField(other, gpu, row).catch(() => NOTHING);
    if (now !== shown) return withQuantity(snapshot, gpu, place, value);
  }
  return snapshot;
}

const NOTHING = { shown: undefined };

/** Whether a text shows what is wanted: the same words, or the same number. */
const isMeant = (shown: string, wanted: string): boolean =>
  shown.toLowerCase() === wanted.toLowerCase() || (wanted !== '' && Number(shown) === Number(wanted));

/** What a unit is of the one that a field is shown in. */
const SCALES = [1, 1000, 1024 * 1024, 1024, 1_000_000, 100];
/** Words are numbers in NVML: as many as its enumerations have, and one bit in sets of them. */
const MOST_WORDS = 40;

function valuesFor(wanted: string, now: unknown): readonly AnswerValue[] {
  const number = Number(wanted);
  if (wanted !== '' && Number.isFinite(number))
    return [...SCALES.map((scale) => Math.round(number * scale)), wanted];
  if (typeof now === 'string' && !/^\d+$/.test(now)) return [wanted];
  const upTo = Array.from({ length: MOST_WORDS }, (_, i) => i);
  const bits = upTo.flatMap((i) => {
    const set = BigInt(Number(now) || 0);
    return [set | (1n << BigInt(i)), set & ~(1n << BigInt(i))];
  });
  return [wanted, ...upTo, ...bits.map(Number)];
}

/** What a field shows of a GPU, without its unit, and the places of all that it asks for. */
async function readField(snapshot: Snapshot, gpu: string, row: Row) {
  const inner = snapshotDriver(snapshot, 'simulation');
  const asked: AnswerPlace[] = [];
  const session = openSession(inner);
  const driver: Driver = {
    ...inner,
    bind: (call, subject) => {
      const key = answerKey(call, (handle) => nameOf(handle), subject);
      const [out] = call.args.filter(isOut);
      const keys = out?.out === 'fields' ? out.ids.map((id) => fieldKey(key, id)) : [key];
      asked.push(...keys.flatMap((one) => placesIn(snapshot.calls, call.fn, one)));
      return inner.bind(call, subject);
    },
  };
  const subject = session.gpus.find(({ index }) => `gpu${index}` === gpu);
  const nameOf = (handle: bigint): string => (handle === subject?.handle ? gpu : '');
  const plan = compilePlan([row], subject === undefined ? [] : [subject], {
    asker: new Asker({ ...session, driver }),
    now: Date.now,
  });
  await plan.sample();
  const reading = plan.lines[0]?.readers[0]?.();
  return {
    asked,
    shown: reading === undefined || reading instanceof Missing ? undefined : row.kind.spell(reading),
  };
}
