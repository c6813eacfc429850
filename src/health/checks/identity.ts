/** Checks of what a GPU is and how it is connected, against what is expected or what its model has. */

import { fail, ok, warn } from '../../base/verdict.js';
import { Unread } from '../../system/system.js';
import type { CheckedGpu, GpuCheck } from '../check.js';
import { MEMORY_TOLERANCE, models } from '../models.js';

const REPLACED =
  'Check whether the GPU was replaced or swapped. If that is meant, make the expectations again with --learn.';
const SEAT = 'Drain the node, reboot it, check seating, risers and BIOS settings.';

const modelOf = (subject: CheckedGpu) => models[subject.word('name')];

const name: GpuCheck = {
  id: 'name',
  about: 'Whether the product name is the expected one.',
  fails: 'it is another',
  needs: ['name'],
  judge: ({ word, expected }) => {
    const wanted = expected?.name;
    if (wanted === undefined) return ok(`Its name is ${word('name')}.`);
    return wanted === word('name')
      ? ok(`Its name is ${wanted}, as expected.`)
      : fail(`Its name is ${word('name')}, and ${wanted} is expected.`, REPLACED);
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
        ? ok(`It has ${size} MiB, as expected.`)
        : fail(`It has ${size} MiB, and ${wanted} MiB are expected.`, REPLACED);
    }
    const model = modelOf(subject);
    if (model === undefined) return ok(`It has ${size} MiB; nothing else is expected.`);
    return size < model.memory * (1 - MEMORY_TOLERANCE)
      ? fail(
          `It has ${size} MiB, and its model has ${model.memory} MiB.`,
          'Drain the node and reset the GPU; if the memory stays smaller, test the GPU.',
        )
      : ok(`It has ${size} MiB, as its model has.`);
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
  about: 'Whether the PCIe link has as many lanes as expected, or as both sides can.',
  warns: 'it has fewer lanes than GPU and slot can',
  fails: 'it has fewer lanes than expected',
  needs: ['pcie.link.width.current', 'pcie.link.width.max'],
  judge: (subject) => {
    const { number, expected } = subject;
    const width = number('pcie.link.width.current');
    const wanted = expected?.['pcie.link.width.current'];
    if (wanted !== undefined) {
      return width < Number(wanted)
        ? fail(`The PCIe link has ${width} lanes, and ${wanted} are expected.`, SEAT)
        : ok(`The PCIe link has ${width} lanes, as expected.`);
    }
    const possible = Math.min(number('pcie.link.width.max'), slotWidth(subject) ?? Number.POSITIVE_INFINITY);
    return width < possible
      ? warn(
          `The PCIe link has ${width} lanes, and ${possible} are possible.`,
          `${SEAT} If the slot has so few lanes, expect that: --learn.`,
        )
      : ok(`The PCIe link has ${width} lanes, as both sides can.`);
  },
};

/** A GPU with less load lowers the generation of its link, which is no fault. */
const BUSY_PERCENT = 20;

const pcieGeneration: GpuCheck = {
  id: 'pcie-generation',
  about:
    'Whether the PCIe link has the generation that both sides can. An idle GPU lowers it, which is no fault.',
  warns: 'it is lower while the GPU is busy',
  fails: 'both sides can less than expected',
  needs: ['pcie.link.gen.current', 'pcie.link.gen.max'],
  uses: ['utilization.gpu', 'pstate'],
  judge: ({ number, word, has, expected }) => {
    const [current, most] = [number('pcie.link.gen.current'), number('pcie.link.gen.max')];
    const wanted = expected?.['pcie.link.gen.max'];
    if (wanted !== undefined && most < Number(wanted))
      return fail(`GPU and slot can generation ${most}, and ${wanted} is expected.`, SEAT);
    if (current >= most) return ok(`The PCIe link is of generation ${current}, as both sides can.`);
    const isBusy =
      has('utilization.gpu') && number('utilization.gpu') >= BUSY_PERCENT && word('pstate') === 'P0';
    return isBusy
      ? warn(`The PCIe link is of generation ${current} under load, and ${most} is possible.`, SEAT)
      : ok(`The PCIe link is of generation ${current} of ${most}, lowered as the GPU is idle.`);
  },
};

const TRAIN =
  'Drain the node and reset all GPUs of the fabric; check bridges, cables and the fabric manager.';

const nvlinks: GpuCheck = {
  id: 'nvlink',
  about: 'Whether as many NVLinks are up as expected, or as the model has, and as fast.',
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
      return fail(`${up} NVLinks are up, and ${wanted} are expected.`, TRAIN);
    const wantedSpeed = expected?.['nvlink.speed'];
    if (wantedSpeed !== undefined && speed < Number(wantedSpeed))
      return fail(`An NVLink has ${speed} GB/s, and ${wantedSpeed} GB/s are expected.`, TRAIN);
    if (wanted !== undefined) return ok(`${up} of ${count} NVLinks are up, as expected.`);
    const model = modelOf(subject)?.nvlinks;
    if (up === 0 && health.gpus.length === 1)
      return ok('All NVLinks are down: it is the only GPU of the machine.');
    if (model !== undefined && up < model)
      return fail(`${up} NVLinks are up, and its model has ${model}.`, TRAIN);
    if (up < count && model === undefined) {
      return warn(`${up} of ${count} NVLinks are up.`, `${TRAIN} If it has so few, expect that: --learn.`);
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
          `${mode} is ${word(mode) || 'absent'}, and ${wanted} is expected.`,
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
