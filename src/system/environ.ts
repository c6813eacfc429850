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

/** The Slurm job of an environment: also where Slurm makes no cgroups. */
export function slurmOf(environ: readonly string[]): SlurmJob | undefined {
  const value = (name: string): string | undefined =>
    environ.find((entry) => entry.startsWith(`${name}=`))?.slice(name.length + 1);
  const job = value('SLURM_JOB_ID') ?? value('SLURM_JOBID');
  return job === undefined ? undefined : { job, step: value('SLURM_STEP_ID') ?? value('SLURM_STEPID') };
}
