/** The release whose nvidia-smi is followed: that of the driver in use, or the one that was asked for. */
import { call, text } from '../nvml/call.js';
import { readText } from '../nvml/memory.js';
import { ask, type Session } from '../nvml/session.js';
import { plainly } from '../plain-text.js';
import { PRESENT, type Release, releaseIn } from '../release.js';

/** Asked once for each library. */
const known = new WeakMap<object, Release>();

/** Says once what is wrong with a version. */
type Warn = (text: string) => void;

/** A driver that does not tell its version, or one without a number, is taken for the present one. */
export function releaseOf({ driver, as }: Session, warn?: Warn): Release {
  let release = as ?? known.get(driver);
  if (release === undefined) {
    const { status, memory } = ask(driver, call('nvmlSystemGetDriverVersion', text(80)));
    const version = status === 0 && memory[0] !== undefined ? readText(memory[0], 0, 80) : undefined;
    const found = version === undefined ? PRESENT : releaseIn(version);
    if (found === undefined) {
      warn?.(plainly`nvsmi: "${version ?? ''}" is no driver version: the layout is that of ${PRESENT}\n`);
    }
    release = found ?? PRESENT;
    known.set(driver, release);
  }
  return release;
}
