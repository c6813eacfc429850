/** The driver that answers from a recorded machine. */
import { own } from '../form.js';
import type { HandleNames, Json } from './answer.js';
import { AnswerError } from './answer.js';
import { encodeFieldValue, encodeOut } from './answer-encode.js';
import { type Answers, answerKey, fieldKey } from './answer-key.js';
import { isAnswer, statusOf, versionOf } from './answer-status.js';
import { type Bound, type Call, type Driver, type Handle, isOut, type Out } from './call.js';
import { unbelievable } from './counts.js';
import { SnapshotError } from './failures.js';
import {
  NVML_ERROR_ARGUMENT_VERSION_MISMATCH,
  NVML_ERROR_GPU_IS_LOST,
  NVML_ERROR_INVALID_ARGUMENT,
  NVML_ERROR_NOT_FOUND,
} from './generated/constants.js';
import { allocate } from './memory.js';
import type { Snapshot } from './snapshot.js';
import { eventCall } from './snapshot-events.js';
import { gpmAnswer } from './snapshot-gpm.js';
import type { Status } from './status.js';
import { UNRECORDED } from './unrecorded.js';

/** Names for the handles that a recording speaks of; each name gets a made-up address. */
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
const INIT: Call = { fn: 'nvmlInit_v2', args: [] };

/** Answers calls from a snapshot. What was not recorded is a symbol, or an answer, that does not exist. */
export function snapshotDriver(snapshot: Snapshot, source: string): Driver {
  const handles = new SnapshotHandles();
  const note = (): void => {
    driver.sawLostGpu = true;
  };
  const driver: Driver = {
    source,
    sawLostGpu: false,
    bind(asked, subject) {
      const call = asked.fn === 'nvmlInitWithFlags' && INIT.fn in snapshot.calls ? INIT : asked;
      const answers = own(snapshot.calls, call.fn);
      if (answers === undefined) return eventCall(call, handles);
      return new SnapshotCall(call, subject, answers, handles, source, note);
    },
    close() {},
  };
  return driver;
}

class SnapshotCall implements Bound {
  memory: Buffer[] = [];
  status: Status = 0;
  private answered = false;

  constructor(
    readonly call: Call,
    private readonly subject: Handle | undefined,
    private readonly answers: Answers,
    private readonly handles: SnapshotHandles,
    private readonly source: string,
    private readonly onLostGpu: () => void,
  ) {}

  run(): Status {
    if (!this.answered) {
      this.answer();
      if (this.status === NVML_ERROR_GPU_IS_LOST && this.subject !== undefined) this.onLostGpu();
      this.answered = true;
    }
    return this.status;
  }

  async start(): Promise<Status> {
    return this.run();
  }

  private answer(): void {
    const outs = this.call.args.filter(isOut);
    this.memory = outs.map((out) => allocate(out));
    if (this.subject === 0n) {
      this.status = NVML_ERROR_INVALID_ARGUMENT;
      return;
    }
    const key = answerKey(this.call, (handle) => this.handles.nameOf(handle), this.subject);
    try {
      if (outs[0]?.out === 'fields') this.answerFields(outs[0].ids, key);
      else this.answerOuts(outs, key);
    } catch (error) {
      if (!(error instanceof AnswerError)) throw error;
      throw new SnapshotError(`${this.source}: calls.${this.call.fn}[${key}]: ${error.message}`);
    }
  }

  private answerOuts(all: readonly Out[], key: string): void {
    const answer = own(this.answers, key) ?? this.gpmMetrics(all);
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
      isAnswer(out) ? encodeOut(out, answers[outs.indexOf(out)], this.handles) : allocate(out),
    );
    const wrong = unbelievable(this.call.fn, answer);
    if (wrong !== undefined) throw new AnswerError(wrong);
  }

  private gpmMetrics([out]: readonly Out[]): Json | undefined {
    if (this.call.fn !== 'nvmlGpmMetricsGet' || out?.out !== 'struct') return undefined;
    return gpmAnswer(this.answers, this.handles.nameOf(this.subject ?? 0n), out.set ?? {});
  }

  private answerFields(ids: readonly (readonly [number, number])[], subject: string): void {
    const memory = this.memory[0] as Buffer;
    const whole = own(this.answers, subject);
    this.status = whole === undefined ? 0 : statusOf(whole);
    ids.forEach((id, i) => {
      const answer = own(this.answers, fieldKey(subject, id)) ?? this.refusalOf(subject, id[0]);
      const status = answer === undefined ? NVML_ERROR_NOT_FOUND : statusOf(answer);
      encodeFieldValue(memory, i, status, answer);
    });
  }

  /** A field that was refused without a scope is refused with any: those are not written down. */
  private refusalOf(subject: string, id: number): Json | undefined {
    const answer = own(this.answers, fieldKey(subject, [id, 0]));
    return answer !== undefined && statusOf(answer) !== 0 ? answer : undefined;
  }
}
