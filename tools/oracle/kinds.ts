/** The kinds of lines that differ and are known to: a table, whose names docs/differences.md has with their reasons. */
import type { Hunk } from './compare.js';
import { isOfLostGpu } from './lost.js';
import type { OracleMachine } from './machines.js';

interface Kind {
  readonly name: string;
  /** Of these command lines alone. */
  readonly args?: RegExp;
  /** Of these machines alone. */
  readonly machine?: RegExp;
  /** Every line of nvidia-smi's looks so, and every line of ours; left out: any line. */
  readonly gone?: RegExp;
  readonly come?: RegExp;
}

/** Lines of these words, empty ones, and an exit status. */
const or = (...words: readonly string[]): RegExp =>
  new RegExp(`^(?:${words.join('|')}|exit status -?\\d+|)$`);

/** A process of pmon. */
const PROCESS = /[ ,][CGM](?:\+[CG])?[ ,]|^$/;

/** What nvidia-smi asks another function for than nvsmi, where the recording or the patch has one of them alone. */
const OTHER_FACTS: readonly (readonly [machine: string, line: RegExp])[] = [
  ['wsl', /driver.model|_dm>|WDDM|Invalid Argument|Used GPU Memory|: (?:Current|Pending)|^<time>, /i],
  ['wsl', /^ +(?:Current|Pending) +: (?:Invalid Argument|WDDM)$/],
  ['vgpu-guest', /license_?\s?status/i],
  ['vgpu-guest', /^(?: +0 .*|\+-+\+)$/],
  ['h100-mig', /atomic.caps.outbound/i],
  ['na-cells', /power.limit/i],
  ['pci-domain-big', /Function Not Found|0x|pci_|03F8CFDD|^ +(?:Bus|Device|Domain) /],
  ['name-fails', /product name for gpu|^GPU 0: /],
  ['cuda-unknown', /^CUDA Version/],
  ['lost-gpu', /GPU Part Number|<gpu_part_number>/],
];

