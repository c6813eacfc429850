/** Checks of the kernel module: loaded, built for the running kernel, which others are in its place. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { currentEvents } from '../events/kernel-events.js';
import { containerOf, isWsl } from '../system/containment.js';
import { kernelVersion } from '../system/kernel.js';
import { pciDevices } from '../system/pci-gpus.js';
import { isThere, type System, Unread } from '../system/system.js';
import { type DoctorCheck, linesOf, type Patient, seen, unread } from './patient.js';

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
const isLoaded = (system: System): boolean | undefined =>
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

/** Where kernels have their modules; NixOS has those of the running kernel elsewhere. */
const MODULES: readonly string[] = ['/lib/modules', '/run/booted-system/kernel-modules/lib/modules'];

/** The nvidia module in a list of modules, by the names that distributions give it: Debian has nvidia-current.ko. */
const MODULE_FILE = /(?:^|\/)nvidia(?:-current|-tesla|-legacy-\w+|-\d+\w*)*(?:-open)?\.ko(?:\.\w+)?:/;

function moduleIn(system: System, path: string): string | undefined | Unread {
  const text = system.read(path);
  if (text instanceof Unread) return text.why === 'absent' ? undefined : text;
  return linesOf(text)
    .find((each) => MODULE_FILE.test(each))
    ?.split(':', 1)[0];
}

/** Other kernels that have the module: the machine was booted into one that it was not built for. */
function otherKernels(system: System, running: string): readonly string[] {
  const releases = system.list('/lib/modules');
  if (releases instanceof Unread) return [];
  return releases.filter(
    (release) =>
      release !== running && typeof moduleIn(system, `/lib/modules/${release}/modules.dep`) === 'string',
  );
}

const moduleBuilt: DoctorCheck = {
  id: 'module-built',
  looksAt:
    'Whether a nvidia kernel module is installed for the running kernel, and for which others: `/lib/modules/RELEASE/modules.dep`.',
  judge({ system }) {
    if (isWsl(system) || containerOf(system) !== undefined) return [];
    const running = release(system);
    if (running instanceof Unread) return unread('The release of the running kernel', running);
    const paths = MODULES.map((folder) => `${folder}/${running}/modules.dep`);
    const found = paths.map((path) => moduleIn(system, path));
    const hidden = found.find((one) => one instanceof Unread);
    const at = found.findIndex((one) => typeof one === 'string');
    const path = paths[Math.max(at, 0)] as string;
    const evidence: Evidence[] = [{ name: '/proc/sys/kernel/osrelease', value: running }];
    if (at !== -1) {
      evidence.push({ name: path, value: String(found[at]) });
      return ok(`A nvidia kernel module is installed for kernel ${running}.`, evidence);
    }
    if (hidden instanceof Unread) return unread('Which kernel modules are installed', hidden);
    evidence.push(seen(path, new Unread(path, 'absent')));
    const others = otherKernels(system, running);
    if (others.length > 0) evidence.push({ name: '/lib/modules', value: `for ${others.join(', ')}` });
    const elsewhere = others.length === 0 ? '' : ` It is there for ${others.join(', ')}.`;
    const action = `Install the headers of kernel ${running} and build the module (dkms autoinstall), or the driver package for this kernel.`;
    return isLoaded(system)
      ? warn(
          `No nvidia kernel module is installed for the running kernel ${running}; the loaded one is lost at the next boot.${elsewhere}`,
          action,
          evidence,
        )
      : fail(
          `No nvidia kernel module is installed for the running kernel ${running}.${elsewhere}`,
          others.length === 0 ? action : `${action} Or boot kernel ${others.at(-1)}.`,
          evidence,
        );
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
