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
  [['e'], 'ecc-config', ON_OFF, 'Enable or disable ECC, from the next reboot or reset on.'],
  [['p'], 'reset-ecc-errors', '0/VOLATILE|1/AGGREGATE', 'Reset the ECC error counts to zero.'],
  [['c'], 'compute-mode', 'MODE', 'Set the compute mode: 0/DEFAULT, 2/PROHIBITED or 3/EXCLUSIVE_PROCESS.'],
  [[], 'gom', '0/ALL_ON|1/COMPUTE|2/LOW_DP', 'Set the GPU operation mode.'],
  [['vm'], 'virt-mode', '3/VGPU|4/VSGA', 'Set the virtualization mode.'],
  [['lgc'], 'lock-gpu-clocks', 'MHZ[,MHZ]', 'Lock the GPU clock to a range, or to one frequency.'],
  [['rgc'], 'reset-gpu-clocks', undefined, 'Unlock the GPU clock.'],
  [['lmc'], 'lock-memory-clocks', 'MHZ[,MHZ]', 'Lock the memory clock to a range, or to one frequency.'],
  [['rmc'], 'reset-memory-clocks', undefined, 'Unlock the memory clock.'],
  [
    ['lmcd'],
    'lock-memory-clocks-deferred',
    'MHZ',
    'The same from the next load of the driver on; refused, not in NVML.',
    525,
  ],
  [['rmcd'], 'reset-memory-clocks-deferred', undefined, 'Undo -lmcd; refused, not in NVML.', 525],
  [['ac'], 'applications-clocks', 'MHZ,MHZ', 'Set the applications clocks: memory, graphics.'],
  [['rac'], 'reset-applications-clocks', undefined, 'Reset the applications clocks to their defaults.'],
  [['acp'], 'applications-clocks-permission', '0|1', 'Deprecated: does nothing.'],
  [['pl'], 'power-limit', 'WATTS', 'Set the power limit.'],
  [['cc'], 'cuda-clocks', '0/RESTORE_DEFAULT|1/OVERRIDE', 'Override the CUDA clocks; refused, not in NVML.'],
  [['am'], 'accounting-mode', ON_OFF, 'Set accounting mode.'],
  [['caa'], 'clear-accounted-apps', undefined, 'Clear the accounting buffer.'],
  [[], 'auto-boost-default', ON_OFF, 'Set the default auto boost mode.'],
  [[], 'auto-boost-permission', '0/UNRESTRICTED|1/RESTRICTED', 'Set whether changing auto boost needs root.'],
  [['mig'], 'multi-instance-gpu', ON_OFF, 'Enable or disable MIG mode.'],
  [['gtt'], 'gpu-target-temp', 'CELSIUS', 'Set the target temperature.'],
  [['dm'], 'driver-model', '0/WDDM|1/TCC', 'Set the driver model (Windows).'],
  [['fdm'], 'force-driver-model', '0/WDDM|1/TCC', 'The same, even if a display is connected (Windows).'],
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
    help: 'Show the summary in this number of columns. Only 1 is supported.',
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
    help: 'With -q -x: include the DTD in the XML. Alone: print the DTD; with -u that of units.',
    report: true,
    modes: ['main', 'dtd'],
  },
  {
    long: 'json',
    help: 'Print JSON instead of text: the summary, -q, -L, -B, --version, --get-hostname and options that change GPUs. A loop prints one object a line.',
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
    help: 'Repeat until interrupted, every SECONDS seconds (default 5).',
    modes: LOOPS,
  },
  {
    short: ['lms'],
    long: 'loop-ms',
    value: 'optional',
    argument: 'MILLISECONDS',
    help: 'The same with the interval in milliseconds (default 100).',
    modes: LOOPS,
  },
  ...fieldSwitch('query-gpu', 'GPUs'),
  ...fieldSwitch('query-compute-apps', 'compute processes'),
  ...fieldSwitch('query-accounted-apps', 'processes in the accounting buffer'),
  ...fieldSwitch('query-supported-clocks', 'supported clock pairs'),
  ...fieldSwitch('query-retired-pages', 'retired memory pages'),
  ...fieldSwitch('query-remapped-rows', 'remapped memory rows'),
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
    help: 'Accepted and ignored: nvidia-smi writes an encrypted log.',
    hidden: true,
  },
  { short: ['a'], long: 'all', help: 'An old spelling of -q.', report: true, modes: ['main'], hidden: true },
  ...MODIFICATIONS.map(([short, long, argument, help, since]) => ({
    ...modifying(long, short, argument, help),
    ...(since === undefined ? {} : { since }),
  })),
  {
    ...modifying('gpu-reset', ['r'], undefined, 'Reset the GPU. Refused: NVML has no function for it.'),
    value: 'optional',
    argument: 'bus',
    past: [{ until: 551, value: undefined }],
  },
  { ...modifying('application-clocks', [], 'MHZ,MHZ', 'An old name of -ac.'), hidden: true },
  { ...modifying('reset-application-clocks', [], undefined, 'An old name of -rac.'), hidden: true },
  {
    ...modifying('mode', ['m'], '0|1', 'With -lgc: accuracy of the lock. Has no effect: NVML has only one.'),
    since: 525,
  },
  {
    ...modifying(
      'scope',
      ['sc'],
      '0|1',
      'With -pl: the limit of the GPU (0), or of its module, including the CPU (1).',
    ),
    since: 535,
  },
  {
    ...modifying('set-hostname', [], 'NAME', 'Set the host name of the GPU (some GB200 systems).'),
    since: 551,
  },
  {
    ...modifying(
      'dram-encryption',
      ['den'],
      '0/DISABLED|1/ENABLED',
      'Enable or disable DRAM encryption, from the next reset on.',
    ),
    since: 551,
  },
  {
    ...modifying('shbd', ['shbd'], 'VALUE', 'Refused: its effect is unknown.'),
    hidden: true,
    refused: 'its effect is unknown.',
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
    help: 'With an option that changes GPUs: treat warnings as errors, with exit status 3.',
    modes: ['modify', 'led'],
  },
  {
    long: 'dry-run',
    help: 'With an option that changes GPUs: print what would change, without changing it.',
    modes: ['modify', 'led'],
    ours: true,
  },
  {
    long: 'audit',
    value: 'required',
    argument: 'FILE',
    help: 'With an option that changes GPUs: log each change as a line of JSON in this file, instead of the system log.',
    modes: ['modify', 'led'],
    ours: true,
  },
  {
    long: 'keep-going',
    help: 'With an option that changes GPUs: if one GPU fails, continue with the others.',
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
    help: 'Use a recorded machine instead of this one (also NVSMI_SNAPSHOT).',
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
    help: 'Maximum time to wait for NVML, for each tick. After it, print the values that were read, and exit with 124 (also NVSMI_TIMEOUT).',
    everywhere: true,
    ours: true,
  },
  {
    long: 'as',
    value: 'required',
    argument: 'VERSION',
    help: 'Use the output of nvidia-smi for this driver (470 to 610), instead of that for the installed driver.',
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
  ['nvsmi', 'The summary of the GPUs and their processes.'],
  ['nvsmi -l 1', 'The summary every second.'],
  ['nvsmi -q -d MEMORY,ECC -i 0', 'Two sections of the report on GPU 0.'],
  ['nvsmi --query-gpu=name,memory.used --format=csv,noheader', 'Chosen fields as CSV.'],
  ['nvsmi --query-gpu=utilization.gpu --format=jsonl -lms 500', 'One JSON object a line, twice a second.'],
  ['nvsmi --json', 'The summary as JSON.'],
  ['nvsmi --snapshot hgx-h100-x8', 'The summary of a machine with eight GPUs; needs no GPU.'],
];
