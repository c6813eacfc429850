/** A real nvidia-smi on a recorded machine. What it printed is kept: it depends on nothing but the program, the machine and the arguments. */
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PART_NUMBERS } from '../../src/query/report/board.js';
import { recordedFiles } from '../../src/system/files.js';
import { GPU_FOLDERS } from '../../src/system/lost-gpus.js';
import { buildFake, compileLibrary, type Fake } from '../../test/fake-nvml/build.js';
import type { OracleMachine } from './machines.js';

/** What a command line printed to stdout, and its exit status. */
export interface Printed {
  readonly out: string;
  readonly status: number;
}

/** Answers of one driver's nvidia-smi. */
export interface Oracle {
  /** Its version: 550.163.01. */
  readonly driver: string;
  print(machine: OracleMachine, args: string): Promise<Printed>;
}

const CACHE = fileURLToPath(new URL('../../node_modules/.cache/nvsmi-oracle', import.meta.url));

/** So much is kept of what a loop printed. */
const MOST_OF_LOOP = 100_000;

/** No command line takes longer, or prints more: what does is a loop, and has no status (470 repeats a line forever for a link's speed that is not known). */
const LIMIT = 8000;
const MOST_PRINTED = 16 * 1024 * 1024;

const hashOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 32);
};

/** The driver that an nvidia-smi belongs to, from the first line of its help. */
function driverOf(path: string): string {
  const head = execFileSync(path, ['-h'], { encoding: 'utf8' }).split('\n', 1)[0] ?? '';
  const version = /v(\d[\d.]+)/.exec(head)?.[1];
  if (version === undefined) throw new Error(`${path} is no nvidia-smi: ${head}`);
  return version;
}

/** Part numbers of the GPUs of a machine, which no public function of NVML has. */
function partNumbers({ snapshot }: OracleMachine): string {
  const ids = snapshot.calls.nvmlDeviceGetPciInfo_v3 ?? {};
  const parts: string[] = [];
  for (const [key, answer] of Object.entries(ids)) {
    const id = (answer as { pciDeviceId?: number } | null)?.pciDeviceId;
    const index = /^gpu(\d+)$/.exec(key)?.[1];
    if (id !== undefined && index !== undefined) parts[Number(index)] = PART_NUMBERS[id >>> 16] ?? '';
  }
  return Array.from(parts, (part) => part ?? '').join(',');
}

/** PCI addresses of the GPUs that cannot be attached, where the recording has the driver's folders. */
function addressesOf({ snapshot }: OracleMachine): string {
  const handles = Object.values(snapshot.calls.nvmlDeviceGetHandleByIndex_v2 ?? {});
  const busIds = recordedFiles(snapshot.files).list(GPU_FOLDERS);
  if (busIds.length !== handles.length) return '';
  return handles.map((handle, i) => (typeof handle === 'string' ? '' : busIds[i])).join(',');
}

export async function openOracle(path: string): Promise<Oracle> {
  const program = resolve(path);
  const driver = driverOf(program);
  const fake: Fake = await buildFake();
  const preload = compileLibrary(readFileSync(new URL('./oracle.c', import.meta.url), 'utf8'));
  const places = new Map<string, { folder: string; hash: string }>();
  const identity = hashOf(readFileSync(program), readFileSync(preload));
  const placeOf = (machine: OracleMachine): { folder: string; hash: string } => {
    let place = places.get(machine.file);
    if (place === undefined) {
      const library = fake.with({ snapshot: machine.snapshot, log: false, isForProgram: true });
      const hash = hashOf(identity, readFileSync(library.path), readFileSync(`${library.path}.table`));
      place = { folder: library.folder, hash };
      places.set(machine.file, place);
    }
    return place;
  };
  return {
    driver,
    print: async (machine, args) => {
      const { folder, hash } = placeOf(machine);
      const parts = partNumbers(machine);
      const addresses = addressesOf(machine);
      const kept = join(CACHE, hash.slice(0, 8), `${hashOf(hash, args, parts, addresses)}.json`);
      if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8')) as Printed;
      const printed = await run(program, args, {
        LD_LIBRARY_PATH: folder,
        LD_PRELOAD: preload,
        NVML_ORACLE_DRIVER: driver,
        NVML_ORACLE_PARTS: parts,
        NVML_ORACLE_ADDRESSES: addresses,
      });
      mkdirSync(join(CACHE, hash.slice(0, 8)), { recursive: true });
      writeFileSync(`${kept}.${process.pid}`, JSON.stringify(printed));
      renameSync(`${kept}.${process.pid}`, kept);
      return printed;
    },
  };
}

function run(program: string, args: string, env: Readonly<Record<string, string>>): Promise<Printed> {
  const words = Object.entries(env).map(([name, value]) => `${name}='${value}'`);
  return new Promise((done) => {
    const child = execFile(
      'bash',
      ['-c', `${words.join(' ')} exec '${program}' ${args}`],
      { timeout: LIMIT, maxBuffer: MOST_PRINTED, encoding: 'latin1', cwd: '/tmp' },
      (error, stdout) => {
        const signal = child.signalCode;
        const isFull = error?.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER';
        const status =
          signal === null && typeof error?.code !== 'string'
            ? Number(error?.code ?? 0)
            : signal === 'SIGTERM' || isFull
              ? -1
              : -2;
        const out = Buffer.from(stdout, 'latin1').toString('utf8');
        done({ out: status === -1 ? out.slice(0, MOST_OF_LOOP) : out, status });
      },
    );
    child.stdin?.end();
  });
}
