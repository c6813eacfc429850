/** The subcommands: name, one line of help, and where each is loaded from when it is called. */
import type { OptionSpec, Token } from '../argv.js';
import type { Context } from './context.js';

/** A subcommand: its options, and what it does with them. */
export interface CommandSpec {
  readonly options: readonly OptionSpec[];
  /** Shown below the options in the help. */
  readonly notes?: () => string;
  /**
   * Options that ask for something. A command line without any of them gets a blank line, the help and status 0,
   * as `topo`, `mig` and `clocks -i 9` do (H200, 580.159.04).
   */
  readonly actions?: readonly string[];
  /** Runs the command. Returns the exit status. Throws UsageError for a wrong command line. */
  readonly run: (tokens: readonly Token[], context: Context) => Promise<number>;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<CommandSpec>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'snapshot',
    summary: 'Record every read-only NVML answer of this machine to a file.',
    load: async () => (await import('./snapshot.js')).spec,
  },
  {
    name: 'topo',
    summary: 'How GPUs, NICs and NVMe disks are connected, and which CPUs and memory are near them.',
    load: async () => (await import('./topo.js')).spec,
  },
  {
    name: 'drain',
    summary: 'Whether a GPU is being drained.',
    load: async () => (await import('./drain.js')).spec,
  },
  {
    name: 'nvlink',
    summary: 'State, speed, throughput and errors of the NVLinks.',
    load: async () => (await import('./nvlink.js')).spec,
  },
  {
    name: 'c2c',
    summary: 'State and errors of the links between CPU and GPU chip.',
    load: async () => (await import('./c2c.js')).spec,
  },
  {
    name: 'clocks',
    summary: 'Groups of GPUs that boost their clocks together.',
    load: async () => (await import('./clocks.js')).spec,
  },
  {
    name: 'pci',
    summary: 'Error and traffic counters of the PCIe link.',
    load: async () => (await import('./pci.js')).spec,
  },
  {
    name: 'prm',
    summary: 'Counters and registers of the NVLink ports (Blackwell and newer).',
    load: async () => (await import('./prm.js')).spec,
  },
  {
    name: 'mig',
    summary: 'GPU and compute instances of MIG: profiles, placements, and what exists.',
    load: async () => (await import('./mig.js')).spec,
  },
  {
    name: 'vgpu',
    summary: 'vGPUs of a virtualization host: what runs, what is supported, how busy they are.',
    load: async () => (await import('./vgpu.js')).spec,
  },
  {
    name: 'conf-compute',
    summary: 'Confidential computing: modes, capabilities, protected memory.',
    load: async () => (await import('./conf-compute.js')).spec,
  },
  {
    name: 'compute-policy',
    summary: 'Compute policies of the GPUs: the timeslice.',
    load: async () => (await import('./compute-policy.js')).spec,
  },
  {
    name: 'boost-slider',
    summary: 'Boost sliders of the GPUs.',
    load: async () => (await import('./boost-slider.js')).spec,
  },
  {
    name: 'power-hint',
    summary: 'Estimates of the power that a GPU draws at given clocks.',
    load: async () => (await import('./power-hint.js')).spec,
  },
  {
    name: 'base-clocks',
    summary: 'Base clocks of the GPUs.',
    load: async () => (await import('./base-clocks.js')).spec,
  },
  {
    name: 'encodersessions',
    summary: 'Video encoder sessions on the GPUs.',
    load: async () => (await import('./encodersessions.js')).spec,
  },
  {
    name: 'fbcsessions',
    summary: 'Frame buffer capture sessions on the GPUs.',
    load: async () => (await import('./fbcsessions.js')).spec,
  },
  {
    name: 'power-smoothing',
    summary: 'Preset profiles of power smoothing.',
    load: async () => (await import('./power-smoothing.js')).spec,
  },
  {
    name: 'power-profiles',
    summary: 'Workload power profiles: supported, requested, enforced.',
    load: async () => (await import('./power-profiles.js')).spec,
  },
  {
    name: 'dmon',
    summary: 'Scroll a line of numbers for every GPU.',
    load: async () => (await import('./dmon.js')).spec,
  },
  {
    name: 'pmon',
    summary: 'Scroll a line for every process on the GPUs.',
    load: async () => (await import('./pmon.js')).spec,
  },
  {
    name: 'daemon',
    summary: 'Record what dmon shows to files, in the background.',
    load: async () => (await import('./daemon.js')).spec,
  },
  {
    name: 'replay',
    summary: 'Show what the daemon recorded.',
    load: async () => (await import('./replay.js')).spec,
  },
  {
    name: 'gpm',
    summary: 'Whether GPU performance metrics are streamed.',
    load: async () => (await import('./gpm.js')).spec,
  },
];
