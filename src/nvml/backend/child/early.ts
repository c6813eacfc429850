/** Starts the process that calls NVML while the program that needs it is still loading: with a timeout both start at once. */
import { INIT_ARGUMENT } from './argument.js';
import { callsProgram, type Program } from './program.js';
import { type StartedProgram, startProgram } from './start.js';

interface Early {
  readonly child: StartedProgram;
  readonly program: Program;
}

/** Each command is a bundle of its own: they meet here. */
const KEY = Symbol.for('nvsmi/early');
const place = globalThis as { [KEY]?: Early | undefined };

/** `library` is the path of NVML, where one is named. */
export function startEarly(library: string | undefined): void {
  const program = callsProgram(library);
  // All that this program asks for begins with nvmlInit.
  const args = [...program.args, ...(library === undefined ? [''] : []), INIT_ARGUMENT];
  place[KEY] = { child: startProgram({ ...program, args }), program };
}

/** The process that was started for a program, once, where it is still alive. */
export function takeEarly({ file, args }: Program): StartedProgram | undefined {
  const early = place[KEY];
  if (early === undefined) return undefined;
  const { child, program } = early;
  const isSame = program.file === file && program.args.join('\0') === args.join('\0');
  if (!isSame || !child.isAlive) return undefined;
  place[KEY] = undefined;
  return child;
}
