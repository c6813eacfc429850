/** NVML in another process, with a deadline: what does not answer in time has a status that says so. */

import { type Bound, type Call, type Driver, type Handle, isOut } from '../../call.js';
import { NVML_ERROR_FUNCTION_NOT_FOUND } from '../../generated/constants.js';
import { allocate } from '../../memory.js';
import { NO_ANSWER, type Status } from '../../status.js';
import { SynchronousCall } from '../synchronous-call.js';
import type { Clock } from './clock.js';
import { NvmlProcesses } from './nvml-processes.js';
import { callsProgram } from './program.js';

export interface ElsewhereOptions {
  /** A library to load instead of searching for one. */
  readonly path?: string | undefined;
  /** Milliseconds that a sample may take, and before the first one the opening. */
  readonly timeout: number;
  /** Opening and the first sample share one deadline: for programs that take one. */
  readonly opensForSample: boolean;
  readonly report: (line: string) => void;
}

/** NVML in another process, and what ends that. */
export interface Elsewhere {
  readonly driver: Driver;
  /** Whether something did not answer. */
  wasLate(): boolean;
  /** Kills the process, and waits for its end where that comes soon. */
  end(): Promise<void>;
}

export function openElsewhere({ path, timeout, opensForSample, report }: ElsewhereOptions): Elsewhere {
  const processes = new NvmlProcesses({ program: callsProgram(path), timeout, report });
  const opening = processes.clock();
  return {
    driver: new ElsewhereDriver(processes, opening, opensForSample ? opening : undefined),
    wasLate: () => processes.wasLate,
    end: () => processes.end(),
  };
}

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
    return new ElsewhereCall(call, () => this.ask(call, subject));
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

  private ask(call: Call, subject: Handle | undefined): ReturnType<NvmlProcesses['ask']> {
    this.clock ??= this.processes.clock();
    return this.processes.ask(call, subject, this.clock);
  }
}

class ElsewhereCall implements Bound {
  status: Status = 0;
  reason: string | undefined;
  isMissing = false;
  private answered: readonly Buffer[] | undefined;

  constructor(
    readonly call: Call,
    private readonly ask: () => ReturnType<NvmlProcesses['ask']>,
  ) {}

  get memory(): readonly Buffer[] {
    this.answered ??= this.call.args.filter(isOut).map((out) => allocate(out));
    return this.answered;
  }

  run(): never {
    throw new SynchronousCall(`${this.call.fn} cannot be called synchronously where there is a timeout`);
  }

  async start(): Promise<Status> {
    const answer = await this.ask();
    this.reason = answer?.reason;
    this.isMissing = answer !== undefined && answer.status === undefined;
    this.status = answer === undefined ? NO_ANSWER : (answer.status ?? NVML_ERROR_FUNCTION_NOT_FOUND);
    if (answer !== undefined && answer.memory.length > 0) {
      this.answered = answer.memory.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    }
    return this.status;
  }
}
