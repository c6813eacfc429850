/** What NVML reports as it happens: an event set of all GPUs, looked at now and then. */
import { EventQueue } from '../nvml/event-queue.js';
import * as nvml from '../nvml/generated/constants.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, type Status, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { together } from '../query/ask/asking.js';
import { gpuField } from '../query/gpu-fields.js';
import type { EventSeverity, GpuEvent } from './gpu-event.js';
import { xidOf } from './xids.js';

interface EventType {
  readonly bit: number;
  readonly kind: string;
  readonly severity: EventSeverity;
  readonly meaning: string;
  readonly action?: string;
  readonly isFrequent?: true;
}

const MEMORY = 'Watch the ECC counters and remapped rows: nvsmi health --checks ecc-uncorrected,row-remap.';

/** Table: the types of NVML's events but Xids, which have a table of their own. */
const TYPES: readonly EventType[] = [
  {
    bit: nvml.nvmlEventTypeSingleBitEccError,
    kind: 'ecc',
    severity: 'information',
    meaning: 'ECC corrected a memory error.',
    isFrequent: true,
  },
  {
    bit: nvml.nvmlEventTypeDoubleBitEccError,
    kind: 'ecc',
    severity: 'fatal',
    meaning: 'ECC found a memory error that it cannot correct.',
    action: MEMORY,
  },
  {
    bit: nvml.nvmlEventTypePState,
    kind: 'pstate',
    severity: 'information',
    meaning: 'The performance state changed.',
    isFrequent: true,
  },
  {
    bit: nvml.nvmlEventTypeClock,
    kind: 'clock',
    severity: 'information',
    meaning: 'The clocks changed.',
    isFrequent: true,
  },
  {
    bit: nvml.nvmlEventTypePowerSourceChange,
    kind: 'power',
    severity: 'warning',
    meaning: 'The power source changed between mains and battery.',
  },
  {
    bit: nvml.nvmlEventMigConfigChange,
    kind: 'mig',
    severity: 'information',
    meaning: 'The MIG configuration changed.',
  },
  {
    bit: nvml.nvmlEventTypeSingleBitEccErrorStorm,
    kind: 'ecc',
    severity: 'warning',
    meaning: 'ECC corrects many memory errors in a short time.',
    action: MEMORY,
  },
  {
    bit: nvml.nvmlEventTypeDramRetirementEvent,
    kind: 'memory',
    severity: 'warning',
    meaning: 'A part of the memory is to be taken out of use.',
    action: 'Reset the GPU when it is idle.',
  },
  {
    bit: nvml.nvmlEventTypeDramRetirementFailure,
    kind: 'memory',
    severity: 'fatal',
    meaning: 'A part of the memory could not be taken out of use.',
    action: 'Drain the node and have the GPU replaced.',
  },
  {
    bit: nvml.nvmlEventTypeNonFatalPoisonError,
    kind: 'poison',
    severity: 'warning',
    meaning: 'A program used memory that holds a known error.',
    action: 'Restart the program.',
  },
  {
    bit: nvml.nvmlEventTypeFatalPoisonError,
    kind: 'poison',
    severity: 'fatal',
    meaning: 'The GPU used memory that holds a known error, and has to be reset.',
    action: 'Drain the node and reset the GPU.',
  },
  {
    bit: nvml.nvmlEventTypeGpuUnavailableError,
    kind: 'gpu-lost',
    severity: 'fatal',
    meaning: 'The GPU is not available any longer.',
    action: 'Drain the node; reset the GPU or reboot.',
  },
  {
    bit: nvml.nvmlEventTypeGpuRecoveryAction,
    kind: 'recovery',
    severity: 'warning',
    meaning: 'The action that recovers the GPU changed.',
    action: 'See the field gpu_recovery_action.',
  },
];

/** What an event of NVML says. A type that the table lacks is named by its number. */
export function nvmlEvent(type: number, data: number): Omit<GpuEvent, 'busId'> {
  if (type === nvml.nvmlEventTypeXidCriticalError) {
    const { number, meaning, severity, action } = xidOf(data);
    return { source: 'NVML', kind: 'xid', xid: number, severity, meaning, action };
  }
  const known = TYPES.find(({ bit }) => bit === type);
  if (known === undefined) {
    return {
      source: 'NVML',
      kind: `type ${type}`,
      severity: 'warning',
      meaning: 'An event that nvsmi does not know.',
      detail: String(data),
    };
  }
  const { bit: _, ...event } = known;
  return { source: 'NVML', ...event };
}

/** More events at once are read at the next look. */
const MOST_AT_ONCE = 64;

interface EventOfGpu extends GpuEvent {
  /** -1 for one that was not asked about. */
  readonly gpu: number;
}

/** The events of some GPUs, from when it is opened on. */
export class NvmlEvents {
  private readonly queue: EventQueue;
  private readonly lost: Set<number>;

  private constructor(
    private readonly asker: Asker,
    private readonly gpus: readonly Gpu[],
  ) {
    this.queue = new EventQueue(asker.session.driver, gpus);
    this.lost = new Set(gpus.filter((gpu) => gpu.handle === undefined).map(({ index }) => index));
  }

  static async open(asker: Asker, gpus: readonly Gpu[]): Promise<NvmlEvents> {
    const events = new NvmlEvents(asker, gpus);
    await events.queue.begin();
    return events;
  }

  /** Why some GPUs have no events, by index. */
  get refused(): ReadonlyMap<number, Status> {
    return this.queue.refused;
  }

  /** The events since the last look. Does not wait for one. */
  async poll(): Promise<readonly EventOfGpu[]> {
    return (await this.queue.read(MOST_AT_ONCE)).map(({ device, type, data }) => ({
      gpu: this.gpus.find(({ handle }) => handle === device)?.index ?? -1,
      ...nvmlEvent(type, data),
    }));
  }

  /** GPUs that were lost since the last look. A GPU may go without an event. */
  async pollLost(): Promise<readonly EventOfGpu[]> {
    this.asker.tick();
    const asked = this.gpus.filter(({ index }) => !this.lost.has(index));
    const readings = await this.asker.start(together(asked.map((gpu) => gpuField('temperature.gpu', gpu))));
    return asked.flatMap(({ index }, i): EventOfGpu[] => {
      const temperature = readings[i];
      if (!(temperature instanceof Missing) || temperature.status !== nvml.NVML_ERROR_GPU_IS_LOST) return [];
      this.lost.add(index);
      return [
        {
          gpu: index,
          source: 'NVML',
          kind: 'gpu-lost',
          severity: 'fatal',
          meaning: 'The GPU does not answer any longer.',
          action: 'Drain the node and reboot it. Check power, cooling and seating of the GPU.',
          detail: statusReason(temperature.status),
        },
      ];
    });
  }

  close(): void {
    this.queue.close();
  }
}
