/** The driver that answers from a recorded machine. */
import { own } from '../base/form.js';
import { type Bound, type Call, type Driver, type Handle, isOut, type Out } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import { unbelievable } from '../nvml/counts.js';
import { SnapshotError } from '../nvml/failures.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
} from '../nvml/generated/constants.js';
import { nvmlInit_v2 } from '../nvml/generated/entries.js';
import { allocate } from '../nvml/memory.js';
import type { Status } from '../nvml/status.js';
import type { HandleNames, Json } from './answer.js';
import { AnswerError } from './answer.js';
import { encodeFieldValue, encodeOut } from './answer-encode.js';
import { answerKey, fieldKey } from './answer-key.js';
import { isAnswer, statusOf, versionOf } from './answer-status.js';
import { type Current, Moments } from './moments.js';
import type { Snapshot } from './snapshot.js';
import { eventCall } from './snapshot-events.js';
import { gpmAnswer } from './snapshot-gpm.js';
import { laterBy, newerThan, sinceOf } from './timed-samples.js';
import { UNRECORDED } from './unrecorded.js';

/** Names of the handles of a recording; each name gets a made-up address. */
class SnapshotHandles implements HandleNames {
  private readonly names: string[] = [];
  private readonly handles = new Map<string, Handle>();

  handleOf(name: string): Handle {
    let handle = this.handles.get(name);
    if (handle === undefined) {
      this.names.push(name);
      handle = (BigInt(this.names.length) << 8n) as Handle;
      this.handles.set(name, handle);
    }
    return handle;
  }

  nameOf(handle: bigint): string {
    return this.names[Number(handle >> 8n) - 1] ?? '';
  }
}

/** Opens a recording with any flags: it has its GPUs, whatever they say. */
const INIT = callOf(nvmlInit_v2);

/**
 * What moves a recording on to its next moment: a sample that is taken again (`Driver.beginSample`), or, for callers that
 * know no samples, a call that is made again.
 */
export type MovedBy = 'samples' | 'calls';

/** Answers calls from a snapshot. What was not recorded is a symbol, or an answer, that does not exist. */
export function snapshotDriver(snapshot: Snapshot, source: string, movedBy: MovedBy = 'samples'): Driver {
  const handles = new SnapshotHandles();
  const moments = new Moments(snapshot.calls, snapshot.ticks ?? []);
  const world: World = { handles, source, moments };
  return {
    source,
    onWindows: isOfWindows(snapshot),
    bind(asked, subject) {
      const call = asked.fn === 'nvmlInitWithFlags' && moments.of(INIT.fn) !== undefined ? INIT : asked;
      if (call.fn === INIT.fn) moments.rewind();
      const current = moments.of(call.fn);
      if (current === undefined) return eventCall(call, handles);
      const isMoving = movedBy === 'calls' && moments.isMoving(call.fn);
      return new (isMoving ? MovingCall : SnapshotCall)(call, subject, current, world);
    },
    ...(moments.move && movedBy === 'samples' ? { beginSample: (asker) => moments.begin(asker) } : {}),
    close() {},
  };
}

/** Only the drivers of Windows have models; in WSL, where nvidia-smi is that of Linux, there are Linux's files, too. */
const isOfWindows = ({ calls, files }: Snapshot): boolean =>
  Object.keys(files).length === 0 &&
  Object.values(calls.nvmlDeviceGetDriverModel_v2 ?? {}).some((answer) => Array.isArray(answer));

/** What all calls to a recording share. */
interface World {
  readonly handles: SnapshotHandles;
  readonly source: string;
  readonly moments: Moments;
}

class SnapshotCall implements Bound {
  memory: Buffer[] = [];
  status: Status = 0;
  /** The version of the answers that the memory has. */
  private answered = -1;

  constructor(
    readonly call: Call,
    private readonly subject: Handle | undefined,
    private readonly current: Current,
    protected readonly world: World,
  ) {}

  run(): Status {
    if (this.answered !== this.current.version) {
      this.answer();
      this.answered = this.current.version;
    }
    return this.status;
  }

