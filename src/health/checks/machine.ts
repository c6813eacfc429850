/** Checks of the machine as a whole: are all GPUs there, do they answer, what did the kernel log say of them. */

import { type Evidence, fail, type Judged, ok, unknown, type Verdict, warn } from '../../base/verdict.js';
import type { EventSeverity, GpuEvent } from '../../events/gpu-event.js';
import { currentEvents } from '../../events/kernel-events.js';
import { notForNvml, PCI, pciDevices } from '../../system/pci-gpus.js';
import { Unread } from '../../system/system.js';
import type { Health, MachineCheck } from '../check.js';
import { expectedOf } from '../expectations.js';

const REBOOT = 'Drain the node and reboot it. Check power, cooling, seating and risers of the GPU.';
const FOLDERS = '/proc/driver/nvidia/gpus';

/** How many GPUs NVML has to count, and where that was read: not those of virtual machines or of other containers. */
function seenByKernel({ system }: Health): readonly [count: number, path: string] | undefined {
  const gpus = pciDevices(system, '0x03');
  if (!(gpus instanceof Unread) && gpus.length > 0)
    return [gpus.filter((gpu) => notForNvml(system, gpu) === undefined).length, PCI];
  const folders = system.list(FOLDERS);
  return folders instanceof Unread ? undefined : [folders.length, FOLDERS];
}

const gpuCount: MachineCheck = {
  id: 'gpu-count',
  about:
    'Whether NVML counts the expected number of GPUs, or that on the PCI bus for it. Detects a GPU that disappeared without an Xid.',
  warns: 'there are more than expected, or one chosen with `-i` is not among them',
  fails: 'there are fewer, or none',
  needs: [],
  judgeMachine: (health) => {
    const { count, expected, isWhole } = health;
    if (expected !== undefined) {
      const here = new Set(health.gpus.map(({ busId }) => busId));
      const missing = (isWhole ? expected.gpus : [])
        .map((gpu) => gpu['pci.bus_id'])
        .filter((busId) => busId !== undefined && !here.has(String(busId)));
      const evidence = [
        { name: 'count', value: count },
        { name: 'expected', value: expected.gpus.length },
      ];
      if (count < expected.gpus.length || missing.length > 0) {
        const which = missing.length === 0 ? '' : `; missing: ${missing.join(', ')}`;
        return [
          fail(`NVML counts ${count} GPUs; expected ${expected.gpus.length}${which}.`, REBOOT, evidence),
        ];
      }
      const strangers = health.gpus.filter((gpu) => expectedOf(expected, gpu) === undefined);
      if (!isWhole && expected.gpus.length > 0 && strangers.length > 0) {
        const which = strangers.map(({ index, busId }) => `GPU ${index} (${busId ?? 'no PCI address'})`);
        return [
          warn(
            `The expectations have no ${which.join(', ')}.`,
            'If that is meant, make the expectations again with --learn.',
            evidence,
          ),
        ];
      }
      return [
        isWhole && count > expected.gpus.length
          ? warn(
              `NVML counts ${count} GPUs; expected ${expected.gpus.length}.`,
              'If that is meant, make the expectations again with --learn.',
              evidence,
            )
          : ok(`NVML counts ${count} GPUs, as expected.`, evidence),
      ];
    }
    if (count === 0) return [fail('NVML counts no GPU.', 'Run nvsmi doctor.', [{ name: 'count', value: 0 }])];
    const seen = seenByKernel(health);
    const evidence: Evidence[] = [{ name: 'count', value: count }];
    if (seen === undefined)
      return [
        unknown(
          `NVML counts ${count} GPUs; the expected number is unknown.`,
          'Write expectations with --learn FILE, and use them with --expect FILE.',
          evidence,
        ),
      ];
    const [there, path] = seen;
    evidence.push({ name: path, value: there });
    return [
      there > count
        ? fail(`NVML counts ${count} of ${there} GPUs.`, REBOOT, evidence)
        : ok(`NVML counts all GPUs: ${count}.`, evidence),
    ];
  },
};

