/** health in a loop, of some GPUs, and where a call fails. */
import { describe, expect, it } from 'vitest';
import { healthChecks } from '../../src/health/checks/index.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { ofSets } from '../commands/event-sets.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { moving } from '../commands/moving-machine.js';
import { runOn } from '../commands/run-on.js';
import { type Check, checksOf, h200s, kmsg, run, STATUS } from './made-machines.js';

const XID_48: Json = {
  device: 'gpu1',
  eventType: 8,
  eventData: 48,
  gpuInstanceId: 4294967295,
  computeInstanceId: 4294967295,
};

describe('a loop of health', () => {
  it('judges what NVML reports without the kernel log, and calls nothing else well', async () => {
    const quiet = h200s({ nvmlEventSetWait_v2: ofSets(refused('TIMEOUT')) });
    const loud = h200s({ nvmlEventSetWait_v2: ofSets(XID_48) });
    const machine = moving([quiet, loud, quiet, quiet, quiet]);
    const { out, status } = await run(
      { machine, tree: { '/dev/kmsg': undefined } },
      ['-l', '1', '--json', '--checks', 'xid'],
      4,
    );
    const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '');
    expect(last.checks.map(({ gpu, verdict }: Check) => [gpu, verdict])).toEqual([
      [0, 'unknown'],
      [1, 'fail'],
    ]);
    expect(last.checks[0].why).toMatch(/kernel log was not read/);
    expect(status).toBe(2);
  });

  it('prints a JSON object a tick, and judges the Xids that NVML reports meanwhile', async () => {
    const quiet = h200s({ nvmlEventSetWait_v2: ofSets(refused('TIMEOUT')) });
    const loud = h200s({ nvmlEventSetWait_v2: ofSets(XID_48) });
    const machine = moving([quiet, loud, quiet, quiet, quiet]);
    const { out } = await run({ machine }, ['-l', '1', '--json', '--checks', 'xid'], 4);
    const ticks = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(ticks).toHaveLength(4);
    expect(ticks[0].verdict).toBe('ok');
    expect(ticks.at(-1).checks[1]).toMatchObject({
      gpu: 1,
      verdict: 'fail',
      why: expect.stringMatching(/Xid 48/),
    });
  });
});

describe('some GPUs alone', () => {
  it('are judged, and no GPU is missed', async () => {
    const log = kmsg('NVRM: Xid (PCI:0000:00:07): 79, pid=1');
    const outcome = await run({ tree: log }, ['-i', '0', '--json']);
    expect(new Set(checksOf(outcome).map(({ gpu }) => gpu))).toEqual(new Set([null, 0]));
    expect(outcome.status).toBe(0);
  });
});

describe('an answer that fails', () => {
  const functions = Object.entries(h200x2().calls)
    .filter(([, answers]) => Object.keys(answers).some((key) => key.startsWith('gpu0')))
    .filter(
      ([fn]) =>
        !/Vgpu|Accounting|Encoder|Decoder|FBC|gpm|Gpm|Topology|Supported|ConfCompute|Instance/.test(fn),
    )
    .map(([fn]) => fn);

  it('is no verdict that is ok, whichever it is', async () => {
    expect(functions.length).toBeGreaterThan(90);
    const needs = new Map(healthChecks.map((check) => [check.id, check.needs]));
    for (const [i, fn] of functions.entries()) {
      const answers = h200x2().calls[fn as keyof Snapshot['calls']] ?? {};
      const why = refused(['UNKNOWN', 'GPU_IS_LOST', 'TIMEOUT'][i % 3] as 'UNKNOWN');
      const failing = Object.fromEntries(
        Object.keys(answers)
          .filter((key) => key.startsWith('gpu0'))
          .map((key) => [key, why]),
      );
      const { out, status } = await runOn(h200s({ [fn]: failing }), ['health', '--json', '--skip', 'xid']);
      const document = JSON.parse(out);
      for (const { check, gpu, verdict, readings } of document.checks) {
        if (verdict !== 'ok' || gpu !== 0) continue;
        for (const name of needs.get(check) ?? []) {
          if (name in readings)
            expect(readings[name], `${fn}: ${check} is ok without ${name}`).not.toBeNull();
        }
      }
      expect(status, fn).toBe(STATUS[document.verdict]);
    }
  }, 120_000);
});
