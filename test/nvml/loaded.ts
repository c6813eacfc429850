/** A loaded library of the fake's, and what tests of the calls through it share. */
import { onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import {
  type Call,
  call,
  type Driver,
  type FieldId,
  type Handle,
  isOut,
  SUBJECT,
} from '../../src/nvml/call.js';
import { argsOf } from '../../src/nvml/call-of.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { prototypes } from '../../src/nvml/generated/prototypes.js';
import { ask } from '../../src/nvml/session.js';
import { DeadLibrary, statusSymbol } from '../../src/nvml/status.js';
import type { Json } from '../../src/snapshot/answer.js';
import { decodeOut } from '../../src/snapshot/answer-decode.js';
import { buildFake, type FakeLibrary } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';
import { handle } from './outs.js';

export const fake = await buildFake();

export interface Loaded {
  readonly driver: Driver;
  readonly library: FakeLibrary;
  readonly gpus: readonly Handle[];
}

/** A loaded, initialised fake. Its GPUs' handles come from the library, as in life. */
export function loaded(options: Machine = { snapshot: machine }, from = fake): Loaded {
  const library = from.with(options);
  const driver = loadLibrary({ path: library.path, env: {}, writable: true });
  onTestFinished(() => driver.close());
  ask(driver, call('nvmlInit_v2'));
  const gpus = [0, 1].map((index) => {
    const { memory } = ask(driver, call('nvmlDeviceGetHandleByIndex_v2', index, handle()));
    return (memory[0]?.readBigUInt64LE(0) ?? 0n) as Handle;
  });
  return { driver, library, gpus };
}

export const noNames = { nameOf: String, handleOf: () => 0n as Handle };

/** Runs a call and decodes its outputs, or gives the status. */
export function answer(driver: Driver, what: Call, subject?: Handle): Json {
  const { status, memory } = ask(driver, what, subject);
  if (status !== 0) return { error: statusSymbol(status) };
  const values = what.args.filter(isOut).map((out, i) => decodeOut(out, memory[i] as Buffer, noNames));
  return values.length === 1 ? (values[0] as Json) : values;
}

/** The call that the prototypes describe, about a subject. */
export function prototyped(fn: FunctionName, inputs: readonly (number | string)[] = [], select = {}): Call {
  const rest = [...inputs];
  let subject = true;
  return call(
    fn,
    ...argsOf(
      prototypes[fn],
      (param) => {
        if (param[0] === 'handle' && subject) {
          subject = false;
          return SUBJECT;
        }
        return rest.shift() ?? 0;
      },
      (param) => (param[0] === 'struct' ? select : {}),
    ),
  );
}

export const fields = (...ids: readonly FieldId[]): Call => ({
  fn: 'nvmlDeviceGetFieldValues',
  args: [SUBJECT, { out: 'fields', ids }],
});

export function deathOf(path: string): DeadLibrary {
  try {
    loadLibrary({ path, env: {} }).close();
  } catch (error) {
    if (error instanceof DeadLibrary) return error;
    throw error;
  }
  throw new Error(`${path} was loaded`);
}
