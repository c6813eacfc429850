/** Checks of the processes on the GPU and of the memory that they leave, and of the persistence mode. */

import { type Evidence, fail, type Judged, ok, unknown, warn } from '../../base/verdict.js';
import { Unread } from '../../system/system.js';
import type { GpuCheck } from '../check.js';

/** State in /proc/PID/stat, after the name, which may hold blanks and parentheses. */
const stateIn = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2).split(' ', 1)[0] ?? '';

const BAD_STATES: Readonly<Record<string, string>> = {
  D: 'waits in the kernel and cannot be ended (D)',
  Z: 'has ended and still has GPU memory (zombie)',
};

const processStates: GpuCheck = {
  id: 'process-states',
  about: 'Processes with GPU memory that wait in the kernel (state D) or are zombies: `/proc/PID/stat`.',
  warns: 'a process is in state D, which ends by itself unless the process is stuck',
  fails: 'a zombie has GPU memory',
  needs: ['processes.count'],
  judge: ({ gpu, health: { system } }): Judged => {
    const evidence: Evidence[] = [];
    const unseen: number[] = [];
    const bad: { pid: number; state: string; name: string }[] = [];
    for (const { pid, name = 'a process' } of gpu.processes) {
      const stat = system.read(`/proc/${pid}/stat`);
      if (stat instanceof Unread) {
        unseen.push(pid);
        evidence.push({ name: `/proc/${pid}/stat`, value: null, reason: stat.reason });
        continue;
      }
      const state = stateIn(stat);
      evidence.push({ name: `/proc/${pid}/stat`, value: state });
      if (BAD_STATES[state] !== undefined) bad.push({ pid, state, name });
    }
    const action =
      'End the parent of a zombie; read /proc/PID/stack of a process in state D. Drain the node and reset the GPU if it stays.';
    const worst = bad.find(({ state }) => state === 'Z') ?? bad[0];
    if (worst !== undefined) {
      const text = `Process ${worst.pid} (${worst.name}) ${BAD_STATES[worst.state]}.`;
      return { ...(worst.state === 'Z' ? fail : warn)(text, action), evidence };
    }
    if (unseen.length > 0) {
      return unknown(
        `The state of process ${unseen.join(', ')} cannot be seen.`,
        'Run it on the host, outside of the PID namespace of a container.',
        evidence,
      );
    }
    return ok(`${gpu.processes.length} processes, none stuck.`, evidence.length === 0 ? undefined : evidence);
  },
};

const unaccounted: GpuCheck = {
  id: 'unaccounted-memory',
  about: 'Used GPU memory that no process accounts for.',
  warns: 'it is more than `unaccounted_memory_mib`',
  needs: ['memory.used', 'processes.memory'],
  uses: ['processes.count'],
  judge: ({ number, health }) => {
    const rest = number('memory.used') - number('processes.memory');
    return rest > health.limits.unaccounted_memory_mib
      ? warn(
          `${rest} MiB are in use that no process accounts for.`,
          'Look for processes of other containers and for zombies; reset the GPU when it is idle.',
        )
      : ok(`${Math.max(0, rest)} MiB of ${number('memory.used')} MiB in use are of no process.`);
  },
};

const persistence: GpuCheck = {
  id: 'persistence-mode',
  about: 'Whether persistence mode is on.',
  warns: 'it is off: the first use takes seconds, and settings are lost when no program uses the GPU',
  needs: ['persistence_mode'],
  judge: ({ word }) =>
    word('persistence_mode') === 'true'
      ? ok('Persistence mode is on.')
      : warn(
          'Persistence mode is off.',
          'Start nvidia-persistenced (systemctl enable --now nvidia-persistenced).',
        ),
};

export const processChecks: readonly GpuCheck[] = [processStates, unaccounted, persistence];
