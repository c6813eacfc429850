/** Where there is nothing to watch: the first thing that doctor finds broken, with the refusal. */
import { EXIT, UsageError } from '../../base/errors.js';
import { plainly } from '../../base/plain-text.js';
import { doctorChecks } from '../../doctor/checks.js';
import { examine } from '../../doctor/examine.js';
import type { NvmlState } from '../../doctor/patient.js';
import { DeadLibrary, UncountedGpus } from '../../nvml/status.js';
import type { Context } from '../context.js';
import { systemOf } from '../runner/system-option.js';

/** The same error; where NVML or a GPU is missing it says what doctor does, too. */
export function withFirstFault(error: unknown, context: Pick<Context, 'source'>): unknown {
  if (!(error instanceof Error) || UncountedGpus.isOne(error)) return error;
  if (error.name === 'DeadLibrary') {
    const { status, message, hint, exit } = error as DeadLibrary;
    const closed = { isOpen: false, reason: message, hint: undefined } as const;
    return new DeadLibrary(status, message, hintOf(hint, closed, context), exit);
  }
  if (error instanceof UsageError && error.status === EXIT.noDevice) {
    const { message, status, hint, ending } = error;
    const empty = { isOpen: true, library: undefined, driver: undefined, gpus: [] } as const;
    return new UsageError(message, status, hintOf(hint, empty, context), ending);
  }
  return error;
}

function hintOf(
  hint: string | undefined,
  nvml: NvmlState,
  context: Pick<Context, 'source'>,
): string | undefined {
  const fault = firstFault(nvml, context);
  if (fault === undefined) return hint;
  return [...(hint === undefined ? [] : [hint]), fault].join('\n');
}

/** Without the kernel log, which may be long. */
function firstFault(nvml: NvmlState, context: Pick<Context, 'source'>): string | undefined {
  const [fault] = examine(doctorChecks, {
    system: systemOf(undefined, context),
    asleep: new Map(),
    log: [],
    nvml,
  }).filter(({ verdict, why }) => verdict === 'fail' && (nvml.isOpen || !why.startsWith(nvml.reason)));
  if (fault === undefined) return undefined;
  const action = fault.action === undefined ? '' : plainly` ${fault.action}`;
  return `nvsmi doctor: ${plainly`${fault.why}`}${action}`;
}
