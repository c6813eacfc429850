/** The options before any subcommand: nvidia-smi's own, then ours. One table for parsing, help and completion. */
import { type Given, type OptionSpec, setter } from './argv.js';
import { PRESENT_GROUPS } from './report/groups.js';

/** What a command line is about. The first mode whose trigger is given wins, in this order. */
export const MODES = ['help', 'version', 'help-query', 'list', 'excluded', 'hostname', 'query'] as const;

export type Mode = (typeof MODES)[number] | 'main';

export interface RootOption extends OptionSpec {
  /** Modes that take the option; every mode takes what has none. */
  readonly modes?: readonly Mode[];
  /** The mode that the option asks for. */
  readonly trigger?: Mode;
  /** Asks for the report, or belongs to it. */
  readonly report?: true;
  /** Ours, not nvidia-smi's. */
  readonly ours?: true;
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
    { long: help, help: `List the fields of --${long}.`, trigger: 'help-query' },
  ] as const satisfies readonly RootOption[];

const SETTERS = [
  ['pm', 'persistence-mode', 'required'],
  ['e', 'ecc-config', 'required'],
  ['p', 'reset-ecc-errors', 'required'],
  ['c', 'compute-mode', 'required'],
  [undefined, 'gom', 'required'],
  ['ac', 'applications-clocks', 'required'],
  ['rac', 'reset-applications-clocks'],
  ['acp', 'applications-clocks-permission', 'required'],
  [undefined, 'auto-boost-default', 'required'],
  [undefined, 'auto-boost-permission', 'required'],
  ['lgc', 'lock-gpu-clocks', 'required'],
  ['m', 'mode', 'required'],
  ['rgc', 'reset-gpu-clocks'],
  ['lmc', 'lock-memory-clocks', 'required'],
  ['rmc', 'reset-memory-clocks'],
  ['lmcd', 'lock-memory-clocks-deferred', 'required'],
  ['rmcd', 'reset-memory-clocks-deferred'],
  ['pl', 'power-limit', 'required'],
  ['sc', 'scope', 'required'],
  ['cc', 'cuda-clocks', 'required'],
  ['am', 'accounting-mode', 'required'],
  ['caa', 'clear-accounted-apps'],
  ['mig', 'multi-instance-gpu', 'required'],
  ['gtt', 'gpu-target-temp', 'required'],
  ['r', 'gpu-reset'],
  ['vm', 'virt-mode', 'required'],
  ['t', 'toggle-led', 'required'],
  ['dm', 'driver-model', 'required'],
  ['fdm', 'force-driver-model', 'required'],
  [undefined, 'set-hostname', 'required'],
  // Its long name was never seen; alone it lacks its value (H200, 580.159.04).
  ['col', 'col', 'required'],
] as const satisfies readonly (readonly [
  short: string | undefined,
  long: string,
  value?: 'required' | 'optional',
])[];

const table = [
  { short: ['h'], long: 'help', help: 'Show this help.', modes: ['help'], trigger: 'help' },
  {
    long: 'version',
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
    help: 'Show the host name assigned to each GPU (some GB200 systems).',
    modes: ['hostname'],
    trigger: 'hostname',
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
    modes: ['main'],
  },
  {
    short: ['i', 'g'],
    long: 'id',
    value: 'required',
    joins: true,
    argument: 'GPU,...',
    help: 'Only these GPUs: index, UUID, PCI bus id or serial number.',
    modes: ['hostname', 'query', 'main'],
  },
  {
    short: ['f'],
    long: 'filename',
    value: 'required',
    argument: 'FILE',
    help: 'Write to a file instead of the terminal.',
    modes: ['query', 'main'],
  },
  { short: ['x'], long: 'xml-format', help: 'With -q: report in XML.', report: true, modes: ['main'] },
  {
    long: 'dtd',
    help: 'With -q -x: put the DTD into the XML. Alone: show the DTD, of units with -u.',
    report: true,
    modes: ['main'],
  },
  {
    long: 'json',
    help: 'JSON instead of text: of the summary, -q, -L, -B, --version and --get-hostname. An object a line in a loop.',
    modes: ['main', 'list', 'excluded', 'version', 'hostname'],
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
    help: 'The same with the time in milliseconds.',
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
    argument: 'FORMAT,...',
    values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
    help: 'For --query-*: csv (with noheader, nounits), json, or jsonl (one object a line).',
    modes: ['query'],
  },
  { short: ['a'], long: 'all', help: 'An old spelling of -q.', report: true, modes: ['main'], hidden: true },
  ...SETTERS.map(([short, long, value]) => ({ ...setter(short, long, value), modes: ['main'] }) as const),
  {
    short: ['eow'],
    long: 'error-on-warning',
    help: 'For an option that changes the GPU.',
    hidden: true,
    beside: 'setter',
    modes: ['main'],
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
    long: 'as',
    value: 'required',
    argument: 'VERSION',
    help: "Print as the nvidia-smi of this driver does (470 to 610), instead of the present driver's.",
    everywhere: true,
    ours: true,
  },
] as const satisfies readonly RootOption[];

export const rootOptions: readonly RootOption[] = table;

/** The options that can be anywhere, before a subcommand and after it. */
export const EVERYWHERE: readonly RootOption[] = rootOptions.filter(({ everywhere }) => everywhere);

/** What a command line without subcommand gives. */
export type RootGiven = Given<typeof table>;

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
