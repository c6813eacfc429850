/**
 * Starts the process that calls NVML, where this is not it: imported before all that takes time to load. The command line is
 * only looked at here; where it turns out to need no such process, that ends with this one.
 */
import { isatty } from 'node:tty';
import { longRun } from '../base/long-run.js';
import { CALLS_ARGUMENT } from '../nvml/backend/child/argument.js';
import { startEarly } from '../nvml/backend/child/early.js';

/** Whether this is the program, and not the process that calls NVML for it. */
export const isProgram: boolean = process.argv[2] !== CALLS_ARGUMENT;

/** Commands that never ask NVML. */
const WITHOUT = /^(help|version|completion|replay|fleet|simulate|-h|--help|--help-.*)$/;

type Environment = Readonly<Record<string, string | undefined>>;

function start(argv: readonly string[], env: Environment): void {
  const library = optionIn('--nvml', argv) ?? (env.NVSMI_NVML || undefined);
  const isTimed = optionIn('--timeout', argv) !== undefined || (env.NVSMI_TIMEOUT ?? '') !== '';
  const isRecorded =
    optionIn('--snapshot', argv) !== undefined ||
    (optionIn('--nvml', argv) === undefined && (env.NVSMI_SNAPSHOT ?? '') !== '');
  if (!isTimed || isRecorded || argv.some((word) => WITHOUT.test(word))) return;
  startEarly(library);
}

function optionIn(option: string, argv: readonly string[]): string | undefined {
  const index = argv.findIndex((word) => word === option || word.startsWith(`${option}=`));
  const word = argv[index];
  return word === undefined ? undefined : word === option ? argv[index + 1] : word.slice(option.length + 1);
}

/** Whether it is a monitor on the whole screen, as far as can be seen here. */
const isMonitor = (argv: readonly string[]): boolean =>
  argv.includes('top') && !argv.some((word) => word === '--once' || WITHOUT.test(word)) && isatty(1);

if (isProgram) {
  const argv = process.argv.slice(2);
  // A process that was started before would be left to the program which takes the place of this one.
  if (isMonitor(argv)) longRun.begin?.();
  start(argv, process.env);
}
