/** Checks of the NVML library: which are installed, by which package, and whether they match the kernel module. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../base/verdict.js';
import { libraryCandidates } from '../nvml/backend/find.js';
import { isWsl, variableOf } from '../system/containment.js';
import { isThere, type System, Unread } from '../system/system.js';
import { loadedVersion } from './module.js';
import { type DoctorCheck, linesOf, unread } from './patient.js';

interface FoundLibrary {
  readonly path: string;
  readonly version: string | undefined;
  /** The package that brought it, where a package database says so. */
  readonly package: string | undefined;
}

/** Where libraries are looked for, both machine types in one list: a folder that is not there costs nothing. */
const FOLDERS: readonly string[] = [
  ...new Set(
    ['x64', 'arm64']
      .flatMap((arch) => libraryCandidates('linux', arch, {}))
      .filter((path) => path.startsWith('/'))
      .map((path) => path.slice(0, path.lastIndexOf('/'))),
  ),
];

/** The folders that the loader looks in first: CUDA's stubs in one of them are what programs get. */
const foldersOf = (system: System): readonly string[] => [
  ...new Set([
    ...(variableOf(system, 'LD_LIBRARY_PATH') ?? '').split(':').filter((folder) => folder.startsWith('/')),
    ...FOLDERS,
  ]),
];

const NAME = /^libnvidia-ml\.so(?:\.\d+(?:\.\d+){0,2})?$/;
const VERSION = /\.so\.(\d+\.\d+(?:\.\d+)?)$/;

/** The libraries themselves, not the links to them: Debian has them in a folder of their own. A folder that is a link counts once. */
function librariesIn(system: System): readonly FoundLibrary[] {
  const found = new Map<string, FoundLibrary>();
  for (const folder of foldersOf(system)) {
    const names = system.list(folder);
    if (names instanceof Unread) continue;
    for (const name of names.filter((each) => NAME.test(each))) {
      const real = system.realpath(`${folder}/${name}`);
      // A link that leads nowhere is no library.
      if (real instanceof Unread && real.why === 'absent') continue;
      const path = real instanceof Unread ? `${folder}/${name}` : real;
      found.set(path, { path, version: VERSION.exec(path)?.[1], package: packageOf(system, path) });
    }
  }
  return [...found.values()];
}

/** Databases of RPM, which are no text. */
const RPM: readonly string[] = ['/usr/lib/sysimage/rpm', '/var/lib/rpm'];

/** What NVIDIA's .run installer keeps of what it installed. */
const RUN_LOG = '/var/lib/nvidia/log';

/** Who brought a library. Debian, Arch and the .run installer have lists of files as text. */
function packageOf(system: System, path: string): string | undefined {
  const debian = system.list('/var/lib/dpkg/info');
  if (!(debian instanceof Unread)) {
    const list = debian
      .filter((name) => /^(lib32)?(libnvidia|nvidia|cuda).*\.list$/.test(name))
      .find((name) => holds(system.read(`/var/lib/dpkg/info/${name}`), path));
    if (list !== undefined) return list.replace(/(:\w+)?\.list$/, '');
  }
  const arch = system.list('/var/lib/pacman/local');
  if (!(arch instanceof Unread)) {
    const name = arch
      .filter((each) => each.startsWith('nvidia') || each.startsWith('lib32-nvidia'))
      .find((each) => holds(system.read(`/var/lib/pacman/local/${each}/files`), path.slice(1)));
    if (name !== undefined) return name;
  }
  const run = system.read(RUN_LOG);
  const installed = run instanceof Unread ? '' : run.replace(/^\d+: /gm, '');
  if (holds(installed, path)) return "NVIDIA's .run installer";
  return undefined;
}

