/** Commands that change a GPU, with a timeout: NVML has to answer before anything is changed, and a change is never cut short. */
import { describe, expect, it } from 'vitest';
import { deafTo, expectNoneLeft, fake, machineWith, nvsmi, TIMEOUT } from './stuck.js';

const CHANGES = ['-pm 1', '-i 0 -pl 400 --audit /dev/null', 'mig -lgip', '-i 0 -pl 400 --dry-run'] as const;

const wordsOf = (line: string): readonly string[] => line.split(' ');

describe.skipIf(!fake.available)(
  'a command that changes GPUs',
  { timeout: 120_000, concurrent: true },
  () => {
    it.each(CHANGES)('`%s` does the same with --timeout, NVSMI_TIMEOUT and without', async (line) => {
      const plain = await nvsmi(machineWith(), wordsOf(line));
      const timed = await nvsmi(machineWith(), ['--timeout', '60', ...wordsOf(line)]);
      const env = { NVSMI_TIMEOUT: '60' };
      const environment = await nvsmi(machineWith(), wordsOf(line), undefined, env);
      for (const { status, out, err } of [timed, environment]) {
        expect({ status, out, err }).toEqual({ status: plain.status, out: plain.out, err: plain.err });
      }
    });

    it.each(['-pm 1', '-i 0 -pl 400 --dry-run'])(
      '`%s` changes nothing and ends with 124 where nvmlInit_v2 never returns',
      async (line) => {
        const library = deafTo('nvmlInit_v2');
        const { status, out } = await nvsmi(library, ['--timeout', String(TIMEOUT), ...wordsOf(line)]);
        expect({ status, out }).toEqual({ status: 124, out: 'Failed to initialize NVML: No Answer\n' });
        await expectNoneLeft(library);
      },
    );

    it('changes no GPU where one does not answer, and says which', async () => {
      const library = deafTo('nvmlDeviceGetHandleByIndex_v2');
      const { status, out } = await nvsmi(library, ['--timeout', String(TIMEOUT), '-i', '0', '-pm', '1']);
      expect({ status, out }).toEqual({ status: 124, out: 'Nothing was changed: GPU 1 does not answer.\n' });
      await expectNoneLeft(library);
    });
  },
);
