/** The options before any subcommand: nvidia-smi's own, then ours. One table for parsing, help and completion. */
import type { Given, OptionSpec } from '../base/argv.js';
import type { Release } from '../base/release.js';
import { PRESENT_GROUPS } from '../report/groups.js';

/** What a command line is about. The first mode whose trigger is given wins, in this order. */
export const MODES = [
  'help',
  'version',
  'list',
  'excluded',
  'modify',
  'led',
  'help-query',
  'hostname',
  'query',
] as const;

/** Without any of them: the DTD alone, or the summary and the report. */
export type Mode = (typeof MODES)[number] | 'dtd' | 'main';

export interface RootOption extends OptionSpec {
  /** Modes that take the option; every mode takes what has none. */
  readonly modes?: readonly Mode[];
  /** The mode that the option asks for. */
  readonly trigger?: Mode;
  /** Asks for the report, or belongs to it. */
  readonly report?: true;
}

const LOOPS = ['query', 'main'] as const satisfies readonly Mode[];

/** A switch that asks for chosen fields, and the one that lists them. */
const fieldSwitch = <const Long extends string, const Help extends string = `help-${Long}`>(
  long: Long,
  what: string,
  help = `help-${long}` as Help,
) =>
  [
    {
      long,
      value: 'required',
      argument: 'FIELD,...',
      listedBy: help,
      help: `Chosen fields of ${what}, as CSV or JSON. --${help} lists the fields.`,
      asksFields: true,
      modes: ['query'],
      trigger: 'query',
    },
    {
      long: help,
      help: `List the fields of --${long}.`,
      modes: ['help-query', 'hostname', 'query', 'main'],
      trigger: 'help-query',
    },
  ] as const satisfies readonly RootOption[];

const ON_OFF = '0/DISABLED|1/ENABLED';

/** The options that change GPUs; src/act/modifications.ts has what each does. */
const MODIFICATIONS = [
  [['pm'], 'persistence-mode', ON_OFF, 'Set persistence mode.'],
  [['e'], 'ecc-config', ON_OFF, 'Switch ECC memory; takes effect after a reboot.'],
  [['p'], 'reset-ecc-errors', '0/VOLATILE|1/AGGREGATE', 'Reset the counts of ECC errors.'],
  [['c'], 'compute-mode', 'MODE', 'Set who may compute: 0/DEFAULT, 2/PROHIBITED or 3/EXCLUSIVE_PROCESS.'],
  [[], 'gom', '0/ALL_ON|1/COMPUTE|2/LOW_DP', 'Set the GPU operation mode.'],
  [['vm'], 'virt-mode', '3/VGPU|4/VSGA', 'Set the virtualization mode.'],
  [['lgc'], 'lock-gpu-clocks', 'MHZ[,MHZ]', 'Lock the GPU clock between two clocks, or at one.'],
  [['rgc'], 'reset-gpu-clocks', undefined, 'Unlock the GPU clock.'],
  [['lmc'], 'lock-memory-clocks', 'MHZ[,MHZ]', 'Lock the memory clock between two clocks, or at one.'],
  [['rmc'], 'reset-memory-clocks', undefined, 'Unlock the memory clock.'],
  [
    ['lmcd'],
    'lock-memory-clocks-deferred',
    'MHZ',
    'The same when the driver is loaded next; not in NVML.',
    525,
  ],
  [['rmcd'], 'reset-memory-clocks-deferred', undefined, 'Undo -lmcd; not in NVML.', 525],
  [['ac'], 'applications-clocks', 'MHZ,MHZ', 'Set the memory and graphics clock of applications.'],
  [['rac'], 'reset-applications-clocks', undefined, 'Set them to their defaults.'],
  [['acp'], 'applications-clocks-permission', '0|1', 'Deprecated: does nothing.'],
  [['pl'], 'power-limit', 'WATTS', 'Set the power limit.'],
  [['cc'], 'cuda-clocks', '0/RESTORE_DEFAULT|1/OVERRIDE', 'Override the CUDA clocks; not in NVML.'],
  [['am'], 'accounting-mode', ON_OFF, 'Set accounting mode.'],
  [['caa'], 'clear-accounted-apps', undefined, 'Forget the processes in the accounting buffer.'],
  [[], 'auto-boost-default', ON_OFF, 'Set the default of auto boost.'],
  [[], 'auto-boost-permission', '0/UNRESTRICTED|1/RESTRICTED', 'Set who may change auto boost.'],
  [['mig'], 'multi-instance-gpu', ON_OFF, 'Switch MIG mode.'],
  [['gtt'], 'gpu-target-temp', 'CELSIUS', 'Set the target temperature.'],
  [['dm'], 'driver-model', '0/WDDM|1/TCC', 'Set the driver model (Windows).'],
  [['fdm'], 'force-driver-model', '0/WDDM|1/TCC', 'The same, also with a display (Windows).'],
] as const satisfies readonly (readonly [
  short: readonly string[],
  long: string,
  argument: string | undefined,
  help: string,
  since?: Release,
])[];

