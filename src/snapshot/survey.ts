/** Asks a machine everything that can be asked without changing it, and records the answers. */

import { type Arg, type Call, type Driver, type FieldId, isOut, type Preset, SUBJECT } from '../nvml/call.js';
import { callWith, outOf } from '../nvml/call-of.js';
import { nvmlDeviceGetFieldValues } from '../nvml/generated/entries.js';
import type { FunctionName } from '../nvml/generated/functions.js';
import { changing, prototypes } from '../nvml/generated/prototypes.js';
import type { Param, Prototype } from '../nvml/prototype.js';
import {
  type About,
  handleDomain,
  type Named,
  type SurveyedGpu,
  type SurveyedMachine,
  selections,
  valueDomain,
} from './domain.js';
import { surveyedFields } from './field-scopes.js';
import { pidsOn, takeInventory } from './inventory.js';
import { type RecordedCall, Recorder } from './recorder.js';
import type { Calls } from './snapshot-ticks.js';
import { TIMED } from './timed-samples.js';

/**
 * Functions that only read but are not recorded: certificates and reports are identities, error records
 * belong to the whole host, and the last three need answers of a vGPU host, samples or privileges.
 */
const NOT_RECORDED: ReadonlySet<FunctionName> = new Set<FunctionName>([
  'nvmlDeviceGetConfComputeGpuCertificate',
  'nvmlDeviceGetConfComputeGpuAttestationReport',
  'nvmlSystemGetCPER_v1',
  'nvmlGetVgpuCompatibility',
  'nvmlGpmMetricsGet',
  'nvmlDeviceReadPRMCounters_v1',
]);

/** How to fill the struct that a function is given, where it takes more than values of domain.ts. */
const GIVEN: Readonly<Partial<Record<FunctionName, (gpu: SurveyedGpu) => Preset | undefined>>> = {
  /** NVML_UUID_TYPE_ASCII */
  nvmlDeviceGetHandleByUUIDV: ({ uuid }) => (uuid === undefined ? undefined : { type: 1, 'value.str': uuid }),
  nvmlDeviceQueryDrainState: ({ busIds }) => (busIds[0] === undefined ? undefined : pciPreset(busIds[0])),
};

/** A bus id as the fields of nvmlPciInfo_t that NVML looks at. */
export function pciPreset(busId: string): Preset {
  const [, domain = '0', bus = '0', device = '0'] =
    /^([0-9a-f]+):([0-9a-f]+):([0-9a-f]+)\./i.exec(busId) ?? [];
  const number = (hex: string): number => Number.parseInt(hex, 16);
  return { domain: number(domain), bus: number(bus), device: number(device), busId };
}

export interface SurveyOptions {
  /** Calls in addition to NVML's own list, e.g. of probes with particular arguments. They are asked about every GPU and MIG device. */
  readonly extraCalls?: readonly Call[];
  /** Field ids with scopes in addition to the known ones. */
  readonly extraFields?: readonly FieldId[];
  /** CPUs of the machine, for nvmlSystemGetTopologyGpuSet. */
  readonly cpus?: number;
  /** What is asked again at every later moment, though it did not change while the survey was made. */
  readonly restless?: readonly Topic[];
}

/** A function, or a field of nvmlDeviceGetFieldValues. What changes about one GPU or argument may change about all. */
export type Topic = FunctionName | number;

/** The answers of an initialised NVML, by function and arguments. */
export const survey = (driver: Driver, options: SurveyOptions = {}): Calls =>
  new Survey(driver, options).calls();

/** A survey that can be continued: everything is asked at once, and later what changes. */
export class Survey {
  private readonly recorder: Recorder;
  private readonly found: SurveyedMachine;
  private readonly pids: Set<number>;
  private restless: readonly RecordedCall[] = [];

  constructor(
    private readonly driver: Driver,
    private readonly options: SurveyOptions = {},
  ) {
    driver.beginSample?.(this);
    this.recorder = new Recorder(driver);
    this.found = takeInventory(driver, this.recorder, options.cpus ?? 0);
    this.pids = new Set(this.found.gpus.flatMap(({ pids }) => pids));
    askEverything(this.recorder, this.found, options);
  }

  calls(): Calls {
    return this.recorder.result();
  }

  /**
   * Asks everything a second time, to learn what changes, and then that again: most of a survey is about what does not, and
   * what does must be of one moment.
   */
  learn(): void {
    const topics = new Set<Topic>([...TIMED, ...(this.options.restless ?? [])]);
    const questions = this.recorder.questions();
    for (const question of questions) {
      if (this.recorder.askAgain(question, 'all')) for (const topic of topicsOf(question)) topics.add(topic);
    }
    this.restless = questions.filter((question) => topicsOf(question).some((topic) => topics.has(topic)));
    this.ask('all');
    this.recorder.changes();
  }

  /** Asks again what changes, and returns what has changed since it was asked last. */
  next(): Calls {
    this.driver.beginSample?.(this);
    this.ask('newer');
    return this.recorder.changes();
  }

