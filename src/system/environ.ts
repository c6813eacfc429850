/** The environment that a process was started with, from /proc/PID/environ, which its user and root may read. */
import type { SystemFiles } from './files.js';
import type { SlurmJob } from './placement.js';

/** NAME=VALUE; undefined where it may not be read, or the process has ended. */
export function environOf(files: SystemFiles, pid: number): readonly string[] | undefined {
  return files
    .read(`/proc/${pid}/environ`)
    ?.split('\0')
    .filter((entry) => entry !== '');
}

/** Numbers of steps that have names in cgroups and in squeue (slurm.h). */
const STEPS: Readonly<Record<string, string>> = {
  '4294967290': 'interactive',
  '4294967291': 'batch',
  '4294967292': 'extern',
};

/** The Slurm job of an environment: also where Slurm makes no cgroups. */
export function slurmOf(environ: readonly string[]): SlurmJob | undefined {
  const value = (name: string): string | undefined =>
    environ.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const job = value('SLURM_JOB_ID') ?? value('SLURM_JOBID');
  const step = value('SLURM_STEP_ID') ?? value('SLURM_STEPID');
  return job === undefined
    ? undefined
    : { job, step: step === undefined ? undefined : (STEPS[step] ?? step) };
}
