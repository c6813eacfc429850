/** `vgpu`: the vGPUs of a virtualization host. On any other machine it says that there is none. */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NOT_FOUND } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { loopPeriod } from '../options.js';
import type { Reading } from '../query/asked.js';
import { type Cells, cell } from '../query/cell.js';
import { count, percent } from '../query/kind.js';
import { readAll } from '../query/now.js';
import { encoderColumns, fbcColumns, type SessionColumn, sessionCells } from '../query/sessions.js';
import * as vgpu from '../query/vgpu.js';
import { cellsOf, schedulerLines, vgpuLines, vgpuTypeLines } from '../query/vgpu-lines.js';
import { type Column, columnsHead, columnsLine, emptyLine } from '../render/columns.js';
import { jsonDocument } from '../render/document.js';
import * as render from '../render/vgpu.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { loop } from './loop.js';
import { lostLines, statusOf } from './lost.js';
import { chosenGpus } from './select.js';
import { refuseSetters, setter } from './setter.js';
import { gpuOption, jsonOption } from './untold.js';
import { driverVersion } from './version.js';

/** What one option shows: records for JSON, text otherwise. */
interface View {
  readonly part: string;
  /** Printed once, above all ticks. */
  readonly head?: string;
  readonly records: (session: Session, gpu: Gpu) => readonly Cells[];
  readonly print: (session: Session, gpus: readonly Gpu[], now: number) => string;
  /** The monitors go on every second until they are stopped. */
  readonly period?: number;
}

const word = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : String(reading);

const withUnit = (reading: Reading): string =>
  reading instanceof Missing ? statusWords(reading.status) : `${reading}%`;

const busId = (session: Session, gpu: Gpu): string =>
  word(readAll(session, gpu, ['pci.bus_id'])[0] as Reading);

const withGpu = (gpu: Gpu, cells: Cells): Cells => ({ gpu: cell(count, gpu.index), ...cells });

/** A block per GPU, with a blank line between them. */
const perGpu =
  (block: (session: Session, gpu: Gpu) => string): View['print'] =>
  (session, gpus) =>
    gpus.map((gpu) => render.gpuLine(busId(session, gpu)) + block(session, gpu)).join('\n');

function instanceLines(session: Session, gpu: Gpu) {
  const utilizations = vgpu.vgpuUtilizations(session, gpu);
  return vgpu
    .vgpuNumbers(session, gpu, 'active')
    .map((id) => vgpuLines(session, gpu, id, utilizations.get(id)));
}

const SUMMARY: View = {
  part: 'vgpus',
  records: (session, gpu) =>
    instanceLines(session, gpu).map((lines) => {
      const { vgpu: id, name, vm_id, utilization_gpu } = cellsOf(lines);
      return withGpu(gpu, { vgpu: id, name, vm_id, utilization_gpu } as Cells);
    }),
  print: (session, gpus, now) =>
    render.vgpuSummary({
      time: new Date(now),
      driverVersion: driverVersion(session),
      gpus: gpus.map((gpu) => summaryGpu(session, gpu)),
    }),
};

function summaryGpu(session: Session, gpu: Gpu) {
  const [name, utilization] = readAll(session, gpu, ['name', 'utilization.gpu']) as [Reading, Reading];
  const utilizations = vgpu.vgpuUtilizations(session, gpu);
  return {
    index: String(gpu.index),
    name: word(name),
    busId: busId(session, gpu),
    utilization: withUnit(utilization),
    vgpus: vgpu.vgpuNumbers(session, gpu, 'active').map((id) => {
      const { vmId, typeName } = vgpu.vgpuIdentity(session, id);
      const sm = utilizations.get(id)?.sm;
      return {
        id: String(id),
        name: word(typeName),
        vmId: word(vmId),
        vmName: 'N/A',
        utilization: sm === undefined ? 'N/A' : withUnit(sm),
      };
    }),
  };
}

const QUERY: View = {
  part: 'vgpus',
  records: (session, gpu) => instanceLines(session, gpu).map((lines) => withGpu(gpu, cellsOf(lines))),
  print: perGpu((session, gpu) => {
    const instances = instanceLines(session, gpu);
    const active = { name: 'active', label: 'Active vGPUs', depth: 1, value: cell(count, instances.length) };
    return render.vgpuLog([active, ...instances.flat()]);
  }),
};

const types = (which: 'supported' | 'creatable', verbose: boolean): View => ({
  part: `${which}_types`,
  records: (session, gpu) =>
    vgpu
      .vgpuNumbers(session, gpu, which)
      .map((type) => withGpu(gpu, cellsOf(vgpuTypeLines(session, gpu, type)))),
  print: perGpu((session, gpu) => {
    const ids = vgpu.vgpuNumbers(session, gpu, which);
    return verbose
      ? render.vgpuLog(ids.flatMap((type) => vgpuTypeLines(session, gpu, type)))
      : render.typeList(ids.map((type) => word(vgpu.vgpuTypeName(session, type))));
  }),
});

const SCHEDULER: View = {
  part: 'schedulers',
  records: (session, gpu) => [withGpu(gpu, cellsOf(schedulerLines(session, gpu)))],
  print: perGpu((session, gpu) => render.vgpuLog(schedulerLines(session, gpu))),
};

const SECOND = 1000;

/** N/A where MIG divides the GPU: an RTX PRO 6000 with driver 580.105.08. */
function emptyWord(session: Session, gpu: Gpu): string {
  const [mode] = readAll(session, gpu, ['mig.mode.current']) as [Reading];
  return mode instanceof Missing || Number(mode) === 0 ? '-' : 'N/A';
}

