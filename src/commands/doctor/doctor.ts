/** `doctor`: what keeps NVML or a GPU from working. */
import type { Given, OptionSpec } from '../../base/argv.js';
import { type Verdict, worstOf } from '../../base/verdict.js';
import { doctorChecks } from '../../doctor/checks.js';
import { examine } from '../../doctor/examine.js';
import type { DoctorCheck, NvmlState, Patient } from '../../doctor/patient.js';
import { kernelEvent } from '../../events/kernel-events.js';
import { checkListText } from '../../format/check-list.js';
import { verdictJson, verdictText } from '../../format/verdicts.js';
import { isWsl } from '../../system/containment.js';
import { PCI, pciDevices } from '../../system/pci-gpus.js';
import { type System, Unread } from '../../system/system.js';
import { type CommandSpec, command } from '../command.js';
import type { Context } from '../context.js';
import { chooseOptions, chosenChecks, rootOption } from '../runner/check-options.js';
import { jsonOption } from '../runner/json-option.js';
import { kernelLogOf, lookOf, systemOf } from '../runner/system-option.js';
import { nvmlState } from './nvml.js';

const options = [jsonOption, ...chooseOptions, rootOption] as const satisfies readonly OptionSpec[];

/** A doctor who could not look does not say that all is well. */
const STATUS: Readonly<Record<Verdict, number>> = { ok: 0, unknown: 1, warn: 1, fail: 2 };

async function run(given: Given<typeof options>, context: Context): Promise<number> {
  const checks = chosenChecks(doctorChecks, given, 2);
  if (given.list) {
    context.io.out(checkListText(checks.map(({ id, looksAt }) => [id, looksAt])));
    return 0;
  }
  const findings = examine(checks, await patientOf(checks, given.root, context));
  context.io.out(
    given.json === true ? verdictJson(findings, [], context.source) : verdictText(findings, lookOf(context)),
  );
  return STATUS[worstOf(findings)];
}

const NOT_ASKED: NvmlState = { isOpen: false, reason: 'NVML was not asked.', hint: undefined };

async function patientOf(
  checks: readonly DoctorCheck[],
  root: string | undefined,
  context: Context,
): Promise<Patient> {
  const system = systemOf(root, context);
  // Before NVML is asked, which wakes a GPU that sleeps.
  const asleep = runtimeStates(system);
  const nvml = checks.some(({ asksNvml }) => asksNvml) ? await nvmlState(context) : NOT_ASKED;
  return { system, asleep, log: logOf(root, context), nvml };
}

function runtimeStates(system: System): ReadonlyMap<string, string> {
  const gpus = isWsl(system) ? [] : pciDevices(system, '0x03');
  if (gpus instanceof Unread) return new Map();
  return new Map(
    gpus.flatMap(({ address }): [string, string][] => {
      const status = system.read(`${PCI}/${address}/power/runtime_status`);
      return status instanceof Unread ? [] : [[address, status.trim()]];
    }),
  );
}

/** What the driver wrote to the log so far. */
function logOf(root: string | undefined, context: Context): Patient['log'] {
  const log = kernelLogOf(root, context);
  if ('reason' in log) return log;
  try {
    return log.read().flatMap((record) => kernelEvent(record) ?? []);
  } finally {
    log.close();
  }
}

export const spec: CommandSpec = command({
  options,
  isVerdict: true,
  notes: () =>
    'Exit status: 0 everything works, 1 warnings or something could not be checked, 2 something is broken.\n',
  run,
});
