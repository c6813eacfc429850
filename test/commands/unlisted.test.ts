/** A list that cannot be read is never an empty one: each list of NVML is refused in turn, and every command that shows it says so. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { exitStatusOf } from '../../src/cli/exit-statuses.js';
import { open } from '../../src/index.js';
import {
  NVML_FI_DEV_NVLINK_LINK_COUNT,
  NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT,
} from '../../src/nvml/generated/constants.js';
import type { FunctionName } from '../../src/nvml/generated/functions.js';
import { statusFromSymbol, statusReason } from '../../src/nvml/status.js';
import { NVMLError_Unknown } from '../../src/nvml.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { nvsmi } from '../cli/run.js';
import { folderOfFile } from '../temporary.js';
import { refused } from './made-machine.js';
import { vgpuHost } from './vgpu-machine.js';

const bundled = (name: string): Snapshot =>
  JSON.parse(readFileSync(new URL(`../../snapshots/${name}.json`, import.meta.url), 'utf8'));

const MACHINES = {
  h200: bundled('h200-x2'),
  mig: bundled('a100-mig'),
  vgpu: vgpuHost(),
} as const;

const folder = folderOfFile();

/** The file of a machine on which every answer of a function is a refusal. */
function refusing(machine: Snapshot, fn: FunctionName, symbol: string): string {
  const keys = Object.keys(machine.calls[fn] ?? {});
  if (keys.length === 0) throw new Error(`${machine.title} does not answer ${fn}`);
  const answers = Object.fromEntries(keys.map((key) => [key, refused(symbol)]));
  const file = join(folder, `${fn}-${symbol}.json`);
  writeFileSync(file, JSON.stringify({ ...machine, calls: { ...machine.calls, [fn]: answers } }));
  return file;
}

const STATUSES = ['UNKNOWN', 'NO_PERMISSION', 'INSUFFICIENT_SIZE', 'GPU_IS_LOST'];

const SUMMARY: readonly string[] = [];
const PIDS = ['-q', '-d', 'PIDS'];
const PMON = ['pmon', '-c', '1'];

type Row = readonly [
  fn: FunctionName,
  machine: keyof typeof MACHINES,
  commands: readonly (readonly string[])[],
];

const LISTS: readonly Row[] = [
  [
    'nvmlDeviceGetComputeRunningProcesses_v3',
    'h200',
    [SUMMARY, PIDS, PMON, ['--query-compute-apps=gpu_uuid,pid']],
  ],
  ['nvmlDeviceGetGraphicsRunningProcesses_v3', 'h200', [SUMMARY, PIDS, PMON]],
  ['nvmlDeviceGetMPSComputeRunningProcesses_v3', 'h200', [SUMMARY, PIDS, PMON]],
  ['nvmlDeviceGetComputeRunningProcesses_v3', 'mig', [SUMMARY, PIDS, ['--query-compute-apps=gpu_uuid,pid']]],
  ['nvmlDeviceGetMaxMigDeviceCount', 'mig', [SUMMARY, ['-L'], ['-q'], ['--query-compute-apps=gpu_uuid,pid']]],
  [
    'nvmlDeviceGetMigDeviceHandleByIndex',
    'mig',
    [SUMMARY, ['-L'], ['-q'], ['--query-compute-apps=gpu_uuid,pid']],
  ],
  ['nvmlDeviceGetMigMode', 'mig', [['mig', '-lgi'], ['mig', '-lgip'], PIDS]],
  [
    'nvmlDeviceGetGpuInstanceProfileInfoV',
    'mig',
    [
      ['mig', '-lgip'],
      ['mig', '-lgi'],
    ],
  ],
  ['nvmlDeviceGetGpuInstancePossiblePlacements_v2', 'mig', [['mig', '-lgipp']]],
  [
    'nvmlDeviceGetGpuInstances',
    'mig',
    [
      ['mig', '-lgi'],
      ['mig', '-lci'],
      ['mig', '-lcip'],
    ],
  ],
  [
    'nvmlGpuInstanceGetInfo',
    'mig',
    [
      ['mig', '-lgi'],
      ['mig', '-lci'],
    ],
  ],
  ['nvmlGpuInstanceGetComputeInstanceProfileInfoV', 'mig', [['mig', '-lcip']]],
  ['nvmlGpuInstanceGetComputeInstancePossiblePlacements', 'mig', [['mig', '-lcipp']]],
  ['nvmlGpuInstanceGetComputeInstances', 'mig', [['mig', '-lci']]],
  ['nvmlDeviceGetRetiredPages_v2', 'h200', [['--query-retired-pages=retired_pages.address']]],
  [
    'nvmlDeviceGetSupportedMemoryClocks',
    'h200',
    [['--query-supported-clocks=mem,gr'], ['-q', '-d', 'SUPPORTED_CLOCKS']],
  ],
  [
    'nvmlDeviceGetSupportedGraphicsClocks',
    'h200',
    [['--query-supported-clocks=mem,gr'], ['-q', '-d', 'SUPPORTED_CLOCKS']],
  ],
  [
    'nvmlDeviceGetAccountingPids',
    'h200',
    [['--query-accounted-apps=gpu_uuid,pid'], ['-q', '-d', 'ACCOUNTING']],
  ],
  ['nvmlDeviceGetEncoderSessions', 'h200', [['encodersessions']]],
  ['nvmlDeviceGetFBCSessions', 'h200', [['fbcsessions']]],
  ['nvmlUnitGetCount', 'h200', [['-q', '-u']]],
  ['nvmlSystemGetHicVersion', 'h200', [['-q', '-u']]],
  ['nvmlGetExcludedDeviceCount', 'h200', [['-B']]],
  [
    'nvmlDeviceGetCount_v2',
    'h200',
    [SUMMARY, ['-L'], ['-q'], ['--query-gpu=name'], PMON, ['nvlink', '-s'], ['topo', '-m']],
  ],
  ['nvmlDeviceGetVirtualizationMode', 'vgpu', [['vgpu'], ['vgpu', '-q']]],
  ['nvmlDeviceGetActiveVgpus', 'vgpu', [['vgpu'], ['vgpu', '-q'], ['vgpu', '-u'], ['vgpu', '-es']]],
  [
    'nvmlDeviceGetSupportedVgpus',
    'vgpu',
    [
      ['vgpu', '-s'],
      ['vgpu', '-s', '-v'],
    ],
  ],
  ['nvmlDeviceGetCreatableVgpus', 'vgpu', [['vgpu', '-c']]],
  ['nvmlVgpuInstanceGetEncoderSessions', 'vgpu', [['vgpu', '-es']]],
  ['nvmlDeviceGetVgpuProcessUtilization', 'vgpu', [['vgpu', '-p']]],
];

