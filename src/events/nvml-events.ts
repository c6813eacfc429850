/** What NVML reports as it happens: an event set of all GPUs, looked at now and then. */
import type { Bound, Driver, Handle } from '../nvml/call.js';
import { callOf } from '../nvml/call-of.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlDeviceGetSupportedEventTypes,
  nvmlDeviceRegisterEvents,
  nvmlEventSetCreate,
  nvmlEventSetFree,
  nvmlEventSetWait,
  nvmlEventSetWait_v2,
} from '../nvml/generated/entries.js';
import { nvmlEventData_t } from '../nvml/generated/layouts.js';
import { ask, askAnywhere, type Gpu } from '../nvml/session.js';
import { Missing, NO_ANSWER, type Status, statusReason } from '../nvml/status.js';
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
  /** Why some GPUs have no events, by index. */
  readonly refused = new Map<number, Status>();
  private waiting: Bound | undefined;
  private set: Handle | undefined;
  private readonly lost: Set<number>;

  private constructor(
    private readonly asker: Asker,
    private readonly gpus: readonly Gpu[],
  ) {
    this.lost = new Set(gpus.filter((gpu) => gpu.handle === undefined).map(({ index }) => index));
  }

  static async open(asker: Asker, gpus: readonly Gpu[]): Promise<NvmlEvents> {
    const events = new NvmlEvents(asker, gpus);
    await events.begin();
    return events;
  }

  private get driver(): Driver {
    return this.asker.session.driver;
  }

  private async begin(): Promise<void> {
    const { driver, refused } = this;
    // Another process has its own time for this.
    if (driver.isElsewhere) driver.beginSample?.(this);
    refused.clear();
    const created = await askAnywhere(driver, callOf(nvmlEventSetCreate));
    if (created.status !== 0) {
      for (const { index } of this.gpus) refused.set(index, created.status);
      return;
    }
    const set = created.memory[0]?.readBigUInt64LE(0) as Handle;
    this.set = set;
    for (const gpu of this.gpus) {
      const status = gpu.handle === undefined ? gpu.status : await this.register(gpu.handle, set);
      if (status !== 0) refused.set(gpu.index, status);
    }
    const at = { set, timeoutms: 0 };
    this.waiting = driver.bind(callOf(nvmlEventSetWait_v2, at)) ?? driver.bind(callOf(nvmlEventSetWait, at));
  }

  private async register(device: Handle, set: Handle): Promise<Status> {
    const { driver } = this;
    const types = await askAnywhere(driver, callOf(nvmlDeviceGetSupportedEventTypes, { device }));
    if (types.status !== 0) return types.status;
    const eventTypes = Number(types.memory[0]?.readBigUInt64LE(0) ?? 0n);
    return (await askAnywhere(driver, callOf(nvmlDeviceRegisterEvents, { device, eventTypes, set }))).status;
  }

  /** The events since the last look. Does not wait for one. */
  async poll(): Promise<readonly EventOfGpu[]> {
    const { driver } = this;
    if (this.waiting === undefined && driver.isElsewhere) await this.begin();
    const found: EventOfGpu[] = [];
    for (let i = 0; i < MOST_AT_ONCE && this.waiting !== undefined; i++) {
      driver.beginSample?.(this);
      const status = driver.isElsewhere ? await this.waiting.start() : this.waiting.run();
      // The set was in a process that is gone, or is stuck: the next look makes another.
      if (status === NO_ANSWER || status === nvml.NVML_ERROR_UNINITIALIZED) this.waiting = undefined;
      const memory = this.waiting?.memory[0];
      if (status !== 0 || memory === undefined) break;
      const { device, eventType, eventData } = nvmlEventData_t.fields;
      const of = memory.readBigUInt64LE(device[1]);
      const gpu = this.gpus.find((one) => one.handle === of);
      const event = nvmlEvent(
        Number(memory.readBigUInt64LE(eventType[1])),
        Number(memory.readBigUInt64LE(eventData[1])),
      );
      found.push({ gpu: gpu?.index ?? -1, ...event });
    }
    return found;
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
    const { driver, set } = this;
    // Another process ends with its sets.
    if (set !== undefined && !driver.isElsewhere) ask(driver, callOf(nvmlEventSetFree, { set }));
  }
}
