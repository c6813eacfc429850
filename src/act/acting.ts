/**
 * The one runner of actions. Each is checked first, made unless it is only planned, looked at before and after, and recorded.
 * Its caller prints what came of it, in nvidia-smi's words; JSON is printed here.
 */
import type { Io } from '../base/io.js';
import { jsonText, plainText } from '../base/plain-text.js';
import { NVML_ERROR_IN_USE, NVML_ERROR_NO_PERMISSION } from '../nvml/generated/constants.js';
import type { Session } from '../nvml/session.js';
import { statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { SCHEMA_VERSION } from '../query/cell.js';
import type { JsonScalar } from '../query/kind.js';
import type { ActionVerdict, Need, Target } from './action.js';
import { fieldsNow, fieldText, usersOf, uuidOf } from './ask.js';
import type { ActionRecord, Audit, NamedValues } from './audit.js';

/** An action on one subject. */
export interface Attempt {
  readonly action: string;
  readonly value: JsonScalar;
  /** The GPU; the system where it is left out. */
  readonly target?: Target;
  /** What of the GPU it is about: a GPU instance, a link. */
  readonly part?: NamedValues;
  readonly fields?: readonly string[];
  readonly needs?: readonly Need[];
  check?(): ActionVerdict;
  make(): ActionVerdict;
}

export interface Manner {
  readonly isDryRun: boolean;
  readonly isJson: boolean;
}

/** Where attempts are made: who asks, in what manner, and the record. */
export class Acting {
  readonly records: ActionRecord[] = [];
  private readonly remedies = new Set<string>();

  constructor(
    readonly asker: Asker,
    private readonly io: Pick<Io, 'out' | 'err'>,
    readonly manner: Manner,
    private readonly audit: Audit | undefined,
  ) {}

  get session(): Session {
    return this.asker.session;
  }

  /** nvidia-smi's words; JSON has them in its records. */
  say(text: string): void {
    if (!this.manner.isJson) this.io.out(text);
  }

  attempt(attempt: Attempt): ActionVerdict {
    const { target, fields = [] } = attempt;
    const foreseen = attempt.check?.() ?? { outcome: 'ready', status: 0, lines: [] };
    const read = (): NamedValues => (target === undefined ? {} : fieldsNow(target, fields));
    const before = read();
    if (foreseen.outcome !== 'ready') {
      if (foreseen.outcome === 'failed') this.advise(attempt, foreseen);
      return this.keep(attempt, foreseen, before, before);
    }
    if (this.manner.isDryRun) {
      this.say(planLine(attempt));
      return this.keep(attempt, foreseen, before, before);
    }
    const verdict = attempt.make();
    const record = this.keep(attempt, verdict, before, read());
    this.audit?.write(this.records.at(-1) as ActionRecord);
    this.advise(attempt, verdict);
    return record;
  }

  /** One of a plan that is not checked yet: what it needs is made by those before it. */
  plan(attempt: Attempt): void {
    this.records.push(recordOf(attempt, { outcome: 'ready', status: 0, lines: [] }, {}, {}));
  }

  /** One that was not made, because of a failure before it. */
  leave(attempt: Attempt): void {
    this.records.push(recordOf(attempt, { outcome: 'not_attempted', status: 0, lines: [] }, {}, {}));
  }

  /** The document of JSON, where it is wanted. */
  finish(status: number): number {
    const { isJson, isDryRun } = this.manner;
    if (isJson) {
      const lines = this.records.map((record) => `    ${jsonText(record)}`);
      const list = lines.length === 0 ? '[]' : `[\n${lines.join(',\n')}\n  ]`;
      this.io.out(
        `{\n  "dry_run": ${isDryRun},\n  "status": ${status},\n  "actions": ${list},\n  "schema_version": ${SCHEMA_VERSION}\n}\n`,
      );
    }
    return status;
  }

  private keep(
    attempt: Attempt,
    verdict: ActionVerdict,
    before: NamedValues,
    after: NamedValues,
  ): ActionVerdict {
    this.records.push(recordOf(attempt, verdict, before, after));
    return verdict;
  }

  /** What to do about it, once per GPU. */
  private advise({ target }: Attempt, { status }: ActionVerdict): void {
    const gpu = target === undefined ? 'the system' : `GPU ${target.gpu.index}`;
    if (status === NVML_ERROR_NO_PERMISSION) {
      this.advice(`${gpu} can be changed by root alone: run it with sudo.`);
    }
    if (status !== NVML_ERROR_IN_USE || target === undefined) return;
    const users = usersOf(target);
    if (users.length > 0) this.advice(`${gpu} is used by: ${users.map(plainText).join(', ')}.`);
  }

  private advice(line: string): void {
    if (this.remedies.has(line)) return;
    this.remedies.add(line);
    this.io.err(`${line}\n`);
  }
}

function recordOf(
  { action, value, target, part, needs = [] }: Attempt,
  { outcome, status, lines }: Omit<ActionVerdict, 'outcome'> & { readonly outcome: ActionRecord['outcome'] },
  before: NamedValues,
  after: NamedValues,
): ActionRecord {
  return {
    action,
    gpu: target?.gpu.index ?? null,
    uuid: target === undefined ? null : uuidOf(target),
    'pci.bus_id': target?.busId ?? null,
    ...(part === undefined ? {} : { part }),
    value,
    before,
    after,
    outcome,
    status,
    message: lines.join('\n') || (status === 0 ? '' : statusReason(status)),
    needs,
  };
}

const NEEDS: Readonly<Record<Need, string>> = {
  root: 'needs root',
  idle: 'needs a GPU without processes',
  reboot: 'takes effect after a reboot',
  reload: 'takes effect after the driver is loaded again',
};

/** "Would change GPU 00000000:00:06.0: power-limit 300; power.limit is 700.00 W; needs root". */
function planLine({ action, value, target, part = {}, fields = [], needs = [] }: Attempt): string {
  const subject = target === undefined ? 'the system' : `GPU ${target.busId}`;
  const parts = Object.entries(part).map(([name, each]) => `, ${name} ${each}`);
  const what = value === null ? action : `${action} ${value}`;
  const before = target === undefined ? [] : fields.map((name) => `${name} is ${fieldText(target, name)}`);
  const all = [what, ...before, ...needs.map((need) => NEEDS[need])];
  return `Would change ${subject}${parts.join('')}: ${all.join('; ')}\n`;
}