/** The same command line for programs. */
const asJson = (argv: readonly string[]): readonly string[] => {
  if (argv[0]?.startsWith('--query')) return [...argv, '--format=json'];
  return argv[0] === 'pmon' ? [...argv, '--format', 'json'] : [...argv, '--json'];
};

const asText = (argv: readonly string[]): readonly string[] =>
  argv[0]?.startsWith('--query') ? [...argv, '--format=csv'] : argv;

/** The schema of what a command line prints as JSON. */
function schemaOf([first = 'summary']: readonly string[]): string {
  if (first.startsWith('--query')) return 'query';
  return { '-q': 'report', '-L': 'list-gpus', '-B': 'list-excluded-gpus' }[first] ?? first;
}

const validators = new Map<string, ReturnType<Ajv2020['compile']>>();

/** What a document has that its schema does not know. */
function faultsOf(name: string, json: string): unknown {
  let validate = validators.get(name);
  if (validate === undefined) {
    const schema = readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8');
    validate = new Ajv2020({ allowUnionTypes: true, validateFormats: false }).compile(JSON.parse(schema));
    validators.set(name, validate);
  }
  return json === '' || validate(JSON.parse(json)) ? [] : validate.errors;
}

/** Every text under a key `reasons`, wherever it is. */
function reasonsIn(json: unknown): readonly string[] {
  if (typeof json !== 'object' || json === null) return [];
  return Object.entries(json).flatMap(([key, value]): readonly string[] =>
    key === 'reasons' ? Object.values(value as Record<string, string>) : reasonsIn(value),
  );
}

/** What a program reads: the reasons in the document, or the refusal in its place. */
const reasonsOf = ({ out, err }: { readonly out: string; readonly err: string }): readonly string[] =>
  out === '' ? err.split(/: |\n/) : reasonsIn(JSON.parse(out));

describe.each(LISTS)('where %s is refused (%s)', (fn, name, commands) => {
  it.each(STATUSES)('with %s every command says so, and ends with its status', async (symbol) => {
    const status = statusFromSymbol(`NVML_ERROR_${symbol}`) ?? 0;
    const words = statusReason(status);
    const machine = refusing(MACHINES[name], fn, symbol);
    for (const argv of commands) {
      const json = await nvsmi(asJson(argv), {}, machine);
      expect({ argv, reasons: reasonsOf(json) }).toEqual({
        argv,
        reasons: expect.arrayContaining([words]),
      });
      expect({ argv, faults: faultsOf(schemaOf(argv), json.out) }).toEqual({ argv, faults: [] });
      const text = await nvsmi(asText(argv), {}, machine);
      expect({ argv, said: text.out + text.err }).toEqual({ argv, said: expect.stringContaining(words) });
      const ends = [json.status, text.status];
      expect({ argv, ends }).toEqual({ argv, ends: [exitStatusOf(status), exitStatusOf(status)] });
    }
  });
});

