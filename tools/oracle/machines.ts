/** The machines of the comparison: the bundled recordings and patches of them, each with the driver of one nvidia-smi put in. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  NVML_CLOCK_ID_CUSTOMER_BOOST_MAX,
  nvmlGpuFabricInfo_v2,
} from '../../src/nvml/generated/constants.js';
import { nvmlGpuFabricInfo_v2_t } from '../../src/nvml/generated/layouts.js';
import type { Layout } from '../../src/nvml/layout.js';
import type { Json } from '../../src/snapshot/answer.js';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';

/** A recorded machine, as nvsmi and the fake NVML take it. */
export interface OracleMachine {
  readonly name: string;
  /** A patch shows one rare case: it is asked fewer command lines. */
  readonly isPatch: boolean;
  readonly file: string;
  readonly snapshot: Snapshot;
  /** The same machine with the GPUs that cannot be attached there. */
  readonly healthy?: OracleMachine;
}

/** A small change of a bundled recording. The key `*` is every key that the recording has for that function. */
interface Patch {
  readonly base: string;
  readonly set?: Readonly<Record<string, Readonly<Record<string, Json>>>>;
  readonly drop?: readonly string[];
}

const bundled = fileURLToPath(new URL('../../snapshots/', import.meta.url));
const patches = fileURLToPath(new URL('../../test/oracle/patches/', import.meta.url));

/** Recordings of other moments of a machine that is here already, which move with time. */
const LEFT_OUT: ReadonlySet<string> = new Set(['h200-x2-load']);

/** The CUDA version that a driver brings. */
const CUDA: Readonly<Record<string, number>> = {
  470: 11040,
  525: 12000,
  535: 12020,
  550: 12040,
  580: 13000,
};

const read = (path: string): Recorded => JSON.parse(readFileSync(path, 'utf8')) as Recorded;

/** An answer of an older version has fewer fields. */
function withVersion(answers: Record<string, Json> | undefined, version: number, { fields }: Layout): void {
  for (const [key, answer] of Object.entries(answers ?? {})) {
    if (answers !== undefined && typeof answer === 'object' && answer !== null && 'version' in answer) {
      const had = Object.entries(answer).filter(([name]) => name in fields);
      answers[key] = { ...Object.fromEntries(had), version };
    }
  }
}

interface Recorded {
  readonly calls: Record<string, Record<string, Json>>;
}

/** The names of all machines. */
export function machineNames(): readonly string[] {
  const names = (folder: string): string[] =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => basename(file, '.json'))
      .sort();
  return [...names(bundled).filter((name) => !LEFT_OUT.has(name)), ...names(patches)];
}

/** Writes a machine with a driver's version into a folder. */
export function machineOf(name: string, driver: string, folder: string): OracleMachine {
  const isPatch = !readdirSync(bundled).includes(`${name}.json`);
  const patch = isPatch ? (read(join(patches, `${name}.json`)) as unknown as Patch) : undefined;
  const whole = read(join(bundled, `${patch?.base ?? name}.json`));
  withDriver(whole, driver);
  if (patch !== undefined) apply(whole, patch);
  const written = (as: string, recorded: Recorded): OracleMachine => {
    const file = join(folder, driver, `${as}.json`);
    mkdirSync(join(folder, driver), { recursive: true });
    const text = JSON.stringify(recorded);
    writeFileSync(file, text);
    return { name, isPatch, file, snapshot: parseSnapshot(text, name) };
  };
  const healthy = attached(whole, name, driver);
  return {
    ...written(name, whole),
    ...(healthy !== undefined && { healthy: written(`${name}.healthy`, healthy) }),
  };
}

const HANDLES = ['nvmlDeviceGetHandleByIndex', 'nvmlDeviceGetHandleByIndex_v2'];

/** The recording that one with a lost GPU was built from. */
const WITH_ALL: Readonly<Record<string, string>> = { 'lost-gpu': 'hgx-h100-x8' };

/** The same recording with all GPUs there; undefined where they are. */
function attached({ calls, ...rest }: Recorded, name: string, driver: string): Recorded | undefined {
  const isThere = (handle: Json): boolean => typeof handle === 'string';
  if (HANDLES.every((fn) => Object.values(calls[fn] ?? {}).every(isThere))) return undefined;
  const base = WITH_ALL[name];
  const all = base === undefined ? undefined : read(join(bundled, `${base}.json`));
  if (all !== undefined) withDriver(all, driver);
  const handles = HANDLES.map((fn) => [
    fn,
    Object.fromEntries(Object.keys(calls[fn] ?? {}).map((index) => [index, `gpu${index}`])),
  ]);
  return { ...rest, calls: { ...(all?.calls ?? calls), ...Object.fromEntries(handles) } };
}

function withDriver({ calls }: Recorded, driver: string): void {
  const cuda = CUDA[driver.split('.')[0] ?? ''] ?? 13000;
  const put = (fn: string, answer: Json): void => {
    const recorded = calls[fn]?.[''];
    if (recorded !== undefined && typeof recorded !== 'object') calls[fn] = { '': answer };
  };
  put('nvmlSystemGetDriverVersion', driver);
  put('nvmlSystemGetNVMLVersion', `${Math.floor(cuda / 1000)}.${driver}`);
  put('nvmlSystemGetCudaDriverVersion', cuda);
  put('nvmlSystemGetCudaDriverVersion_v2', cuda);
  // The same fact under the function that older programs ask.
  for (const [key, clock] of Object.entries(calls.nvmlDeviceGetMaxCustomerBoostClock ?? {})) {
    calls.nvmlDeviceGetClock = {
      [`${key},${NVML_CLOCK_ID_CUSTOMER_BOOST_MAX}`]: clock,
      ...calls.nvmlDeviceGetClock,
    };
  }
  // NVML counts none, and refuses the array of none that the recorder then brought (H100, 580.159.04).
  for (const [key, answer] of Object.entries(calls.nvmlDeviceGetTopologyNearestGpus ?? {})) {
    const error = (answer as { error?: string } | null)?.error;
    if (error === 'NVML_ERROR_INVALID_ARGUMENT') (calls.nvmlDeviceGetTopologyNearestGpus ?? {})[key] = [];
  }
  // The newest version of a struct that the driver had.
  if (Number.parseInt(driver, 10) < 580)
    withVersion(calls.nvmlDeviceGetGpuFabricInfoV, nvmlGpuFabricInfo_v2, nvmlGpuFabricInfo_v2_t);
}

function apply({ calls }: Recorded, { set = {}, drop = [] }: Patch): void {
  for (const [fn, answers] of Object.entries(set)) {
    const own = calls[fn] ?? {};
    calls[fn] = own;
    for (const [key, answer] of Object.entries(answers)) {
      for (const each of key === '*' ? Object.keys(own) : [key]) own[each] = answer;
    }
  }
  for (const fn of drop) delete calls[fn];
}