  async start(): Promise<Status> {
    return this.run();
  }

  protected key(): string {
    const { handles } = this.world;
    return answerKey(this.call, (handle) => handles.nameOf(handle), this.subject);
  }

  private answer(): void {
    const outs = this.call.args.filter(isOut);
    this.memory = outs.map((out) => allocate(out));
    if (this.subject === 0n) {
      this.status = NVML_ERROR_INVALID_ARGUMENT;
      return;
    }
    const key = this.key();
    try {
      if (outs[0]?.out === 'fields') this.answerFields(outs[0].ids, key);
      else this.answerOuts(outs, key);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new SnapshotError(`${this.world.source}: calls.${this.call.fn}[${key}]: ${error.message}`);
    }
  }

  private answerOuts(all: readonly Out[], key: string): void {
    const answer = this.answerTo(key) ?? this.gpmMetrics(all);
    const outs = all.filter(isAnswer);
    if (answer === undefined) {
      this.status = UNRECORDED[this.call.fn] ?? NVML_ERROR_NOT_FOUND;
      return;
    }
    this.status = statusOf(answer);
    if (this.status !== 0) return;
    const asked = outs[0]?.out === 'struct' ? outs[0].set?.version : undefined;
    const recorded = versionOf(answer);
    if (asked !== undefined && recorded !== undefined && asked !== recorded) {
      this.status = NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
      return;
    }
    const answers = outs.length === 1 ? [answer] : answer;
    if (!Array.isArray(answers)) throw new AnswerError(`an array of ${outs.length} outputs is needed`);
    this.memory = all.map((out) =>
      isAnswer(out) ? encodeOut(out, answers[outs.indexOf(out)], this.world.handles) : allocate(out),
    );
    const wrong = unbelievable(this.call.fn, answer);
    if (wrong !== undefined) throw new AnswerError(wrong);
  }

  /** Of samples with a time those that are newer than what was asked: a recording has all of them, of every round. */
  private answerTo(key: string): Json | undefined {
    const { answers } = this.current;
    const since = sinceOf(this.call.fn, key);
    const all = since === undefined ? undefined : own(answers, since.key);
    if (since === undefined || all === undefined) return own(answers, key);
    const samples = laterBy(this.world.moments.later, all);
    return since.time === 0 ? samples : (own(answers, key) ?? newerThan(since.time, samples));
  }

  private gpmMetrics([out]: readonly Out[]): Json | undefined {
    if (this.call.fn !== 'nvmlGpmMetricsGet' || out?.out !== 'struct') return undefined;
    const gpu = this.world.handles.nameOf(this.subject ?? 0n);
    return gpmAnswer(this.current.answers, gpu, out.set ?? {});
  }

  private answerFields(ids: readonly (readonly [number, number])[], subject: string): void {
    const memory = this.memory[0] as Buffer;
    const { answers } = this.current;
    const whole = own(answers, subject);
    this.status = whole === undefined ? 0 : statusOf(whole);
    ids.forEach((id, i) => {
      const answer = own(answers, fieldKey(subject, id)) ?? this.refusalOf(subject, id[0]);
      const status = answer === undefined ? NVML_ERROR_NOT_FOUND : statusOf(answer);
      encodeFieldValue(memory, i, status, answer);
    });
  }

  /** A field that was refused without a scope is refused with any: those are not written down. */
  private refusalOf(subject: string, id: number): Json | undefined {
    const answer = own(this.current.answers, fieldKey(subject, [id, 0]));
    return answer !== undefined && statusOf(answer) !== 0 ? answer : undefined;
  }
}

/** A call that moves the recording on when it is made again, by any caller. */
class MovingCall extends SnapshotCall {
  override run(): Status {
    const [out] = this.call.args.filter(isOut);
    const fields = out?.out === 'fields' ? out.ids.join(';') : '';
    const key = this.key();
    // Samples since another time are the same question.
    const { key: question } = sinceOf(this.call.fn, key) ?? { key };
    this.world.moments.begin(`${this.call.fn}[${question}]${fields}`);
    return super.run();
  }
}
