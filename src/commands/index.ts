/** The subcommands: name, one line of help, and where each is loaded from when it is called. */
import type { Span } from '../base/release.js';
import type { CommandSpec } from './command.js';

/** A command line, and what it shows; for the help and the manual. */
export type Example = readonly [line: string, what: string];

/** A subcommand. The releases that nvidia-smi has it in are those that were seen to list it in their help. */
export interface CommandEntry extends Span {
  readonly name: string;
  readonly summary: string;
  readonly examples: readonly Example[];
  readonly load: () => Promise<CommandSpec>;
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'snapshot',
    summary: 'Record every read-only NVML answer of this machine to a file.',
    examples: [
      ['nvsmi snapshot -o machine.json', 'Record this machine, with made-up identities.'],
      ['nvsmi --snapshot machine.json -q', 'Use the recording, on any machine.'],
    ],
    load: async () => (await import('./snapshot.js')).spec,
  },
  {
    name: 'simulate',
    summary: "Run a program on a recorded machine: its NVML returns that machine's answers.",
    examples: [
      ['nvsmi simulate h200-x2-load -- nvtop', 'Run nvtop on two H200 GPUs under load.'],
      [
        "nvsmi simulate h200-x2 --set 'gpu1 temperature.gpu=95' --fail 'gpu0 nvmlDeviceGetPowerUsage GPU_IS_LOST' -- ./monitor",
        'Test a program with a hot GPU and a failing call.',
      ],
      ['nvsmi simulate a100-mig -o nvml', 'Write the library for LD_LIBRARY_PATH or a container.'],
    ],
    load: async () => (await import('./simulate.js')).spec,
  },
  {
    name: 'doctor',
    summary: 'Find out what keeps NVML or a GPU from working, and what to do about it.',
    examples: [
      ['nvsmi doctor', 'Run all checks, and print what each found.'],
      ['nvsmi doctor --checks libraries,device-nodes --json', 'Run two of them, and print JSON.'],
    ],
    load: async () => (await import('./doctor/doctor.js')).spec,
  },
  {
    name: 'health',
    summary: 'Check the health of the GPUs, for node health checks, monitoring and batch systems.',
    examples: [
      ['nvsmi health', 'Problems, and what to do about them.'],
      ['nvsmi health --nagios --skip persistence-mode', 'One line for Nagios, without one of the checks.'],
      ['nvsmi health --learn FILE', 'Save what the machine has now, for --expect FILE.'],
    ],
    load: async () => (await import('./health/health.js')).spec,
  },
  {
    name: 'events',
    summary: 'Print GPU events as they happen: Xids, ECC, clocks, MIG, lost GPUs.',
    examples: [
      ['nvsmi events', 'One line for each event, until interrupted.'],
      ['nvsmi events --since boot --json', 'Also events in the kernel log since boot, as JSON.'],
    ],
    load: async () => (await import('./events/events.js')).spec,
  },
  {
    name: 'topo',
    summary: 'Topology of GPUs, NICs and NVMe disks, with CPU and NUMA affinity.',
    examples: [
      ['nvsmi topo -m', 'The topology of GPUs and NICs, with CPU and NUMA affinity.'],
      ['nvsmi topo -p2p r', 'Which GPUs can read the memory of which other GPUs.'],
      ['nvsmi topo -m --json', 'The same matrix as JSON.'],
    ],
    load: async () => (await import('./topo/topo.js')).spec,
  },
  {
    name: 'drain',
    summary: 'Drain a GPU, or show whether it is being drained.',
    examples: [['nvsmi drain -q -p 0000:00:06.0', 'Whether the GPU at this PCI address is being drained.']],
    load: async () => (await import('./drain/drain.js')).spec,
  },
  {
    name: 'nvlink',
    summary: 'State, speed, throughput and errors of the NVLinks.',
    examples: [
      ['nvsmi nvlink -s', 'State and speed of every link.'],
      ['nvsmi nvlink -e -i 0', 'The error counters of the links of GPU 0.'],
      ['nvsmi nvlink -gt d --json', 'Data sent and received over each link, as JSON.'],
    ],
    load: async () => (await import('./nvlink/nvlink.js')).spec,
  },
  {
    name: 'c2c',
    since: 535,
    summary: 'State and errors of the links between CPU and GPU chip.',
    examples: [['nvsmi c2c -s', 'Whether each link between CPU and GPU chip is up, and its bandwidth.']],
    load: async () => (await import('./c2c.js')).spec,
  },
  {
    name: 'clocks',
    summary: 'Sync boost groups of GPUs.',
    examples: [['nvsmi clocks --sync-boost-list', 'The sync boost groups.']],
    load: async () => (await import('./clocks.js')).spec,
  },
  {
    name: 'pci',
    since: 550,
    summary: 'Error and traffic counters of the PCIe links.',
    examples: [['nvsmi pci -gCnt', 'The counters of the PCIe link of each GPU.']],
    load: async () => (await import('./pci.js')).spec,
  },
  {
    name: 'prm',
    since: 551,
    summary: 'Counters and registers of the NVLink ports (Blackwell and newer).',
    examples: [
      ['nvsmi prm -l', 'The registers and counters that can be read.'],
      ['nvsmi prm -n PPCNT -f', 'The parameters of a register.'],
    ],
    load: async () => (await import('./prm.js')).spec,
  },
  {
    name: 'mig',
    summary: 'MIG: profiles, placements, GPU instances and compute instances.',
    examples: [
      ['nvsmi mig -lgip', 'The GPU instance profiles, and how many of each are free.'],
      ['nvsmi mig -lgi --json', 'The existing GPU instances, as JSON.'],
    ],
    load: async () => (await import('./mig/mig.js')).spec,
  },
  {
    name: 'apply',
    summary: 'Apply a desired state from a file: modes, limits, clocks, MIG layouts.',
    examples: [
      ['nvsmi apply gpus.yaml --dry-run', 'What would change, and in which order.'],
      ['nvsmi apply gpus.yaml --yes', 'Apply it, even if MIG instances have to be destroyed.'],
    ],
    load: async () => (await import('./apply.js')).spec,
  },
  {
    name: 'vgpu',
    summary: 'vGPUs of a virtualization host: active and supported ones, utilization, scheduling.',
    examples: [
      ['nvsmi vgpu', 'The active vGPUs.'],
      ['nvsmi vgpu -s -v', 'The vGPU types that each GPU supports, with details.'],
    ],
    load: async () => (await import('./vgpu/vgpu.js')).spec,
  },
  {
    name: 'vgpu-set-scheduler-state',
    summary: 'Set how vGPUs share the engines of a GPU; also `vgpu set-scheduler-state`, as in nvidia-smi.',
    examples: [['nvsmi vgpu-set-scheduler-state -p 2 -a 0 -ts 2000000 --dry-run', 'Equal shares of 2 ms.']],
    load: async () => (await import('./vgpu/scheduler.js')).spec,
  },
  {
    name: 'conf-compute',
    since: 535,
    summary: 'Confidential computing: modes, capabilities, protected memory.',
    examples: [['nvsmi conf-compute -f', 'Whether confidential computing is enabled.']],
    load: async () => (await import('./conf-compute.js')).spec,
  },
  {
    name: 'compute-policy',
    summary: 'Compute policies of the GPUs: the timeslice.',
    examples: [['nvsmi compute-policy -l', 'The compute policy of each GPU.']],
    load: async () => (await import('./compute-policy.js')).spec,
  },
  {
    name: 'boost-slider',
    summary: 'Boost sliders of the GPUs.',
    examples: [['nvsmi boost-slider -l', 'The boost sliders of each GPU.']],
    load: async () => (await import('./boost-slider.js')).spec,
  },
  {
    name: 'power-hint',
    summary: 'Estimate the power draw of a GPU at given clocks.',
    examples: [['nvsmi power-hint -l', 'The estimates that each GPU supports.']],
    load: async () => (await import('./power-hint.js')).spec,
  },
  {
    name: 'base-clocks',
    summary: 'Base clocks of the GPUs.',
    examples: [['nvsmi base-clocks', 'The base clocks of each GPU.']],
    load: async () => (await import('./base-clocks.js')).spec,
  },
  {
    name: 'encodersessions',
    summary: 'Video encoder sessions on the GPUs.',
    examples: [
      ['nvsmi encodersessions', 'The encoder sessions, every second.'],
      ['nvsmi encodersessions -l 2', 'The same, every two seconds.'],
    ],
    load: async () => (await import('./sessions/encodersessions.js')).spec,
  },
  {
    name: 'fbcsessions',
    summary: 'Frame buffer capture sessions on the GPUs.',
    examples: [['nvsmi fbcsessions', 'The frame buffer capture sessions, every second.']],
    load: async () => (await import('./sessions/fbcsessions.js')).spec,
  },
  {
    name: 'power-smoothing',
    since: 551,
    summary: 'Preset profiles of power smoothing.',
    examples: [['nvsmi power-smoothing -ppd', 'The values of each preset profile.']],
    load: async () => (await import('./power-smoothing.js')).spec,
  },
  {
    name: 'power-profiles',
    since: 551,
    summary: 'Workload power profiles: supported, requested, enforced.',
    examples: [['nvsmi power-profiles -l', 'The profiles that each GPU supports.']],
    load: async () => (await import('./power-profiles.js')).spec,
  },
  {
    name: 'dmon',
    summary: 'Print a line of metrics for every GPU, every second.',
    examples: [
      ['nvsmi dmon', 'Power, temperature, utilization and clocks, every second.'],
      ['nvsmi dmon -s pum -d 5 -o T', 'Power, utilization and memory every five seconds, with the time.'],
      ['nvsmi dmon -c 1 --format jsonl', 'One sample as JSON.'],
    ],
    load: async () => (await import('./monitor/dmon.js')).spec,
  },
  {
    name: 'pmon',
    summary: 'Print a line for every process on the GPUs, every second.',
    examples: [
      ['nvsmi pmon -s um', 'Utilization and memory of each process.'],
      ['nvsmi pmon -c 1 --format json', 'One sample as JSON.'],
    ],
    load: async () => (await import('./monitor/pmon.js')).spec,
  },
  {
    name: 'top',
    summary: 'Full-screen monitor of the GPUs and their processes.',
    examples: [
      ['nvsmi top', 'All GPUs, every second; ? shows the keys, q ends it.'],
      ['nvsmi top --once', 'The same view as text.'],
      ['nvsmi top --json', 'The same as JSON.'],
    ],
    load: async () => (await import('./top/top.js')).spec,
  },
  {
    name: 'ps',
    summary: 'The processes on the GPUs: user, command, container, job, memory and utilization.',
    examples: [
      ['nvsmi ps', 'Every process on every GPU.'],
      ['nvsmi ps --sort used_gpu_memory', 'Those with the most memory first.'],
      ['nvsmi ps --by user', 'Sums for each user.'],
      ['nvsmi ps --json', 'All values as JSON.'],
    ],
    load: async () => (await import('./ps/ps.js')).spec,
  },
  {
    name: 'daemon',
    summary: 'Record the metrics of dmon to files, in the background.',
    examples: [
      ['nvsmi daemon -p /var/tmp/gpus -d 10', 'Record every ten seconds into this folder.'],
      ['nvsmi daemon -p /var/tmp/gpus -t', 'Stop that recorder.'],
    ],
    load: async () => (await import('./monitor/daemon.js')).spec,
  },
  {
    name: 'replay',
    summary: 'Show a recording of daemon.',
    examples: [
      ['nvsmi replay -f /var/tmp/gpus/FILE', 'All samples of a file.'],
      ['nvsmi replay -f FILE -b 09:00:00 -e 09:30:00', 'Half an hour of them.'],
    ],
    load: async () => (await import('./monitor/replay.js')).spec,
  },
  {
    name: 'exporter',
    summary: 'Serve metrics of the GPUs to Prometheus, or push them to OpenTelemetry.',
    examples: [
      ['nvsmi exporter', 'Serve http://127.0.0.1:9835/metrics until it is stopped.'],
      [
        'nvsmi exporter --names nvsmi,dcgm --listen :9835',
        'Also under the names of dcgm-exporter, on all addresses.',
      ],
      [
        'nvsmi exporter --textfile /var/lib/node_exporter/nvsmi.prom',
        'Write a file for node_exporter, once.',
      ],
    ],
    load: async () => (await import('./exporter/exporter.js')).spec,
  },
  {
    name: 'fleet',
    summary: 'Show the GPUs of many hosts, from Prometheus or over ssh.',
    examples: [
      ['nvsmi fleet --prometheus http://prometheus:9090', 'The GPUs of a cluster, with their state.'],
      ['nvsmi fleet --ssh node1,node2 --filter state=free', 'The free GPUs of two hosts.'],
      [
        'nvsmi fleet --ssh @hosts --query-gpu=name,memory.used --format=csv',
        'Chosen fields of all GPUs, after a column with the host.',
      ],
    ],
    load: async () => (await import('./fleet/fleet.js')).spec,
  },
  {
    name: 'gpm',
    since: 535,
    summary: 'Streaming state of GPU performance monitoring (GPM).',
    examples: [['nvsmi gpm -g', 'The streaming state of each GPU.']],
    load: async () => (await import('./gpm.js')).spec,
  },
];
