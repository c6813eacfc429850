/**
 * CPU time and peak memory of the monitors beside nvidia-smi's, so many ticks of one second each.
 *
 *   node bench/monitors.js [--ticks 5] [--real nvidia-smi] [--nvsmi "node bin/nvsmi.js"]
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '5' },
    real: { type: 'string', default: 'nvidia-smi' },
    nvsmi: { type: 'string', default: 'node bin/nvsmi.js' },
  },
});

// Python's resource module tells what a child used; GNU time is not everywhere.
const USAGE = `import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
u = resource.getrusage(resource.RUSAGE_CHILDREN)
print(u.ru_utime + u.ru_stime, u.ru_maxrss)`;

for (const command of ['dmon', 'dmon -s t', 'pmon -s um']) {
  for (const [tool, program] of [
    ['nvidia-smi', values.real],
    ['nvsmi', values.nvsmi],
  ]) {
    const usage = (ticks) => {
      const words = `${program} ${command} -c ${ticks}`.split(' ');
      const { stdout } = spawnSync('python3', ['-c', USAGE, ...words], { encoding: 'utf8' });
      const [seconds, kilobytes] = stdout.trim().split(' ').map(Number);
      return { seconds, kilobytes };
    };
    // The first run of all fills Node's compile cache.
    usage(1);
    const few = usage(1);
    const many = usage(1 + Number(values.ticks));
    const cpuMicrosPerTick = Math.round(((many.seconds - few.seconds) * 1e6) / Number(values.ticks));
    console.log(
      JSON.stringify({
        tool,
        command,
        cpuMicrosPerTick,
        startCpuMs: Math.round(few.seconds * 1000),
        peakMemoryMiB: Math.round(many.kilobytes / 1024),
      }),
    );
  }
}
