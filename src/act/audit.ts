/**
 * The record of what was changed: a line of JSON in a file, or in the system log. It is opened before anything is changed, and
 * what cannot be written is said: no change goes unrecorded in silence.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { OutputError } from '../base/errors.js';
import type { Io } from '../base/io.js';
import { jsonText } from '../base/plain-text.js';
import * as shape from '../base/shape.js';
import { sendToSystemLog } from '../nvml/backend/system-log.js';
import type { JsonScalar } from '../query/kind.js';
import { NEEDS, OUTCOMES } from './action.js';

/** Values by the names of what they belong to. */
export type NamedValues = Readonly<Record<string, JsonScalar>>;

const values = (description?: string) => shape.byName(shape.scalar(), description);

/** What came of it, for JSON and for the record. */
const actionShape = shape.objectOf({
  action: shape.text('The long name of the option.'),
  gpu: shape.orNull(shape.wholeNumber('Index of the GPU; null for the system.')),
  uuid: shape.scalar('UUID of the GPU.'),
  'pci.bus_id': shape.orNull(shape.text('PCI address of the GPU.')),
  part: shape.optional(values('What of the GPU it is about: an instance, a link, a unit.')),
  value: shape.scalar('What was asked for.'),
  before: values('Fields before it.'),
  after: values('Fields after it.'),
  outcome: shape.oneOf([...OUTCOMES, 'not_attempted'], 'ready: checked, and not made.'),
  status: shape.wholeNumber("NVML's status."),
  message: shape.text('What there is to say.'),
  needs: shape.listOf(shape.oneOf(NEEDS), 'What it takes.'),
});
export type ActionRecord = shape.ShapeValue<typeof actionShape>;

/** What options that change GPUs print with --json. */
export const actionsShape = shape.objectOf({
  dry_run: shape.flag('Nothing was changed.'),
  status: shape.wholeNumber("The exit status, before NVML's statuses without a number become 255."),
  actions: shape.listOf(actionShape),
});

export interface Audit {
  write(record: ActionRecord): void;
  close(): void;
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Who asks: the number where there is no name. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

const lineOf = (io: Io, argv: readonly string[], record: ActionRecord): string =>
  jsonText({
    timestamp: new Date(io.now()).toISOString(),
    host: hostname(),
    user: userName(),
    command: ['nvsmi', ...argv],
    ...record,
  });

/** Opens the record. Throws OutputError where the file cannot be written: nothing was changed yet. */
export function openAudit(io: Io, argv: readonly string[], path: string | undefined): Audit {
  return path === undefined ? systemLog(io, argv) : file(io, argv, path);
}

function file(io: Io, argv: readonly string[], path: string): Audit {
  let fd: number;
  try {
    fd = openSync(path, 'a', 0o600);
  } catch (error) {
    throw new OutputError(`nothing was changed: the audit file cannot be opened: ${reasonOf(error)}`);
  }
  return {
    write(record) {
      try {
        const bytes = Buffer.from(`${lineOf(io, argv, record)}\n`);
        for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      } catch (error) {
        throw new OutputError(`a change was made and could not be recorded: ${reasonOf(error)}`);
      }
    },
    close: () => closeSync(fd),
  };
}

function systemLog(io: Io, argv: readonly string[]): Audit {
  let isSilent = false;
  const send = io.systemLog ?? sendToSystemLog;
  return {
    write(record) {
      try {
        send(lineOf(io, argv, record));
      } catch (error) {
        if (!isSilent) io.err(`Not recorded in the system log (${reasonOf(error)}). Use --audit FILE.\n`);
        isSilent = true;
      }
    },
    close: () => undefined,
  };
}
