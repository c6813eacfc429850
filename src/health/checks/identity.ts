/** Checks of what a GPU is and how it is connected, against what is expected or what its model has. */

import { fail, ok, warn } from '../../base/verdict.js';
import { Unread } from '../../system/system.js';
import type { CheckedGpu, GpuCheck } from '../check.js';
import { MEMORY_TOLERANCE, models } from '../models.js';

const REPLACED =
  'Check whether the GPU was replaced or swapped. If that is intended, write new expectations with --learn.';
const SEAT = 'Drain the node, reboot it, check seating, risers and BIOS settings.';

const modelOf = (subject: CheckedGpu) => models[subject.word('name')];

const name: GpuCheck = {
  id: 'name',
  about: 'Whether the product name is the expected one.',
  fails: 'it differs',
  needs: ['name'],
  judge: ({ word, expected }) => {
    const wanted = expected?.name;
    if (wanted === undefined) return ok(`The name is ${word('name')}.`);
    return wanted === word('name')
      ? ok(`The name is ${wanted}, as expected.`)
      : fail(`The name is ${word('name')}; expected ${wanted}.`, REPLACED);
  },
};

const memorySize: GpuCheck = {
  id: 'memory-size',
  about: 'Whether the memory has the expected size, or that of the model (7 percent less is allowed).',
  fails: 'it has another',
  needs: ['memory.total'],
  uses: ['name'],
  judge: (subject) => {
    const size = subject.number('memory.total');
    const wanted = subject.expected?.['memory.total'];
    if (wanted !== undefined) {
      return Number(wanted) === size
        ? ok(`The memory size is ${size} MiB, as expected.`)
        : fail(`The memory size is ${size} MiB; expected ${wanted} MiB.`, REPLACED);
    }
    const model = modelOf(subject);
    if (model === undefined) return ok(`The memory size is ${size} MiB; there is no expectation for it.`);
    return size < model.memory * (1 - MEMORY_TOLERANCE)
      ? fail(
          `The memory size is ${size} MiB; its model has ${model.memory} MiB.`,
          'Drain the node and reset the GPU; if the memory stays smaller, test the GPU.',
        )
      : ok(`The memory size is ${size} MiB, as for its model.`);
  },
};

/** What the port above the GPU can do, where /sys shows it: a board for 16 lanes may be in a slot for 8. */
function slotWidth({ gpu, health: { system } }: CheckedGpu): number | undefined {
  const place = system.realpath(`/sys/bus/pci/devices/${gpu.busId}`);
  if (place instanceof Unread) return undefined;
  const width = system.read(`${place.replace(/\/[^/]+$/, '')}/max_link_width`);
  const lanes = width instanceof Unread ? Number.NaN : Number(width);
  return lanes > 0 && lanes <= 32 ? lanes : undefined;
}

const pcieWidth: GpuCheck = {
  id: 'pcie-width',
  about: 'Whether the PCIe link has the expected number of lanes, or the maximum of both sides.',
  warns: 'it has fewer lanes than GPU and slot support',
  fails: 'it has fewer lanes than expected',
  needs: ['pcie.link.width.current', 'pcie.link.width.max'],
  judge: (subject) => {
    const { number, expected } = subject;
    const width = number('pcie.link.width.current');
    const wanted = expected?.['pcie.link.width.current'];
    if (wanted !== undefined) {
      return width < Number(wanted)
        ? fail(`The PCIe link has ${width} lanes; expected ${wanted}.`, SEAT)
        : ok(`The PCIe link has ${width} lanes, as expected.`);
    }
    const possible = Math.min(number('pcie.link.width.max'), slotWidth(subject) ?? Number.POSITIVE_INFINITY);
    return width < possible
      ? warn(
          `The PCIe link has ${width} lanes; ${possible} are possible.`,
          `${SEAT} If the slot has so few lanes, expect that: --learn.`,
        )
      : ok(`The PCIe link has ${width} lanes, the maximum of both sides.`);
  },
};

/** A GPU with less load lowers the generation of its link, which is no fault. */
const BUSY_PERCENT = 20;

