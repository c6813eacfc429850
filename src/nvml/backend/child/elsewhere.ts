/** NVML in another process, with a deadline: what does not answer in time has a status that says so. */

import { type Bound, type Call, type Driver, type Handle, isOut, type Waiter } from '../../call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../../generated/constants.js';
import type { CallLimits } from '../../limits.js';
import { allocate } from '../../memory.js';
import { NO_ANSWER, type Status } from '../../status.js';
import { onAbort } from '../on-abort.js';
import { SynchronousCall } from '../synchronous-call.js';
import type { Clock } from './clock.js';
import type { Handles, SubjectCall } from './handles.js';
import type { Answered } from './messages.js';
import type { Alone } from './nvml-process.js';
import { NvmlProcesses } from './nvml-processes.js';
import { callsProgram } from './program.js';

export interface ElsewhereOptions {
  /** A library to load instead of searching for one. */
  readonly path?: string | undefined;
  /** Milliseconds that a sample may take, and before the first one the opening. */
  readonly timeout: number;
  /** Milliseconds that the opening may take, where that is not as long as a sample. */
  readonly opening?: number | undefined;
  /** Opening and the first sample share one deadline: for programs that take one. */
  readonly opensForSample: boolean;
  readonly report: (line: string) => void;
  /** Handles that are known already. */
  readonly handles?: Handles | undefined;
  /** Calls are made one after another until one does not answer: for programs that ask much at once. */
  readonly isQuick?: boolean | undefined;
}

/** NVML in another process, and what ends that. */
export interface Elsewhere {
  readonly driver: Driver;
  /** Whether something did not answer. */
  wasLate(): boolean;
  /** Kills the process, and waits for its end where that comes soon. */
  end(): Promise<void>;
}

export function openElsewhere({
  path,
  timeout,
  opening: openingTimeout = timeout,
  opensForSample,
  report,
  handles,
  isQuick,
}: ElsewhereOptions): Elsewhere {
  const processes = new NvmlProcesses({ program: callsProgram(path), timeout, report, handles, isQuick });
  const opening = processes.clock(openingTimeout);
  return {
    driver: new ElsewhereDriver(processes, opening, opensForSample ? opening : undefined),
    wasLate: () => processes.wasLate,
    end: () => processes.end(),
  };
}

/** Milliseconds: a timer of more would end at once. */
const LONGEST = 2 ** 31 - 1;

class ElsewhereDriver implements Driver {
  readonly isElsewhere = true;

  constructor(
    private readonly processes: NvmlProcesses,
    /** Of the current sample; made when something is asked. */
    private clock: Clock | undefined,
    /** Of the first sample of each asker. */
    private readonly first: Clock | undefined,
    private isFirst = true,
  ) {}

  get source(): string {
    return this.processes.source;
  }

  bind(call: Call, subject?: Handle): Bound {
    this.processes.announce(call);
    return new ElsewhereCall(call, subject, this);
  }

  forAsker(): Driver {
    return new ElsewhereDriver(this.processes, this.first, this.first);
  }

  beginSample(): void {
    this.clock = this.isFirst ? this.first : undefined;
    this.isFirst = false;
  }

  close(): void {
    void this.processes.end();
  }

  about(call: Call, subject: Handle | undefined): SubjectCall {
    return this.processes.about(call, subject);
  }

  ask(asked: SubjectCall, how: Alone, limits: CallLimits | undefined): Promise<Answered | undefined> {
    if (limits !== undefined) return this.askAlone(asked, how, limits);
    return new Promise((resolve, reject) => this.begin(asked, how, { resolve, reject }));
  }

  begin(asked: SubjectCall, how: Alone, waiter: Waiter<Answered | undefined>): void {
    this.clock ??= this.processes.clock();
    this.processes.begin(asked, this.clock, how, waiter);
  }

  /** With a deadline of its own, which a signal may bring forward. */
  private async askAlone(
    asked: SubjectCall,
    how: Alone,
    { timeout = LONGEST, signal }: CallLimits,
  ): Promise<Answered | undefined> {
    const clock = this.processes.clock(timeout);
    const leave = signal === undefined ? undefined : onAbort(signal, () => clock.stop());
    try {
      return await this.processes.ask(asked, clock, { ...how, isAlone: true });
    } finally {
      leave?.();
    }
  }
}

/** As all calls of a sample. */
const USUAL: Alone = {};

class ElsewhereCall implements Bound {
  status: Status = 0;
  reason: string | undefined;
  isMissing = false;
  private answered: readonly Buffer[] | undefined;
  private isGiven = false;
  private asked: SubjectCall | undefined;

  constructor(
    readonly call: Call,
    private readonly subject: Handle | undefined,
    private readonly driver: ElsewhereDriver,
  ) {}

  get memory(): readonly Buffer[] {
    this.answered ??= this.call.args.filter(isOut).map((out) => allocate(out));
    return this.answered;
  }

  run(): never {
    throw new SynchronousCall(`${this.call.fn} cannot be called synchronously where there is a timeout`);
  }

  given(): void {
    this.isGiven = true;
  }

  async start(limits?: CallLimits): Promise<Status> {
    return this.took(await this.driver.ask(this.question(), this.how(), limits));
  }

  begin({ resolve, reject }: Waiter<Status>): void {
    // One sample has ended before the next one begins: the memory of the last answer is free.
    this.driver.begin(this.question(), this.isGiven ? this.how() : { room: this.answered }, {
      resolve: (answer) => resolve(this.took(answer)),
      reject,
    });
  }

  private question(): SubjectCall {
    this.asked ??= this.driver.about(this.call, this.subject);
    return this.asked;
  }

  private how(): Alone {
    return this.isGiven ? { given: this.memory } : USUAL;
  }

  private took(answer: Answered | undefined): Status {
    this.reason = answer?.reason;
    this.isMissing = answer !== undefined && answer.status === undefined;
    this.status = answer === undefined ? NO_ANSWER : (answer.status ?? NVML_ERROR_FUNCTION_NOT_FOUND);
    if (answer !== undefined && answer.memory.length > 0) this.answered = answer.memory;
    return this.status;
  }
}