/** Every one of them asks for the same mode. */
const modifying = (long: string, short: readonly string[], argument: string | undefined, help: string) =>
  ({
    ...(short.length === 0 ? {} : { short }),
    long,
    ...(argument === undefined ? {} : { value: 'required' as const, argument }),
    help,
    setter: true,
    modes: ['modify'],
    trigger: 'modify',
  }) as const satisfies RootOption;

/** As it is typed; see `rootOptions`. */
export const rootTable = [
  { short: ['h'], long: 'help', help: 'Show this help.', modes: ['help'], trigger: 'help' },
  {
    long: 'version',
    since: 550,
    help: 'Show the versions of nvsmi, NVML, the driver and CUDA.',
    modes: ['version'],
    trigger: 'version',
  },
  {
    short: ['L'],
    long: 'list-gpus',
    help: 'List the GPUs and MIG devices.',
    modes: ['list'],
    trigger: 'list',
  },
  {
    short: ['B'],
    long: 'list-excluded-gpus',
    help: 'List the GPUs that the driver is configured to exclude.',
    modes: ['excluded'],
    trigger: 'excluded',
  },
  {
    long: 'get-hostname',
    since: 551,
    help: 'Show the host name assigned to each GPU (some GB200 systems).',
    modes: ['hostname'],
    trigger: 'hostname',
  },
  {
    short: ['col'],
    long: 'columns',
    since: 551,
    value: 'required',
    argument: 'NUMBER',
    help: 'Show the summary in so many columns. One alone: more were never seen.',
    hidden: true,
    modes: ['main'],
  },
  {
    short: ['q'],
    long: 'query',
    help: 'Show the full report of the GPUs, or of the units with -u.',
    report: true,
    modes: ['main'],
  },
  {
    short: ['u'],
    long: 'unit',
    help: 'With -q: report on units instead of GPUs.',
    report: true,
    modes: ['main', 'dtd'],
  },
  {
    short: ['i', 'g'],
    long: 'id',
    value: 'required',
    joins: true,
    argument: 'GPU,...',
    help: 'Only these GPUs: index, UUID, PCI bus id or serial number.',
    modes: ['hostname', 'query', 'modify', 'led', 'main'],
  },
  {
    short: ['f'],
    long: 'filename',
    value: 'required',
    argument: 'FILE',
    help: 'Write to a file instead of the terminal.',
    modes: ['query', 'main', 'dtd'],
  },
  { short: ['x'], long: 'xml-format', help: 'With -q: report in XML.', report: true, modes: ['main'] },
  {
    long: 'dtd',
    help: 'With -q -x: put the DTD into the XML. Alone: show the DTD, of units with -u.',
    report: true,
    modes: ['main', 'dtd'],
  },
  {
    long: 'json',
    help: 'JSON instead of text: of the summary, -q, -L, -B, --version, --get-hostname and options that change GPUs. An object a line in a loop.',
    modes: ['main', 'list', 'excluded', 'version', 'hostname', 'modify', 'led'],
    ours: true,
  },
  {
    short: ['d'],
    long: 'display',
    value: 'required',
    argument: 'GROUP,...',
    values: { words: PRESENT_GROUPS, between: ',', anyCase: true },
    help: `With -q: only these sections: ${PRESENT_GROUPS.join(', ')}.`,
    report: true,
    modes: ['main'],
  },
  {
    short: ['l'],
    long: 'loop',
    value: 'optional',
    argument: 'SECONDS',
    help: 'Repeat until interrupted, every 5 seconds if no time is given.',
    modes: LOOPS,
  },
  {
    short: ['lms'],
    long: 'loop-ms',
    value: 'optional',
    argument: 'MILLISECONDS',
    help: 'The same with the time in milliseconds, every 100 if none is given.',
    modes: LOOPS,
  },
  ...fieldSwitch('query-gpu', 'GPUs'),
  ...fieldSwitch('query-compute-apps', 'processes that compute on a GPU'),
  ...fieldSwitch('query-accounted-apps', 'processes in the accounting buffer'),
  ...fieldSwitch('query-supported-clocks', 'pairs of clocks that the GPUs support'),
  ...fieldSwitch('query-retired-pages', 'memory pages taken out of use'),
  ...fieldSwitch('query-remapped-rows', 'memory rows replaced by spare ones'),
  ...fieldSwitch('query-vgpu-scheduler-logs', 'the vGPU scheduler logs', 'help-vgpu-query-scheduler-logs'),
  {
    long: 'format',
    value: 'optional',
    past: [{ until: 580, value: 'required' }],
    argument: 'FORMAT,...',
    values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
    help: 'For --query-*: csv (with noheader, nounits), json, or jsonl (one object a line).',
    modes: ['query'],
  },
  {
    long: 'debug',
    value: 'required',
    argument: 'FILE',
    help: 'Ignored: the log is for NVIDIA.',
    hidden: true,
  },
  { short: ['a'], long: 'all', help: 'An old spelling of -q.', report: true, modes: ['main'], hidden: true },
  ...MODIFICATIONS.map(([short, long, argument, help, since]) => ({
    ...modifying(long, short, argument, help),
    ...(since === undefined ? {} : { since }),
  })),
  {
    ...modifying(
      'gpu-reset',
      ['r'],
      undefined,
      'Reset the GPU. NVML has no function for it, so it is refused.',
    ),
    value: 'optional',
    argument: 'bus',
    past: [{ until: 551, value: undefined }],
  },
  { ...modifying('application-clocks', [], 'MHZ,MHZ', 'An old name of -ac.'), hidden: true },
  { ...modifying('reset-application-clocks', [], undefined, 'An old name of -rac.'), hidden: true },
  {
    ...modifying('mode', ['m'], '0|1', 'With -lgc: 1 for the other accuracy. NVML has one way alone.'),
    since: 525,
  },
  { ...modifying('scope', ['sc'], '0|1', 'With -pl: 0 the GPU, 1 its module with the CPU.'), since: 535 },
  {
    ...modifying('set-hostname', [], 'NAME', 'Set the host name of the GPU (some GB200 systems).'),
    since: 551,
  },
  {
    ...modifying(
      'dram-encryption',
      ['den'],
      '0/DISABLED|1/ENABLED',
      'Encrypt the memory of the GPU, from its next reset on.',
    ),
    since: 551,
  },
  {
    ...modifying('shbd', ['shbd'], 'VALUE', 'Refused: what it does was never seen.'),
    hidden: true,
    refused: 'what it does was never seen.',
    since: 551,
  },
  {
    short: ['t'],
    long: 'toggle-led',
    value: 'required',
    argument: '0/GREEN|1/AMBER',
    help: 'Set the LED of the units of an S-Class system.',
    setter: true,
    modes: ['led'],
    trigger: 'led',
  },
  {
    short: ['eow'],
    long: 'error-on-warning',
    help: 'With an option that changes GPUs: a warning ends the program, with status 3.',
    modes: ['modify', 'led'],
  },
  {
    long: 'dry-run',
    help: 'With an option that changes GPUs: say what would change, and change nothing.',
    modes: ['modify', 'led'],
    ours: true,
  },
  {
    long: 'audit',
    value: 'required',
    argument: 'FILE',
    help: 'With an option that changes GPUs: append a line of JSON for each change, instead of the system log.',
    modes: ['modify', 'led'],
    ours: true,
  },
  {
    long: 'keep-going',
    help: 'With an option that changes GPUs: continue with the other GPUs where one fails.',
    modes: ['modify', 'led'],
    ours: true,
  },
  {
    long: 'lenient',
    help: 'For --query-*: give unknown fields an empty column and a warning instead of an error.',
    modes: ['query'],
    ours: true,
  },
  {
    long: 'snapshot',
    value: 'required',
    argument: 'NAME|FILE',
    help: 'Answer from a recorded machine instead of this one (also NVSMI_SNAPSHOT).',
    everywhere: true,
    ours: true,
  },
  {
    long: 'nvml',
    value: 'required',
    argument: 'PATH',
    help: 'Load this NVML library instead of searching for one (also NVSMI_NVML).',
    everywhere: true,
    ours: true,
  },
  {
    long: 'timeout',
    value: 'required',
    argument: 'SECONDS',
    help: 'Wait no longer for NVML, at each tick: print what it answered, and end with 124 (also NVSMI_TIMEOUT).',
    everywhere: true,
    ours: true,
  },
  {
    long: 'as',
    value: 'required',
    argument: 'VERSION',
    help: "Print as the nvidia-smi of this driver does (470 to 610), instead of the present driver's.",
    everywhere: true,
    ours: true,
  },
] as const satisfies readonly RootOption[];

export const rootOptions: readonly RootOption[] = rootTable;

/** The options that can be anywhere, before a subcommand and after it. */
export const EVERYWHERE: readonly RootOption[] = rootOptions.filter(({ everywhere }) => everywhere);

/** What a command line without subcommand gives; of options that change GPUs their tokens have more. */
export type RootGiven = Given<typeof rootTable>;

/** For the help and the manual. */
export const rootExamples: readonly (readonly [line: string, what: string])[] = [
  ['nvsmi', 'The summary: GPUs, and the processes on them.'],
  ['nvsmi -l 1', 'The summary every second.'],
  ['nvsmi -q -d MEMORY,ECC -i 0', 'Two sections of the report of GPU 0.'],
  ['nvsmi --query-gpu=name,memory.used --format=csv,noheader', 'Chosen fields as CSV.'],
  ['nvsmi --query-gpu=utilization.gpu --format=jsonl -lms 500', 'A JSON object a line, twice a second.'],
  ['nvsmi --json', 'The summary for a program.'],
  ['nvsmi --snapshot hgx-h100-x8', 'The summary of eight GPUs, on any machine.'],
];