/** A machine that says neither how many links it has nor in which state they are. */
function withoutLinks(symbol: string): string {
  const { calls } = MACHINES.h200;
  const states = Object.keys(calls.nvmlDeviceGetNvLinkState ?? {});
  const fields = [NVML_FI_DEV_NVLINK_LINK_COUNT, NVML_FI_DEV_NVSWITCH_CONNECTED_LINK_COUNT];
  const counts = ['gpu0', 'gpu1'].flatMap((gpu) => fields.map((field) => `${gpu},${field}`));
  const refusals = (keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, refused(symbol)]));
  const file = join(folder, `links-${symbol}.json`);
  const patched = {
    ...calls,
    nvmlDeviceGetNvLinkState: refusals(states),
    nvmlDeviceGetFieldValues: { ...calls.nvmlDeviceGetFieldValues, ...refusals(counts) },
  };
  writeFileSync(file, JSON.stringify({ ...MACHINES.h200, calls: patched }));
  return file;
}

describe('nvlink', () => {
  it('keeps a GPU whose links cannot be listed, and says why', async () => {
    const machine = withoutLinks('UNKNOWN');
    const { status, out } = await nvsmi(['nvlink', '-s'], {}, machine);
    expect(out.match(/^GPU \d: .*\nUnable to determine the NVLinks: Unknown Error$/gm)).toHaveLength(2);
    expect(status).toBe(255);
    const json = await nvsmi(['nvlink', '-s', '--json'], {}, machine);
    const { nvlinks: links } = JSON.parse(json.out);
    expect(links).toMatchObject(
      [0, 1].map((gpu) => ({ gpu, link: null, reasons: { link: 'Unknown Error' } })),
    );
    expect(json.status).toBe(255);
  });

  it('shows the speed of links that do not say whether they are up', async () => {
    const machine = refusing(MACHINES.h200, 'nvmlDeviceGetNvLinkState', 'UNKNOWN');
    const plain = await nvsmi(['nvlink', '-s'], {}, 'h200-x2');
    expect(await nvsmi(['nvlink', '-s'], {}, machine)).toMatchObject({ status: 0, out: plain.out });
    const { nvlinks: links } = JSON.parse((await nvsmi(['nvlink', '-s', '--json'], {}, machine)).out);
    expect(links[0]).toMatchObject({ active: null, reasons: { active: 'Unknown Error' } });
  });

  it('does not take links that cannot be listed for none in the matrix', async () => {
    const machine = withoutLinks('UNKNOWN');
    expect((await nvsmi(['topo', '-m'], {}, machine)).out).toMatch(/^GPU0\t +X \tN\/A\t/m);
    const { gpu_pairs: pairs } = JSON.parse((await nvsmi(['topo', '-m', '--json'], {}, machine)).out);
    expect(pairs[0]).toMatchObject({ nvlinks: null, reasons: { nvlinks: 'Unknown Error' } });
  });
});

describe('topo', () => {
  it.each([
    [
      'nvmlDeviceGetTopologyNearestGpus',
      ['topo', '-n', '4', '-i', '0'],
      'Failed to display the nearest GPUs',
    ],
    [
      'nvmlSystemGetTopologyGpuSet',
      ['topo', '-c', '0'],
      'Failed to display GPUs with affinity for a given CPU information',
    ],
  ] as const)('refuses where %s is refused', async (fn, argv, refusal) => {
    const machine = refusing(MACHINES.h200, fn, 'NO_PERMISSION');
    expect(await nvsmi(argv, {}, machine)).toMatchObject({
      status: 255,
      out: `${refusal}\n\n`,
      err: `${fn}: Insufficient Permissions\n`,
    });
  });
});

describe('a library', () => {
  it('throws where processes cannot be listed', () => {
    const file = refusing(MACHINES.h200, 'nvmlDeviceGetComputeRunningProcesses_v3', 'UNKNOWN');
    using nvsmi = open({ snapshot: file });
    expect(() => nvsmi.processes()).toThrow('the processes of GPU 0 cannot be listed: Unknown Error');
    expect(() => nvsmi.processes()).toThrow(NVMLError_Unknown);
    expect(nvsmi.deviceQuery('compute-apps').gpu?.[0]?.processes).toBe('Unknown Error');
  });

  it('says in the report why a list is null', async () => {
    const file = refusing(MACHINES.h200, 'nvmlDeviceGetComputeRunningProcesses_v3', 'UNKNOWN');
    using nvsmi = open({ snapshot: file });
    const [gpu] = (await nvsmi.report({ groups: ['PIDS'] })).gpu;
    expect(gpu).toMatchObject({ processes: null, reasons: { processes: 'Unknown Error' } });
  });

  it('is not open where the GPUs cannot be counted', () => {
    const file = refusing(MACHINES.h200, 'nvmlDeviceGetCount_v2', 'NO_PERMISSION');
    const refusal = { fn: 'nvmlDeviceGetCount', code: 4 };
    expect(() => open({ snapshot: file })).toThrow(expect.objectContaining(refusal));
  });
});
