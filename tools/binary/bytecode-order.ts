/**
 * Which functions of the bundles are run: Bun lays them out beside each other, so that a program brings fewer pages of its file to
 * memory. Commands are run once on the simulated machine with a binary that was built without; `nvsmi top` in a terminal has 43.4 MiB
 * of files in memory in place of 51.5 (Bun 1.4.5). Where they cannot be run the binary is the larger one. Two builds may differ by
 * a function or two, which run or do not as a matter of time.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

const MACHINE = 'hgx-h100-x8';

/** Seconds: what a monitor does in each has been done by then. */
const WATCHED = 6;

/** The most important first: what stays in memory longest. */
const COMMANDS: readonly string[] = ['', '-q', '--query-gpu=index,name,memory.used,power.draw --format=csv'];

/** The files that the runs wrote, for --bytecode-order; none where the binary cannot be run. */
export function bytecodeOrder(binary: string, folder: string): readonly string[] {
  const machine = join(folder, 'machine');
  const run = (line: string, order: string): void => {
    const env = { ...process.env, LD_LIBRARY_PATH: machine, BUN_BYTECODE_ORDER_OUT: order, LANG: 'C.UTF-8' };
    execFileSync('sh', ['-c', line], { env, stdio: ['pipe', 'ignore', 'ignore'], timeout: 60_000 });
  };
  try {
    execFileSync(binary, ['simulate', MACHINE, '-o', machine], { stdio: 'ignore' });
    const top = join(folder, 'top.order');
    // A terminal is what `script` gives (util-linux). The key q ends it.
    const keys = `{ sleep ${WATCHED}; printf q; }`;
    run(`${keys} | script -qec 'stty cols 200 rows 60; exec "${binary}" top' /dev/null`, top);
    const others = COMMANDS.map((command, i) => {
      const order = join(folder, `${i}.order`);
      run(`exec "${binary}" ${command}`, order);
      return order;
    });
    return [top, ...others].filter((file) => existsSync(file));
  } catch (error) {
    console.warn(`No order of bytecode: ${(error as Error).message.split('\n', 1)[0]}`);
    return [];
  }
}