  private ask(samples: 'all' | 'newer'): void {
    for (const question of this.restless) this.recorder.askAgain(question, samples);
    this.meetProcesses();
  }

  /** Asks about the processes that have begun, their names above all. */
  private meetProcesses(): void {
    const gpus = this.found.gpus.map((gpu) => {
      const pids = pidsOn(this.driver, gpu.handle).filter((pid) => !this.pids.has(pid));
      return { ...gpu, pids };
    });
    const begun = gpus.filter(({ pids }) => pids.length > 0);
    if (begun.length === 0) return;
    for (const fn of ABOUT_PROCESSES) {
      for (const args of argumentLists(fn, { ...this.found, gpus: begun, migs: [] }))
        this.recorder.record({ fn, args });
    }
    for (const { pids } of begun) for (const pid of pids) this.pids.add(pid);
  }
}

const topicsOf = ({ bound: { call: asked } }: RecordedCall): readonly Topic[] =>
  asked.args
    .flatMap((arg): readonly Topic[] =>
      typeof arg === 'object' && isOut(arg) && arg.out === 'fields' ? arg.ids.map(([id]) => id) : [],
    )
    .concat(asked.fn === 'nvmlDeviceGetFieldValues' ? [] : [asked.fn]);

/** The functions that are asked about a process. */
const ABOUT_PROCESSES = (Object.keys(prototypes) as FunctionName[]).filter(
  (fn) => !changing.has(fn) && prototypes[fn].some((param) => param[0] === 'in' && param[1] === 'pid'),
);

function askEverything(recorder: Recorder, found: SurveyedMachine, options: SurveyOptions): void {
  recorder.keep('nvmlInit_v2', '', []);
  recorder.keep('nvmlInitWithFlags', '0', []);
  recorder.keep('nvmlShutdown', '', []);
  for (const fn of Object.keys(prototypes) as FunctionName[]) {
    if (changing.has(fn) || NOT_RECORDED.has(fn)) continue;
    if (fn === 'nvmlDeviceGetFieldValues') recordFields(recorder, found, options.extraFields ?? []);
    else for (const args of argumentLists(fn, found)) recorder.record({ fn, args });
  }
  for (const extra of options.extraCalls ?? []) {
    const subjects = extra.args.includes(SUBJECT) ? [...found.gpus, ...found.migs] : [undefined];
    for (const subject of subjects) recorder.record(extra, subject?.handle);
  }
}

/** Every list of arguments that a function is asked with. */
function argumentLists(fn: FunctionName, found: SurveyedMachine): readonly (readonly Arg[])[] {
  const prototype = prototypes[fn];
  const given = GIVEN[fn];
  if (given !== undefined) {
    return found.gpus.flatMap((gpu) => {
      const set = given(gpu);
      return set === undefined
        ? []
        : [prototype.map((param) => outOf(param, isGiven(param) ? set : {}) as Arg)];
    });
  }
  return extend(fn, prototype, found, {}, true);
}

const isGiven = (param: Param): boolean => param[0] === 'struct' && param[3]?.role === 'in';

/** The arguments for the first parameter, each with all arguments for the rest. */
function extend(
  fn: FunctionName,
  prototype: Prototype,
  found: SurveyedMachine,
  about: About,
  first: boolean,
): readonly (readonly Arg[])[] {
  const [param, ...rest] = prototype;
  if (param === undefined) return [[]];
  const tails = (arg: Arg, who: About): readonly (readonly Arg[])[] =>
    extend(fn, rest, found, who, false).map((tail) => [arg, ...tail]);
  switch (param[0]) {
    case 'handle':
      return handleDomain(param, found, first).flatMap((named) =>
        tails(named.handle, first ? aboutOf(named, found) : about),
      );
    case 'in':
    case 'string':
      return valueDomain(fn, param, found, about).flatMap((value) => tails(value, about));
    case 'fixed':
      return tails(param[2], about);
    case 'struct':
      return selections(fn, param[3], found, about).flatMap((set) => tails(outOf(param, set) as Arg, about));
    default:
      return tails(outOf(param) as Arg, about);
  }
}

function aboutOf(named: Named, found: SurveyedMachine): About {
  const instance = found.gpuInstances.find((i) => i === named);
  const gpu =
    instance?.gpu ?? found.gpus.find((g) => g === named) ?? found.migs.find((m) => m === named)?.gpu;
  return { ...(gpu === undefined ? {} : { gpu }), ...(instance === undefined ? {} : { instance }) };
}

/** One id a call: in a call with many the driver leaves some untouched (H100 and H200, 580.159.04). */
function recordFields(recorder: Recorder, found: SurveyedMachine, extra: readonly FieldId[]): void {
  for (const subject of [...found.gpus, ...found.migs]) {
    const links = 'links' in subject ? subject.links : [];
    for (const id of [...surveyedFields(links), ...extra]) {
      recorder.record(callWith(nvmlDeviceGetFieldValues, { out: 'fields', ids: [id] }), subject.handle);
    }
  }
}
