/** Command lines that run what people run most, for V8 to compile before the binary is built. */
import { readFileSync } from 'node:fs';
import { buildFake } from '../../test/fake-nvml/build.js';

const RUNS: readonly string[] = [
  '--query-gpu=timestamp,index,name,uuid,memory.used,utilization.gpu,power.draw,power.draw.instant,ecc.mode.current --format=csv',
  '--query-compute-apps=pid,name,used_memory --format=json',
  '-L',
  '',
  '-q',
  '-q -x',
  '--version',
  '--help',
  '--help-query-gpu',
  'topo -m',
  'nvlink -s',
  'dmon -c 1',
];

/** Each is run on a recorded machine, and where there is a C compiler through a library that answers for it. */
export async function trainingRuns(): Promise<readonly (readonly string[])[]> {
  const machine = 'h200-x2';
  const fake = await buildFake();
  const sources = [['--snapshot', machine]];
  if (fake.available) {
    const snapshot = JSON.parse(readFileSync(`snapshots/${machine}.json`, 'utf8'));
    sources.push(['--nvml', fake.with({ snapshot, log: false }).path]);
  }
  return sources.flatMap((source) =>
    RUNS.map((run) => [...run.split(' ').filter((word) => word !== ''), ...source]),
  );
}
