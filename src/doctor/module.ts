/** Checks of the kernel module: loaded, built for the running kernel, which others are in its place. */

import { fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { currentEvents } from '../events/kernel-events.js';
import { kernelVersion } from '../system/kernel.js';
import { isThere, type System, Unread } from '../system/system.js';
import {
  containerOf,
  type DoctorCheck,
  isWsl,
  linesOf,
  type Patient,
  pciDevices,
  seen,
  unread,
} from './patient.js';

const VERSION = '/proc/driver/nvidia/version';

/** Version of the loaded module, from the file that the module itself makes. */
export function loadedVersion(system: System): string | undefined {
  const text = system.read(VERSION);
  return text instanceof Unread
    ? undefined
    : kernelVersion({
        read: () => text,
        list: () => [],
        realpath: () => undefined,
        link: () => undefined,
        isDenied: () => false,
      });
}

/** Whether the module is loaded; undefined where that cannot be seen. */
export const isLoaded = (system: System): boolean | undefined =>
  loadedVersion(system) !== undefined || isThere(system, '/sys/module/nvidia');

const release = (system: System): string | Unread => {
  const text = system.read('/proc/sys/kernel/osrelease');
  return text instanceof Unread ? text : text.trim();
};

const kernelModule: DoctorCheck = {
  id: 'kernel-module',
  looksAt: `Whether the nvidia kernel module is loaded, its version, and whether it is the open one: \`${VERSION}\`.`,
  judge({ system }) {
    // Windows has the kernel module there.
    if (isWsl(system)) return [];
    const text = system.read(VERSION);
    const evidence = [seen(VERSION, text instanceof Unread ? text : (linesOf(text)[0] ?? ''))];
    const version = loadedVersion(system);
    if (version !== undefined) {
      const variant = /Open Kernel Module/.test(String(text)) ? 'open' : 'proprietary';
      return ok(`The ${variant} kernel module ${version} is loaded.`, evidence);
    }
    if (text instanceof Unread && text.why !== 'absent')
      return unread('Whether the kernel module is loaded', text);
    if (isLoaded(system)) {
      return warn('The kernel module is loaded but reports no version.', `Look at ${VERSION}.`, evidence);
    }
    return fail(
      'The nvidia kernel module is not loaded.',
      'Load it: modprobe nvidia. If that fails, look for the reason in dmesg.',
      evidence,
    );
  },
};

const moduleBuilt: DoctorCheck = {
  id: 'module-built',
  looksAt:
    'Whether a nvidia kernel module is installed for the running kernel: `/lib/modules/RELEASE/modules.dep`.',
  judge({ system }) {
    if (isWsl(system) || containerOf(system) !== undefined) return [];
    const running = release(system);
    if (running instanceof Unread) return unread('The release of the running kernel', running);
    const path = `/lib/modules/${running}/modules.dep`;
    const text = system.read(path);
    if (text instanceof Unread && text.why !== 'absent')
      return unread('Which kernel modules are installed', text);
    const line =
      text instanceof Unread ? undefined : linesOf(text).find((each) => /\/nvidia\.ko(\.\w+)?:/.test(each));
    const evidence = [
      { name: '/proc/sys/kernel/osrelease', value: running },
      line === undefined
        ? seen(path, text instanceof Unread ? text : new Unread(path, 'absent'))
        : seen(path, line.split(':', 1)[0] ?? ''),
    ];
    if (line !== undefined) return ok(`A nvidia kernel module is installed for kernel ${running}.`, evidence);
    const action = `Install the headers of kernel ${running} and build the module (dkms autoinstall), or the driver package for this kernel.`;
    return isLoaded(system)
      ? warn(
          `No nvidia kernel module is installed for the running kernel ${running}; the loaded one is lost at the next boot.`,
          action,
          evidence,
        )
      : fail(`No nvidia kernel module is installed for the running kernel ${running}.`, action, evidence);
  },
};

const nouveau: DoctorCheck = {
  id: 'nouveau',
  looksAt:
    'Whether the Nouveau driver is loaded, which prevents the nvidia module from using the GPUs: `/proc/modules`.',
  judge({ system }) {
    const modules = system.read('/proc/modules');
    if (modules instanceof Unread) return unread('Whether Nouveau is loaded', modules);
    const line = linesOf(modules).find((each) => each.startsWith('nouveau '));
    if (line === undefined) return ok('Nouveau is not loaded.');
    const action =
      'Blacklist it (blacklist nouveau, options nouveau modeset=0 in /etc/modprobe.d), rebuild the initramfs, reboot.';
    const evidence = [seen('/proc/modules', line)];
    return isLoaded(system)
      ? warn('Nouveau is loaded beside the nvidia module: it may hold a GPU.', action, evidence)
      : fail('Nouveau is loaded, and the nvidia module is not.', action, evidence);
  },
};

const SECURE_BOOT = '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c';

const secureBoot: DoctorCheck = {
  id: 'secure-boot',
  looksAt: 'Whether Secure Boot is on, which refuses unsigned kernel modules: the EFI variable `SecureBoot`.',
  judge({ system }) {
    if (containerOf(system) !== undefined || isWsl(system)) return [];
    const variable = system.read(SECURE_BOOT);
    if (variable instanceof Unread) {
      return variable.why === 'absent'
        ? ok('There is no Secure Boot.', [seen(SECURE_BOOT, variable)])
        : unread('Whether Secure Boot is on', variable);
    }
    // Four bytes of attributes, then the value.
    const isOn = variable.charCodeAt(4) === 1;
    const evidence = [{ name: SECURE_BOOT, value: isOn }];
    if (!isOn) return ok('Secure Boot is off.', evidence);
    return isLoaded(system)
      ? ok('Secure Boot is on, and the signature of the kernel module is accepted.', evidence)
      : fail(
          'Secure Boot is on, and the nvidia module is not loaded: an unsigned module is refused.',
          'Enroll the key that signs the module (mokutil --import), install signed modules, or switch Secure Boot off.',
          evidence,
        );
  },
};

const KNOWN_DRIVERS: Readonly<Record<string, Judged>> = {
  nvidia: ok('It is bound to nvidia.'),
  'vfio-pci': warn(
    'It is bound to vfio-pci: it is reserved for a virtual machine.',
    'Nothing, if that is intended. Otherwise unbind it and bind it to nvidia.',
  ),
  nouveau: fail('It is bound to nouveau.', 'Blacklist nouveau, rebuild the initramfs, reboot.'),
};

const boundDriver: DoctorCheck = {
  id: 'bound-driver',
  looksAt:
    'Which kernel driver each NVIDIA GPU is bound to: `driver` in its directory in `/sys/bus/pci/devices`.',
  judge({ system }) {
    if (isWsl(system)) return [];
    const gpus = pciDevices(system, '0x03');
    if (gpus instanceof Unread) return unread('Which GPUs are on the PCI bus', gpus);
    return gpus.map(({ address, driver }) => {
      const evidence = [
        {
          name: `/sys/bus/pci/devices/${address}/driver`,
          value: driver === undefined || driver instanceof Unread ? null : driver,
        },
      ];
      if (driver instanceof Unread)
        return {
          gpu: address,
          ...{
            ...unread('Its kernel driver', driver),
            why: `The kernel driver that it is bound to ${driver.reason}.`,
          },
        };
      const judged =
        driver === undefined
          ? fail(
              'No kernel driver is bound to it.',
              'Load the nvidia module; look in dmesg for why it refuses this GPU.',
            )
          : (KNOWN_DRIVERS[driver] ??
            warn(`It is bound to ${driver}, not to nvidia.`, 'Unbind it there and bind it to nvidia.'));
      return { gpu: address, ...judged, evidence };
    });
  },
};

const kernelMessages: DoctorCheck = {
  id: 'kernel-messages',
  looksAt: 'Driver messages in the kernel log about refused GPUs or programs, and fatal Xids: `/dev/kmsg`.',
  judge({ log }: Patient): Judged {
    if ('reason' in log) return unknown(`The kernel log was not read: ${log.reason}.`, log.remedy);
    const grave = currentEvents(log).filter(
      ({ kind, severity }) => severity === 'fatal' || (severity === 'warning' && kind !== 'xid'),
    );
    const last = grave.at(-1);
    if (last === undefined) return ok('The kernel log has no such message.');
    const count = `${grave.length} such message${grave.length === 1 ? '' : 's'}`;
    const where = last.busId === undefined ? '' : ` GPU at ${last.busId}:`;
    return warn(
      `The kernel log has ${count}; the last:${where} ${last.meaning}`,
      last.action ?? 'Read it in dmesg.',
      grave.slice(-3).map(({ detail = '' }) => ({ name: '/dev/kmsg', value: detail })),
    );
  },
};

export const moduleChecks: readonly DoctorCheck[] = [
  kernelModule,
  moduleBuilt,
  nouveau,
  secureBoot,
  boundDriver,
  kernelMessages,
];
