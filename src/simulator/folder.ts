/** Writes a simulated machine into a folder: the library under the names that programs look for, its table, its rules. */
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const LIBRARY = 'libnvidia-ml.so.1';
/** What linkers look for, and programs that know no version. */
const LINK = 'libnvidia-ml.so';
export const CONTROL = 'control';
/** What programs changed. */
export const STATE = 'state';

const RULES = `# Rules of this machine, which programs follow within 20 ms after a change:
#   fail [GPU] FUNCTION STATUS    fail gpu1 nvmlDeviceGetTemperature GPU_IS_LOST
#   hang [GPU] FUNCTION           hang gpu0 nvmlDeviceGetUtilizationRates
#   xid GPU NUMBER                xid gpu0 79
`;

/**
 * Makes the folder where it is missing. A machine that is there already is replaced: its rules are kept, what programs changed is
 * not. Throws like fs.
 */
export function writeMachine(folder: string, library: Buffer, table: string): void {
  makeFolders(folder);
  replace(join(folder, `${LIBRARY}.table`), table, 0o644);
  replace(join(folder, LIBRARY), library, 0o755);
  rmSync(join(folder, LINK), { force: true });
  symlinkSync(LIBRARY, join(folder, LINK));
  rmSync(join(folder, STATE), { force: true });
  const control = join(folder, CONTROL);
  if (!existsSync(control)) writeFileSync(control, RULES);
}

/** With `recursive` Node never returns below /proc. */
function makeFolders(folder: string): void {
  const make = (): void => {
    try {
      mkdirSync(folder);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  };
  try {
    make();
  } catch (error) {
    const parent = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    makeFolders(parent);
    make();
  }
}

/** Programs that run have the old file mapped: it is not written over. */
function replace(path: string, content: string | Buffer, mode: number): void {
  const whole = `${path}.new`;
  rmSync(whole, { force: true });
  writeFileSync(whole, content, { flag: 'wx' });
  chmodSync(whole, mode);
  renameSync(whole, path);
}
