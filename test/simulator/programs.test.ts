/** Programs of others on simulated machines, each where it is installed. */
import { spawn, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { folderOf, library, recorded } from './simulated.js';

const load = recorded('h200-x2-load');
const folder = library === undefined ? '' : folderOf({ snapshot: load });
const mig = library === undefined ? '' : folderOf({ snapshot: recorded('a100-mig') });

const environment = (machine: string): NodeJS.ProcessEnv => ({
  ...process.env,
  LD_LIBRARY_PATH: machine,
  TERM: 'xterm',
  LINES: '40',
  COLUMNS: '140',
});

function isInstalled(machine: string, [file = '', ...args]: readonly string[]): boolean {
  const { error, status } = spawnSync(file, args, { timeout: 30_000, env: environment(machine) });
  return error === undefined && status === 0;
}

/** What the program has printed when it ends, when all is there, or after half a minute: a monitor never ends by itself. */
function printed(machine: string, [file = '', ...args]: readonly string[], shows: readonly RegExp[]) {
  return new Promise<string>((resolve) => {
    const child = spawn(file, args, { env: environment(machine), detached: true });
    let output = '';
    const isRunning = () => child.pid !== undefined && child.exitCode === null && child.signalCode === null;
    const end = (): void => {
      clearTimeout(limit);
      if (isRunning()) process.kill(-Number(child.pid), 'SIGKILL');
      resolve(output);
    };
    const limit = setTimeout(end, 30_000);
    const add = (chunk: Buffer): void => {
      output += chunk.toString();
      if (shows.every((pattern) => pattern.test(output))) end();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', end).on('close', end);
  });
}

interface Program {
  readonly name: string;
  /** Succeeds where it is installed. */
  readonly probe: readonly string[];
  readonly machine: string;
  readonly argv: readonly string[];
  readonly shows: readonly RegExp[];
}

const python = (module: string): readonly string[] => ['python3', '-c', `import ${module}`];

const PYNVML = `
import pynvml as n
n.nvmlInit()
gpu = n.nvmlDeviceGetHandleByIndex(1)
print(n.nvmlDeviceGetName(gpu), n.nvmlDeviceGetMemoryInfo(gpu).total)
print([p.pid for p in n.nvmlDeviceGetComputeRunningProcesses(gpu)])
print(len(n.nvmlDeviceGetSamples(gpu, n.NVML_GPU_UTILIZATION_SAMPLES, 0)[1]))
print(n.nvmlDeviceGetFieldValues(gpu, [n.NVML_FI_DEV_MEMORY_TEMP])[0].value.uiVal)
try: n.nvmlDeviceSetPersistenceMode(gpu, 1)
except n.NVMLError as error: print(error)
`;

const PROGRAMS: readonly Program[] = [
  {
    name: 'pynvml',
    probe: python('pynvml'),
    machine: folder,
    argv: ['python3', '-c', PYNVML],
    shows: [/H200.* 150754820096/, /\[634\]/, /^1\d\d$|^\d\d$/m, /^4\d$/m, /Insufficient Permissions/],
  },
  {
    name: 'gpustat',
    probe: python('gpustat'),
    machine: folder,
    argv: ['python3', '-m', 'gpustat', '--no-color', '-P'],
    shows: [/\[0\] NVIDIA H200 .* W \| *\d+ \/ 143771 MB/, /\[1\] NVIDIA H200/],
  },
  {
    name: 'nvitop',
    probe: python('nvitop'),
    machine: folder,
    argv: ['python3', '-m', 'nvitop', '-1'],
    shows: [/Driver Version: 580\.159\.04/, /H200/],
  },
  {
    name: 'nvtop',
    probe: ['nvtop', '--version'],
    machine: folder,
    argv: ['script', '-qec', 'nvtop', '/dev/null'],
    shows: [/Device 0.*NVIDIA H200/s, /Device 1/],
  },
  {
    name: 'nvidia-smi',
    probe: ['nvidia-smi', '-h'],
    machine: folder,
    argv: ['nvidia-smi'],
    shows: [/NVIDIA H200/, /python3 +\d+MiB/, /Driver Version: 580\.159\.04/],
  },
  {
    name: 'nvidia-smi with MIG',
    probe: ['nvidia-smi', '-h'],
    machine: mig,
    argv: ['nvidia-smi'],
    shows: [/MIG devices:/, /41208 +C/],
  },
];

describe.skipIf(library === undefined)(
  'a program of others on a simulated machine',
  { timeout: 60_000 },
  () => {
    it.for(PROGRAMS)('shows it: $name', async ({ name, probe, machine, argv, shows }, { skip }) => {
      if (!isInstalled(machine, probe)) skip(`${name} is not installed`);
      const output = await printed(machine, argv, shows);
      for (const pattern of shows) expect(output).toMatch(pattern);
    });
  },
);