const pcieGeneration: GpuCheck = {
  id: 'pcie-generation',
  about:
    'Whether the PCIe link runs at the highest generation of both sides. An idle GPU lowers it, which is normal.',
  warns: 'it is lower while the GPU is busy',
  fails: 'both sides support less than expected',
  needs: ['pcie.link.gen.current', 'pcie.link.gen.max'],
  uses: ['utilization.gpu', 'pstate'],
  judge: ({ number, word, has, expected }) => {
    const [current, most] = [number('pcie.link.gen.current'), number('pcie.link.gen.max')];
    const wanted = expected?.['pcie.link.gen.max'];
    if (wanted !== undefined && most < Number(wanted))
      return fail(`GPU and slot support PCIe generation ${most}; expected ${wanted}.`, SEAT);
    if (current >= most) return ok(`The PCIe link runs at generation ${current}, the maximum of both sides.`);
    const isBusy =
      has('utilization.gpu') && number('utilization.gpu') >= BUSY_PERCENT && word('pstate') === 'P0';
    return isBusy
      ? warn(`The PCIe link runs at generation ${current} under load; ${most} is possible.`, SEAT)
      : ok(`The PCIe link runs at generation ${current} of ${most} while the GPU is idle.`);
  },
};

const TRAIN =
  'Drain the node and reset all GPUs of the fabric; check bridges, cables and the fabric manager.';

const nvlinks: GpuCheck = {
  id: 'nvlink',
  about: 'Whether the expected number of NVLinks is up, or that of the model, at the expected speed.',
  warns:
    'some links are down, and it is not known how many are expected; or all are, on a machine with several such GPUs',
  fails: 'fewer links are up, or they are slower, than expected or than the model has',
  needs: ['nvlink.count', 'nvlink.active'],
  uses: ['nvlink.speed', 'name'],
  judge: (subject) => {
    const { number, expected, health } = subject;
    const [count, up] = [number('nvlink.count'), number('nvlink.active')];
    const speed = number('nvlink.speed');
    const wanted = expected?.['nvlink.active'];
    if (wanted !== undefined && up < Number(wanted))
      return fail(`${up} NVLinks are up; expected ${wanted}.`, TRAIN);
    const wantedSpeed = expected?.['nvlink.speed'];
    if (wantedSpeed !== undefined && !(speed >= Number(wantedSpeed)))
      return fail(
        `An NVLink has ${Number.isNaN(speed) ? 'no speed' : `${speed} GB/s`}; expected ${wantedSpeed} GB/s.`,
        TRAIN,
      );
    if (wanted !== undefined) return ok(`${up} of ${count} NVLinks are up, as expected.`);
    const model = modelOf(subject)?.nvlinks;
    if (up === 0 && health.gpus.length === 1)
      return ok('All NVLinks are down: it is the only GPU of the machine.');
    if (model !== undefined && up < model)
      return fail(`${up} NVLinks are up; its model has ${model}.`, TRAIN);
    if (up < count && model === undefined) {
      return warn(
        `${up} of ${count} NVLinks are up.`,
        `${TRAIN} If that is correct, write expectations with --learn.`,
      );
    }
    return ok(`${up} NVLinks are up${Number.isNaN(speed) ? '' : ` with at least ${speed} GB/s each`}.`);
  },
};

const MODES = ['ecc.mode.current', 'mig.mode.current'];

const modes: GpuCheck = {
  id: 'modes',
  about: 'Whether ECC and MIG are as expected, and no change of either is pending.',
  warns: 'a change is pending',
  fails: 'a mode is not the expected one',
  needs: ['ecc.mode.current'],
  uses: ['ecc.mode.pending', 'mig.mode.current', 'mig.mode.pending'],
  judge: ({ word, has, expected }) => {
    for (const mode of MODES) {
      const wanted = expected?.[mode];
      if (wanted !== undefined && String(wanted) !== word(mode)) {
        return fail(
          `${mode} is ${word(mode) || 'absent'}; expected ${wanted}.`,
          'Set it, and reset the GPU.',
        );
      }
      const pending = mode.replace('current', 'pending');
      if (has(pending) && word(pending) !== word(mode)) {
        return warn(
          `${mode} is ${word(mode)}, and ${word(pending)} after the next reset.`,
          'Reset the GPU or reboot.',
        );
      }
    }
    return ok('No change of ECC or MIG is pending.');
  },
};

export const identityChecks: readonly GpuCheck[] = [
  name,
  memorySize,
  pcieWidth,
  pcieGeneration,
  nvlinks,
  modes,
];