const reachable: MachineCheck = {
  id: 'gpu-reachable',
  about: 'Whether every GPU that NVML counts responds.',
  fails: 'a GPU does not respond, with or without an Xid',
  needs: [],
  // Who it is a driver may still know of a GPU that is lost; what it measures, not.
  uses: ['temperature.gpu'],
  judgeMachine: ({ gpus, log }) =>
    gpus.map(({ index, uuid, busId, silent }) => {
      const about = { gpu: index, uuid };
      if (silent === undefined) return { ...about, ...ok('It answers.') };
      const { name, reason, isLate } = silent;
      const place = busId === undefined ? '' : ` (${busId})`;
      const evidence = [{ name, value: null, reason }];
      if (isLate)
        return {
          ...about,
          ...unknown(
            `It did not answer in time${place}: ${reason}.`,
            'Run it again with a longer --timeout. If the GPU does not answer then, drain the node and reboot it.',
            evidence,
          ),
        };
      const without =
        Array.isArray(log) && !log.some((event) => event.busId === busId)
          ? ' The kernel log has no Xid of it.'
          : '';
      return { ...about, ...fail(`No answer${place}: ${reason}.${without}`, REBOOT, evidence) };
    }),
};

const driver: MachineCheck = {
  id: 'driver-version',
  about: 'Whether the driver has the expected version.',
  warns: 'it differs',
  needs: [],
  judgeMachine: ({ driver: version, expected }) => {
    const wanted = expected?.driver_version;
    if (version === undefined) return [unknown('The driver version is unknown.', 'Run nvsmi doctor.')];
    const evidence = [{ name: 'driver_version', value: version }];
    return [
      wanted !== undefined && wanted !== version
        ? warn(
            `The driver version is ${version}; expected ${wanted}.`,
            'Install the expected driver, or write new expectations with --learn.',
            evidence,
          )
        : ok(`The driver is ${version}${wanted === undefined ? '' : ', as expected'}.`, evidence),
    ];
  },
};

const VERDICT_OF: Readonly<Record<EventSeverity, Verdict>> = {
  fatal: 'fail',
  warning: 'warn',
  application: 'ok',
  information: 'ok',
};
const WORST: readonly EventSeverity[] = ['fatal', 'warning', 'application', 'information'];

const nameOf = ({ kind, xid }: GpuEvent): string =>
  kind === 'xid' ? `Xid ${xid}` : kind === 'sxid' ? `SXid ${xid}` : kind;

/** A verdict about the events of a GPU. */
function judgeEvents(events: readonly GpuEvent[], since: string): Judged {
  const severity = WORST.find((each) => events.some((event) => event.severity === each));
  const worst = events.findLast((event) => event.severity === severity);
  if (severity === undefined || worst === undefined) return ok(`No Xid since ${since}.`);
  const counts = new Map<string, number>();
  for (const event of events) counts.set(nameOf(event), (counts.get(nameOf(event)) ?? 0) + 1);
  const evidence = [...counts].map(([name, count]) => ({ name, value: count }));
  const verdict = VERDICT_OF[severity];
  const why = `${nameOf(worst)} since ${since}: ${worst.meaning}`;
  return { verdict, why, action: verdict === 'ok' ? undefined : worst.action, evidence };
}

const notRead = ({ reason, remedy }: { readonly reason: string; readonly remedy: string }): Judged =>
  unknown(`The kernel log was not read: ${reason}.`, remedy);

const NO_ADDRESS = unknown(
  'Its PCI address is not known, so which lines of the kernel log are about it is not known either.',
  'See gpu-reachable, and run nvsmi doctor.',
);

const xids: MachineCheck = {
  id: 'xid',
  about:
    'Xids, and other errors of GPUs and NVSwitches, in the kernel log since the boot (`/dev/kmsg`), and in a loop those that NVML reports.',
  warns: 'an Xid needs investigation',
  fails: 'an Xid means that the GPU cannot be trusted',
  needs: [],
  judgeMachine: ({ gpus, log: all, isWhole, unread, since = 'the boot' }) => {
    if ('reason' in all) return [notRead(all)];
    const log = currentEvents(all);
    const judge = (busId: string | undefined): Judged => {
      const judged = judgeEvents(
        log.filter((event) => event.busId === busId),
        since,
      );
      // What NVML reported is as true without the log; that there is nothing else is not.
      return unread !== undefined && judged.verdict === 'ok' ? notRead(unread) : judged;
    };
    const known = new Set(gpus.map(({ busId }) => busId));
    const elsewhere = [...new Set((isWhole ? log : []).map(({ busId }) => busId))].filter(
      (busId) => !known.has(busId),
    );
    return [
      ...gpus.map(({ index, uuid, busId }) => ({
        gpu: index,
        uuid,
        ...(busId === undefined ? NO_ADDRESS : judge(busId)),
      })),
      ...elsewhere.map((busId) => ({ gpu: busId, ...judge(busId) })),
    ];
  },
};

export const machineChecks: readonly MachineCheck[] = [gpuCount, reachable, driver, xids];