export const KINDS: readonly Kind[] = [
  {
    name: 'refused before NVML is opened',
    machine: /^(?:mismatch|init-fails)$/,
    gone: or('Failed to initialize NVML: .*', 'NVML library version: .*'),
  },
  {
    name: 'refused before GPUs are attached',
    machine: /^(?:lost-gpu|gpu1-lost)$/,
    gone: or('Unable to determine the device handle .*', '".*" switch is missing.*'),
    come: or(
      'Option ".*" is not recognized\\.',
      'Field ".*" is not a valid field to query\\.',
      'Failed to process command line *',
      'Metric value too high: .*',
      'Found offending character: .*',
      'Could not parse GPM metrics',
      'Error in parsing options',
      'Failed to find any metric to display',
    ),
  },
  {
    name: 'lanes of NVLinks',
    args: /^nvlink -ec/,
  },
  {
    name: 'compute policies, boost sliders, base clocks',
    args: /^(?:compute-policy|boost-slider|base-clocks|power-hint)/,
  },
  {
    name: 'NICs of the machine that nvidia-smi runs on',
    args: /^topo -(?:m|nvme)/,
    machine: /^(?:hgx-h100-x8|lost-gpu|cjk-name|pid-all-ones|pmon-long-name|process-comma|zombie)$/,
    gone: /GPU\d|\[4m/,
    come: /GPU\d|NIC\d|nvme\d|^$|^NIC Legend/,
  },
  {
    name: 'matrices beside a GPU that cannot be attached',
    args: /^topo -(?:m|mp|p2p)/,
    machine: /^(?:lost-gpu|gpu1-lost|gpu0-needs-reset|gpu0-no-permission|none)$/,
  },
  {
    name: 'CPUs that a recording does not have',
    args: /^topo -c/,
    gone: or('Failed to display GPUs with affinity for a given CPU information'),
    come: or('No GPUs were found to have an affinity with CPU \\d+\\.'),
  },
  {
    name: 'single-error counts of SRAM in CSV',
    args: /^--query-gpu=\S*aggregate\.sram\.secded/,
    gone: or('0'),
    come: or('1'),
  },
  {
    name: 'utilization of processes',
    args: /^pmon/,
    gone: PROCESS,
    come: PROCESS,
  },
  { name: 'GPM samples', args: /^dmon .*--gpm-metrics/ },
  { name: 'bridges of NVLinks', args: /^nvlink -cBridge/, gone: /^Not enough NVLinks$|^GPU \d+: |^$/ },
  { name: 'drain states', args: /^drain/ },
  {
    name: 'short bus ids',
    args: / -i 00:06$/,
    gone: /^Problem with GPU : Invalid PCI bus id/,
  },
  {
    name: 'samples rounded',
    args: /^(?:-q|--query|--xml)/,
    gone: /^ +Avg +: |<average/,
    come: /^ +Avg +: |<average/,
  },
  {
    name: 'MIG devices whose memory cannot be read',
    machine: /^memory-no-permission$/,
  },
  {
    name: 'GPUs that are newer than the driver',
    machine: /^(?:gb10|rtx-5090)$/,
    gone: /(?:Product Architecture|<product_architecture>).*Unknown/,
  },
  {
    name: 'GPUs that are newer than the driver',
    args: /^gpm -g$/,
    machine: /^(?:gb10|rtx-5090)$/,
  },
  { name: 'recordings that move', args: /^dmon -c [23]/, machine: /^(?:hgx-h100-x8|lost-gpu)$/ },
  ...OTHER_FACTS.map(([machine, line]) => ({
    name: 'facts of another function',
    machine: new RegExp(`^${machine}$`),
    gone: line,
    come: line,
  })),
  {
    name: 'ECC counts of a GPU without ECC',
    machine: /^ecc-pending-on$/,
    gone: /[SD]RAM|ram_(?:un)?corr/i,
    come: /[SD]RAM|ram_(?:un)?corr/i,
  },
  { name: 'statuses that no driver returns', machine: /^status-words$/, args: /^(?:-q|-i 1|topo)/ },
  {
    name: 'thermal violations',
    machine: /^(?:gb10|l40s|rtx-5090)$/,
    args: /^dmon .*-s \w*v/,
    gone: /^ +0 /,
    come: /^ +0 /,
  },
  { name: 'bad options of monitors', args: /^[dp]mon/, gone: or(), come: or() },
  { name: '-eow without an option that changes GPUs', args: /-eow/ },
  { name: 'a driver that is newer than its nvidia-smi', machine: /^wsl-versions$/ },
  { name: 'a process without a PID', machine: /^pid-all-ones$/ },
  { name: 'processes of MIG devices that are not there', machine: /^mig-no-devices$/ },
  {
    name: 'a machine without GPUs',
    machine: /^none$/,
    gone: or('No devices were found', 'Failed to create log file .*', '"--format=" switch is missing.*'),
  },
  { name: 'a machine without GPUs', machine: /^none$/, args: /^topo/, come: or('No devices were found') },
  {
    name: 'letters that are wide',
    machine: /^(?:cjk-name|process-names)$/,
    gone: /^\|.*[^ -~].*\|$/,
    come: /^\|.*[^ -~].*\|$/,
  },
  {
    name: 'the row of a lost GPU',
    machine: /^(?:lost-gpu|gpu1-lost)$/,
    args: /^--query-gpu/,
    gone: or(),
    come: or('\\d+', '<time>', '\\[.*\\]'),
  },
  {
    name: 'words before fabric.state and fabric.status',
    args: /fabric\.(?:state|status)/,
  },
];

/** The lines of GPUs that cannot be attached. */
export const LOST_GPU = 'lost GPU';

/** The kinds of lines that only such a GPU has, or that its cells change. */
export const OF_LOST_GPUS: ReadonlySet<string | undefined> = new Set([
  LOST_GPU,
  'matrices beside a GPU that cannot be attached',
  'the row of a lost GPU',
]);

/** The kind of what differs; undefined where nothing explains it. */
export function kindOf(
  hunk: Hunk,
  { name: machine, healthy }: OracleMachine,
  args: string,
): string | undefined {
  if (healthy !== undefined && (hunk.isOfLostGpu || isOfLostGpu(hunk))) return LOST_GPU;
  const has = (lines: readonly string[], pattern: RegExp | undefined): boolean =>
    pattern === undefined || lines.every((line) => pattern.test(line));
  return KINDS.find(
    (kind) =>
      (kind.args?.test(args) ?? true) &&
      (kind.machine?.test(machine) ?? true) &&
      has(hunk.gone, kind.gone) &&
      has(hunk.come, kind.come),
  )?.name;
}