/** A monitor: a line per record, or a line of dashes for a GPU without any. */
const monitor = (part: string, columns: readonly Column[], records: View['records']): View => ({
  part,
  head: columnsHead(columns),
  period: SECOND,
  records: (session, gpu) => records(session, gpu).map((cells) => withGpu(gpu, cells)),
  print: (session, gpus) =>
    gpus
      .flatMap((gpu) => {
        const lines = records(session, gpu);
        if (lines.length === 0) return [emptyLine(columns, gpu.index, emptyWord(session, gpu))];
        return lines.map((cells) => columnsLine(columns, gpu.index, render.columnTexts(cells)));
      })
      .join(''),
});

const UTILIZATION = monitor('utilization', render.utilizationColumns, (session, gpu) => {
  const utilizations = vgpu.vgpuUtilizations(session, gpu);
  return vgpu.vgpuNumbers(session, gpu, 'active').map((id) => {
    const { sm, memory, encoder, decoder, jpeg, ofa } = utilizations.get(id) ?? vgpu.NO_UTILIZATION;
    const engines = { sm, memory, encoder, decoder, jpeg, ofa };
    return {
      vgpu: cell(count, id),
      ...Object.fromEntries(Object.entries(engines).map(([name, value]) => [name, cell(percent, value)])),
    };
  });
});

const PROCESSES = monitor('processes', render.processColumns, vgpu.vgpuProcesses);

const sessions = (part: string, which: 'encoder' | 'fbc', columns: readonly SessionColumn[]): View =>
  monitor(part, [{ head: ['vGPU', 'Id'], width: 11 }, ...columns], (session, gpu) =>
    vgpu.vgpuNumbers(session, gpu, 'active').flatMap((id): readonly Cells[] => {
      const views = vgpu.vgpuSessions(session, id, which);
      const who = { vgpu: cell(count, id) };
      if (views.length > 0) return views.map((view) => ({ ...who, ...sessionCells(columns, view) }));
      const nothing = columns.map(({ name, kind }) => [name, cell(kind, NO_SESSION)] as const);
      return [{ ...who, ...Object.fromEntries(nothing) }];
    }),
  );

/** A vGPU without sessions has a line of dashes: the vGPU software's guide. */
const NO_SESSION = Missing.of(NVML_ERROR_NOT_FOUND);

interface Choice {
  readonly spec: OptionSpec;
  readonly view: (verbose: boolean) => View;
}

const choice = (short: string, long: string, help: string, view: Choice['view']): Choice => ({
  spec: { short: [short], long, help },
  view,
});

/** The long names of -u and -p are not in the guide; ours follow its words. */
const CHOICES: readonly Choice[] = [
  choice('q', 'query', 'Everything about the running vGPUs.', () => QUERY),
  choice('s', 'supported', 'Types of vGPU that each GPU supports.', (verbose) => types('supported', verbose)),
  choice('c', 'creatable', 'Types of vGPU that each GPU has room for now.', (verbose) =>
    types('creatable', verbose),
  ),
  choice('u', 'utilization', 'How busy each vGPU is, every second.', () => UTILIZATION),
  choice('p', 'processes', 'How busy each process in the vGPUs is, every second.', () => PROCESSES),
  choice('es', 'encodersessions', 'Video encoder sessions in the vGPUs, every second.', () =>
    sessions('encoder_sessions', 'encoder', encoderColumns),
  ),
  choice('fs', 'fbcsessions', 'Frame buffer capture sessions in the vGPUs, every second.', () =>
    sessions('fbc_sessions', 'fbc', fbcColumns),
  ),
  choice('ss', 'scheduler-state', "How the GPU's vGPUs take turns.", () => SCHEDULER),
];

const options: readonly OptionSpec[] = [
  gpuOption,
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Repeat until interrupted, every 5 seconds if no time is given.',
  },
  ...CHOICES.map(({ spec: option }) => option),
  { short: ['v'], long: 'verbose', help: 'With -s or -c: everything about each type.' },
  jsonOption,
  setter('caa', 'clear-accounted-apps'),
];

function chosenView(tokens: readonly Token[]): View {
  const chosen = CHOICES.filter(({ spec: { long } }) => lastValue(tokens, long) !== undefined);
  if (chosen.length > 1) throw new UsageError('Only one of the views of vgpu can be asked for at a time.');
  return chosen[0]?.view(lastValue(tokens, 'verbose') !== undefined) ?? SUMMARY;
}

async function run(tokens: readonly Token[], context: Context): Promise<number> {
  refuseSetters(tokens);
  const view = chosenView(tokens);
  const period = loopPeriod(tokens) ?? view.period;
  const { session } = await context.machine();
  const chosen = chosenGpus(session, lastValue(tokens, 'id'));
  const gpus = chosen.filter((gpu) => gpu.handle !== undefined && vgpu.isVgpuHost(session, gpu));
  const { io } = context;
  const asJson = lastValue(tokens, 'json') !== undefined;
  if (gpus.length === 0) {
    // Status 0: H100 and H200, 580.159.04.
    const nothing = `No supported devices in vGPU mode\n${lostLines(chosen)}`;
    io.out(asJson ? jsonDocument({ [view.part]: [] }) : nothing);
    return statusOf(chosen);
  }
  if (!asJson && view.head !== undefined) io.out(view.head);
  await loop(io, period, () => {
    const records = (): readonly Cells[] => gpus.flatMap((gpu) => view.records(session, gpu));
    io.out(asJson ? jsonDocument({ [view.part]: records() }) : view.print(session, gpus, io.now()));
  });
  if (!asJson) io.out(lostLines(chosen));
  return statusOf(chosen);
}

export const spec: CommandSpec = { options, run };
