/** The options before any subcommand: nvidia-smi's own, then ours. One table for parsing, help and completion. */
import { type OptionSpec, scan, type Token } from './argv.js';
import { EXIT, UsageError } from './errors.js';
import { plainly } from './plain-text.js';
import { GROUPS } from './report/groups.js';

/** What a command line is about. The first mode whose trigger is given wins, in this order. */
export type Mode = 'help' | 'version' | 'help-query' | 'list' | 'excluded' | 'hostname' | 'query' | 'main';

export interface RootOption extends OptionSpec {
  /** Modes that take the option; every mode takes what has none. */
  readonly modes?: readonly Mode[];
  /** The mode that the option asks for. */
  readonly trigger?: Mode;
  /** A setter of nvidia-smi: recognised, and refused. */
  readonly setter?: true;
  /** Goes with a setter; not recognised without one. */
  readonly besideSetter?: true;
  /** Ours, not nvidia-smi's. */
  readonly ours?: true;
}

const LOOPS: readonly Mode[] = ['query', 'main'];

const queries: readonly RootOption[] = [
  ['query-gpu', 'GPUs'],
  ['query-compute-apps', 'processes that compute on a GPU'],
  ['query-accounted-apps', 'processes in the accounting buffer'],
  ['query-supported-clocks', 'pairs of clocks that the GPUs support'],
  ['query-retired-pages', 'memory pages taken out of use'],
  ['query-remapped-rows', 'memory rows replaced by spare ones'],
  ['query-vgpu-scheduler-logs', 'the vGPU scheduler logs', 'help-vgpu-query-scheduler-logs'],
].flatMap(([long, what, help = `help-${long}`]): RootOption[] => [
  {
    long: long as string,
    value: 'required',
    argument: 'FIELD,...',
    listedBy: help,
    help: `Chosen fields of ${what}, as CSV or JSON. --${help} lists the fields.`,
    modes: ['query'],
    trigger: 'query',
  },
  {
    long: help,
    help: `List the fields of --${long}.`,
    trigger: 'help-query',
  },
]);

const SETTERS: readonly (readonly [
  short: string | undefined,
  long: string,
  value?: 'required' | 'optional',
])[] = [
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
];

export const rootOptions: readonly RootOption[] = [
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
    modes: ['main'],
  },
  { short: ['u'], long: 'unit', help: 'With -q: report on units instead of GPUs.', modes: ['main'] },
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
  { short: ['x'], long: 'xml-format', help: 'With -q: report in XML.', modes: ['main'] },
  {
    long: 'dtd',
    help: 'With -q -x: put the DTD into the XML. Alone: show the DTD, of units with -u.',
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
    values: { words: GROUPS, between: ',', anyCase: true },
    help: `With -q: only these sections: ${GROUPS.join(', ')}.`,
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
  ...queries,
  {
    long: 'format',
    value: 'optional',
    argument: 'FORMAT,...',
    values: { words: ['csv', 'noheader', 'nounits', 'json', 'jsonl'], between: ',' },
    help: 'For --query-*: csv (with noheader, nounits), json, or jsonl (one object a line).',
    modes: ['query'],
  },
  { short: ['a'], long: 'all', help: 'An old spelling of -q.', modes: ['main'], hidden: true },
  ...SETTERS.map(
    ([short, long, value]): RootOption => ({
      ...(short === undefined ? {} : { short: [short] }),
      long,
      ...(value === undefined ? {} : { value }),
      help: 'Changes the GPU; nvsmi only reads.',
      hidden: true,
      setter: true,
      modes: ['main'],
    }),
  ),
  {
    short: ['eow'],
    long: 'error-on-warning',
    help: 'For an option that changes the GPU.',
    hidden: true,
    besideSetter: true,
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
    ours: true,
  },
  {
    long: 'nvml',
    value: 'required',
    argument: 'PATH',
    help: 'Load this NVML library instead of searching for one (also NVSMI_NVML).',
    ours: true,
  },
];

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

const MODES: readonly Mode[] = ['help', 'version', 'help-query', 'list', 'excluded', 'hostname', 'query'];

/** A command line without subcommand, understood. */
export interface RootCommandLine {
  readonly mode: Mode;
  readonly tokens: readonly Token[];
}

const specOf = (token: Token): RootOption => token.spec as RootOption;

/**
 * Understands a command line, or refuses it as nvidia-smi 580.159.04 does on the H200: an unknown option ends
 * with 255 where it asks for the summary or the report, and with 2 where another mode was chosen.
 */
export function readRootArguments(argv: readonly string[]): RootCommandLine {
  const scanned = scan(rootOptions, argv);
  if (scanned.kind === 'missing value') {
    throw new UsageError(
      plainly`ERROR: Option ${scanned.written} is missing its value. Please run 'nvidia-smi -h' for help.\n`,
      EXIT.unknownOption,
    );
  }
  const { tokens } = scanned;
  const mode = MODES.find((m) => tokens.some((token) => specOf(token).trigger === m)) ?? 'main';
  if (mode === 'help-query') return { mode, tokens };
  const setter = tokens.find((token) => specOf(token).setter);
  const misplaced = tokens.find((token) => {
    const { modes = [mode], besideSetter } = specOf(token);
    return !modes.includes(mode) || (besideSetter && setter === undefined);
  });
  const unknown =
    scanned.kind === 'unknown' ? scanned.written : mode === 'main' ? misplaced?.written : undefined;
  if (unknown !== undefined) {
    throw mode === 'main'
      ? new UsageError(
          plainly`ERROR: Option ${unknown} is not recognized. Please run 'nvidia-smi -h'.\n`,
          EXIT.unknownOption,
        )
      : new UsageError(
          plainly`ERROR: Option ${unknown} is not recognized. Please run 'nvidia-smi -h' for help.\n`,
        );
  }
  if (misplaced !== undefined) {
    throw new UsageError(
      plainly`ERROR: Option ${misplaced.written} is not valid for this command. Please run 'nvidia-smi -h' for help.\n`,
    );
  }
  if (setter !== undefined) {
    throw new UsageError(
      `Option ${setter.written} changes the GPU, and nvsmi only reads. Use nvidia-smi for it.`,
    );
  }
  if (new Set(tokens.filter((t) => specOf(t).trigger === 'query').map((t) => t.spec.long)).size > 1) {
    throw new UsageError('Only one --query-* switch can be used at a time.');
  }
  return { mode, tokens };
}
