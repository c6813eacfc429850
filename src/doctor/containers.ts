/** Checks of what contains the system: container runtimes, WSL. */

import { type Evidence, fail, ok, warn } from '../base/verdict.js';
import { containerOf, isWsl, variableOf } from '../system/containment.js';
import { isThere, Unread } from '../system/system.js';
import { type DoctorCheck, linesOf, unread } from './patient.js';

const CONTROL = '/dev/nvidiactl';

/** What the NVIDIA container toolkit mounts into a container. */
const MOUNTED: readonly (readonly [name: string, RegExp])[] = [
  ['libnvidia-ml.so', /libnvidia-ml\.so/],
  ['/dev/nvidia*', /\/dev\/nvidia(?:ctl|\d+)/],
];

/** What asks the toolkit for GPUs and for parts of the driver. */
const CAPABILITIES = 'NVIDIA_DRIVER_CAPABILITIES';
const VARIABLES: readonly string[] = ['NVIDIA_VISIBLE_DEVICES', CAPABILITIES];
/** Capabilities that bring NVML. */
const NEEDED: readonly string[] = ['all', 'utility'];

const container: DoctorCheck = {
  id: 'container',
  looksAt:
    'In a container: whether the NVIDIA container toolkit mounted the libraries and nodes of the driver, and what it was asked for: `/proc/self/mountinfo`, `NVIDIA_DRIVER_CAPABILITIES`.',
  judge({ system }) {
    const runtime = containerOf(system);
    if (runtime === undefined) return [];
    const mounts = system.read('/proc/self/mountinfo');
    if (mounts instanceof Unread) return unread('What is mounted into the container', mounts);
    const found = MOUNTED.map(
      ([, pattern]) =>
        linesOf(mounts)
          .find((line) => pattern.test(line))
          ?.split(' ')[4],
    );
    const evidence: Evidence[] = [
      { name: 'container', value: runtime },
      ...MOUNTED.map(([name], i) => ({ name: `/proc/self/mountinfo ${name}`, value: found[i] ?? null })),
    ];
    for (const name of VARIABLES) {
      const value = variableOf(system, name);
      if (value !== undefined) evidence.push({ name, value });
    }
    const isReady = isThere(system, CONTROL) === true;
    const capabilities = variableOf(system, CAPABILITIES)
      ?.split(',')
      .map((one) => one.trim());
    if (
      found[0] === undefined &&
      capabilities !== undefined &&
      !capabilities.some((one) => NEEDED.includes(one))
    )
      return fail(
        `${CAPABILITIES} of this container (${runtime}) has no utility, so the NVML library is not mounted.`,
        `Set ${CAPABILITIES}=compute,utility, or all.`,
        evidence,
      );
    if (found.every((mount) => mount !== undefined) || (found[0] !== undefined && isReady)) {
      return ok(`The driver is mounted into this container (${runtime}).`, evidence);
    }
    if (isReady)
      return warn(
        `This container (${runtime}) has the nodes, but its own NVML library, which must match the host's driver.`,
        'Let the NVIDIA container toolkit mount the libraries.',
        evidence,
      );
    return fail(
      `The driver is not mounted into this container (${runtime}).`,
      'Install the NVIDIA container toolkit on the host and start with --gpus all or --device nvidia.com/gpu=all; in Kubernetes, request nvidia.com/gpu; in Apptainer, start with --nv.',
      evidence,
    );
  },
};

const DXG = '/dev/dxg';
const WSL_LIBRARY = '/usr/lib/wsl/lib/libnvidia-ml.so.1';

const wsl: DoctorCheck = {
  id: 'wsl',
  looksAt: `In WSL: the node \`${DXG}\` and the library that Windows brings, \`${WSL_LIBRARY}\`.`,
  judge({ system }) {
    if (!isWsl(system)) return [];
    const missing = [DXG, WSL_LIBRARY].filter((path) => isThere(system, path) === false);
    const evidence = [DXG, WSL_LIBRARY].map((path) => ({ name: path, value: isThere(system, path) ?? null }));
    return missing.length === 0
      ? ok('WSL has the GPU of Windows and its libraries.', evidence)
      : fail(
          `WSL lacks ${missing.join(' and ')}.`,
          'Install the driver in Windows, use WSL 2, and run wsl --update and wsl --shutdown.',
          evidence,
        );
  },
};

export const containerChecks: readonly DoctorCheck[] = [container, wsl];
