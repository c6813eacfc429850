import { describe, expect, it } from 'vitest';
import type { Handle } from '../../src/nvml/call.js';
import type { Gpu } from '../../src/nvml/session.js';
import { recordedFiles } from '../../src/system/files.js';
import { placed } from '../../src/system/lost-gpus.js';
import { recordedPaths } from '../../src/system/recorded.js';

const there: Gpu = { index: 0, handle: 7n as Handle, status: 0 };
const lost: Gpu = { index: 1, handle: undefined, status: 15 };
const folders = (...busIds: readonly string[]) =>
  recordedFiles(Object.fromEntries(busIds.map((id) => [`/proc/driver/nvidia/gpus/${id}/information`, ''])));

describe('the place of a lost GPU', () => {
  it("is the one of its number in the driver's list", () => {
    expect(placed([there, lost], folders('0000:1b:00.0', '0000:34:00.0'))).toEqual([
      there,
      { ...lost, busId: '0000:34:00.0' },
    ]);
  });

  it('is read from a recording', () => {
    const recorded = recordedPaths(folders('0000:1b:00.0', '0000:34:00.0'), {});
    expect(placed([there, lost], recordedFiles(recorded))[1]?.busId).toBe('0000:34:00.0');
    expect(JSON.stringify(recorded)).not.toContain('information');
  });

  it('is unknown where the driver counts otherwise, or no GPU is lost', () => {
    expect(placed([there, lost], folders('0000:34:00.0'))).toEqual([there, lost]);
    const gpus = [there];
    expect(placed(gpus, folders('0000:1b:00.0'))).toBe(gpus);
  });
});