/** /lib may be a link to /usr/lib, and lists have either. */
const holds = (list: string | Unread, path: string): boolean =>
  !(list instanceof Unread) &&
  linesOf(list).some((line) => line === path || line === path.replace(/^(\/?)usr\//, '$1'));

/** What a message names of a library: its version and who brought it, or who knows that. */
function describe(system: System, { path, version = 'no version', package: name }: FoundLibrary): string {
  if (name !== undefined) return `${version}, of ${name}`;
  return RPM.some((folder) => isThere(system, folder) === true) ? `${version}, ask rpm -qf ${path}` : version;
}

const evidenceOf = (libraries: readonly FoundLibrary[]): readonly Evidence[] =>
  libraries.map(({ path, version, package: name }) => ({
    name: path,
    value: `${version ?? 'unknown'}${name === undefined ? '' : ` (${name})`}`,
  }));

const ASK = 'dpkg -S, rpm -qf or pacman -Qo name the package of a library.';

const libraryFiles: DoctorCheck = {
  id: 'libraries',
  looksAt:
    'Every `libnvidia-ml.so` in the folders of libraries and in `LD_LIBRARY_PATH`, its version and who brought it (lists of dpkg, pacman and the .run installer; those of RPM are no text), beside the version of the kernel module.',
  judge({ system }) {
    if (isWsl(system)) return librariesInWsl(system);
    const kernel = loadedVersion(system);
    const libraries = librariesIn(system);
    const evidence = [
      { name: '/proc/driver/nvidia/version', value: kernel ?? null },
      ...evidenceOf(libraries),
    ];
    if (libraries.length === 0) {
      const folders = FOLDERS.map((folder) => system.list(folder));
      if (!folders.some((names) => !(names instanceof Unread))) {
        return unread(
          'Which NVML libraries are installed',
          folders.find((names) => names instanceof Unread) as Unread,
        );
      }
      return fail(
        'No NVML library is installed.',
        'Install the driver package that brings libnvidia-ml.so.1; in a container, use the NVIDIA container toolkit.',
        evidence,
      );
    }
    if (kernel === undefined) {
      return unknown(
        'The version of the kernel module is unknown, so no library can be compared with it.',
        'See kernel-module.',
        evidence,
      );
    }
    const versioned = libraries.filter(({ version }) => version !== undefined);
    const stub = libraries.find(({ path, version }) => version === undefined && /\/stubs\//.test(path));
    if (stub !== undefined)
      return fail(
        `${stub.path} is a stub of CUDA for linking, and LD_LIBRARY_PATH has programs load it.`,
        'Take the folder of stubs out of LD_LIBRARY_PATH.',
        evidence,
      );
    if (versioned.length === 0)
      return unknown(
        'The name of no NVML library has its version, so none can be compared with the kernel module.',
        'See nvml for the version that it reports.',
        evidence,
      );
    const others = versioned.filter(({ version }) => version !== kernel);
    if (others.length === 0)
      return ok(`Every NVML library has version ${kernel}, as the kernel module.`, evidence);
    const named = others.map((library) => `${library.path} (${describe(system, library)})`);
    const what = `The kernel module is ${kernel}, and ${named.join(', ')} ${named.length === 1 ? 'is' : 'are'} not.`;
    const action = `Reload the kernel module (rmmod, modprobe nvidia) or reboot after an upgrade; remove the other libraries. ${ASK}`;
    return others.length === versioned.length ? fail(what, action, evidence) : warn(what, action, evidence);
  },
};

/** Windows brings the library. A driver that was installed in WSL hides it. */
function librariesInWsl(system: System): Judged | readonly Judged[] {
  const others = librariesIn(system).filter(({ path }) => !path.startsWith('/usr/lib/wsl/'));
  if (others.length === 0) return [];
  return warn(
    `A driver for Linux is installed in WSL: ${others.map(({ path }) => path).join(', ')} may be loaded in place of the library of Windows.`,
    `Remove it; install the driver in Windows alone. ${ASK}`,
    evidenceOf(others),
  );
}

const nvml: DoctorCheck = {
  id: 'nvml',
  asksNvml: true,
  looksAt: 'Whether NVML can be initialized, and the versions of library and driver that it reports.',
  judge({ system, nvml: state }) {
    if (!state.isOpen)
      return fail(state.reason, state.hint ?? 'See the other checks for the cause.', [
        { name: 'nvmlInit', value: null, reason: state.reason },
      ]);
    const evidence = [
      { name: 'nvmlSystemGetNVMLVersion', value: state.library ?? null },
      { name: 'nvmlSystemGetDriverVersion', value: state.driver ?? null },
      { name: 'nvmlDeviceGetCount', value: state.gpus.length },
    ];
    const kernel = loadedVersion(system);
    if (state.library !== undefined && kernel !== undefined && state.library !== kernel) {
      return warn(
        `NVML ${state.library} works, but the kernel module has version ${kernel}.`,
        'Reload the kernel module or reboot after an upgrade.',
        evidence,
      );
    }
    return ok(
      `NVML ${state.library ?? ''} works, and counts ${state.gpus.length} GPU${state.gpus.length === 1 ? '' : 's'}.`.replace(
        '  ',
        ' ',
      ),
      evidence,
    );
  },
};

/** Process lists of these releases of branch 535 have a struct of another layout. */
const BROKEN_LISTS = { branch: 535, first: 43, last: 97 };

const processLists: DoctorCheck = {
  id: 'process-lists',
  asksNvml: true,
  looksAt: 'Whether the driver is one of 535.43 to 535.97, whose process lists have a layout of their own.',
  judge({ system, nvml: state }) {
    const version = (state.isOpen ? state.driver : undefined) ?? loadedVersion(system);
    if (version === undefined)
      return unknown('The version of the driver is not known.', 'See kernel-module.');
    const [branch, minor = 0] = version.split('.').map(Number);
    const evidence = [{ name: 'driver_version', value: version }];
    const { first, last } = BROKEN_LISTS;
    return branch === BROKEN_LISTS.branch && minor >= first && minor <= last
      ? warn(
          `Driver ${version} lists processes in a layout that later releases withdrew.`,
          'Upgrade the driver to 535.98 or newer.',
          evidence,
        )
      : ok(`Driver ${version} lists processes in a known layout.`, evidence);
  },
};

export const libraryChecks: readonly DoctorCheck[] = [libraryFiles, nvml, processLists];
