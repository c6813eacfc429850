/** The parameters of power smoothing's preset profiles, on a made-up GPU that has them. */
import { describe, expect, it } from 'vitest';
import { PRESET_PARAMETERS } from '../../src/act/power-smoothing.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { gb200 } from '../commands/machines.js';
import { buildFake, compiler, type FakeLibrary } from '../fake-nvml/build.js';
import { machineOf, nvsmiOn } from './oracle.js';

/** Two profiles, and a floor between 50 and 90 %. */
function machine(): Snapshot {
  const made = gb200();
  const fields = made.calls.nvmlDeviceGetFieldValues;
  return {
    ...made,
    calls: {
      ...made.calls,
      nvmlDeviceGetFieldValues: {
        ...fields,
        'gpu0,256': { type: 1, value: 90 },
        'gpu0,257': { type: 1, value: 50 },
      },
    },
  };
}

const opened = async (): Promise<FakeLibrary> =>
  (await buildFake()).with({ snapshot: machine(), sparesFields: true, writable: { journal: 'journal' } });

const UPDATE = 'nvmlDevicePowerSmoothingUpdatePresetProfileParam';

describe.skipIf(compiler === undefined)('power-smoothing -p', () => {
  it.each(PRESET_PARAMETERS.map((each) => [`-${each.short}`, each] as const))(
    'sets a parameter of a profile: %s',
    async (option, { what, unit, long }) => {
      const library = await opened();
      const { out, status, io } = await nvsmiOn(library, `power-smoothing -p 1 ${option} 60 -i 0`);
      const amount = unit === '' ? '60' : `60 ${unit}`;
      expect(out).toMatch(
        new RegExp(`^Set the ${what} of power smoothing profile 1 to ${amount} for GPU \\S+\\.\\n$`),
      );
      expect(status).toBe(0);
      expect(JSON.parse(io.logged[0] as string)).toMatchObject({
        action: long,
        value: 60,
        part: { profile: 1 },
        outcome: 'changed',
      });
      expect(library.log().filter(({ fn }) => fn === UPDATE)).toHaveLength(1);
    },
  );

  it.each([
    ['-p 2 -ptf 60', 2, /has no power smoothing profile 2; it has 2, from 0 on/],
    ['-p 1 -ptf 95', 2, /should be between 50 and 90 % for GPU \S+, not 95/],
    ['-p 1 -ptf 60.123', 2, /^Option "60.123" is invalid for "-ptf"/],
    ['-p 1 -rur -5', 2, /^Option "-5" is invalid for "-rur"/],
    ['-p 1 -rur 1e3', 2, /^Option "1e3" is invalid for "-rur"/],
    ['-ptf 60', 2, /needs the profile: -p ID/],
    ['-p 1 -s 1', 2, /needs the profile: -p ID, and -p ID a parameter/],
    ['-p x -ptf 60', 2, /^Option "x" is invalid for "-p"/],
    ['-p 1', 0, /^\nUsage: nvsmi power-smoothing/],
  ])('refuses before anything is changed: %s', async (options, status, words) => {
    const library = await opened();
    const answer = await nvsmiOn(library, `power-smoothing ${options} -i 0`);
    expect(answer.out).toMatch(words);
    expect(answer.status).toBe(status);
    expect(library.log().filter(({ fn }) => fn === UPDATE)).toEqual([]);
  });

  it('says in a dry run what it would do, and does nothing', async () => {
    const library = await opened();
    const { out } = await nvsmiOn(library, 'power-smoothing -p 0 -ptf 55.44 -rur 10 -i 0 --dry-run');
    expect(out).toMatch(
      /^Would change GPU \S+, profile 0: percent-tmp-floor 55.44; needs root\nWould change GPU \S+, profile 0: ramp-up-rate 10; needs root\n$/,
    );
    expect(library.log().filter(({ fn }) => fn === UPDATE)).toEqual([]);
  });

  it('says of a GPU without it that it has none', async () => {
    const library = await machineOf({ machine: 'h200-x2', faults: [], lines: [] });
    const { out } = await nvsmiOn(library, 'power-smoothing -p 0 -ptf 55 -i 0');
    expect(out).toBe('Power Smoothing is not supported on this device.\n');
  });

  it('keeps the state and the active profile on a simulated machine', async () => {
    const library = await opened();
    await nvsmiOn(library, 'power-smoothing -s 1 -spp 1 -i 0');
    const { out } = await nvsmiOn(library, 'power-smoothing -ppd -i 0');
    // The count of profiles is as it was.
    expect(out.match(/Preset Profile/g)).toHaveLength(2);
  });
});
