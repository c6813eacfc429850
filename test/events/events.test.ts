/** events: what the kernel log and NVML report, each once, with its meaning. */

import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { ofSets } from '../commands/event-sets.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { moving } from '../commands/moving-machine.js';
import { runOn } from '../commands/run-on.js';
import { SOUND, type Tree, withTree } from '../doctor/tree.js';
import { FakeIo } from '../fake-io.js';

const XID_79 = 'NVRM: Xid (PCI:0000:00:07): 79, pid=1, GPU has fallen off the bus.';
const LOG: Tree = { ...SOUND, '/dev/kmsg': `6,0,100,-;Linux version 6.8\n4,1,10000000,-;${XID_79}\n` };

const quiet = { nvmlEventSetWait_v2: ofSets(refused('TIMEOUT')) };
const happens = (type: number, data: number, gpu = 'gpu0') =>
  ofSets({
    device: gpu,
    eventType: type,
    eventData: data,
    gpuInstanceId: 4294967295,
    computeInstanceId: 4294967295,
  });

function h200s(answers: Readonly<Record<string, Readonly<Record<string, Json>>>>): Snapshot {
  const { calls, ...rest } = h200x2();
  return { ...rest, calls: { ...calls, ...answers } } as Snapshot;
}

const withEvents = (...events: readonly Readonly<Record<string, Json>>[]): Snapshot =>
  moving(
    [quiet, ...events.map((one) => ({ nvmlEventSetWait_v2: one })), quiet, quiet, quiet, quiet].map(h200s),
  );

describe('nvsmi events', () => {
  it('prints what NVML reports, with the GPU and what to do', async () => {
    const { out, err, status } = await runOn(
      withEvents(happens(8, 48, 'gpu1'), happens(16, 0)),
      ['events'],
      4,
    );
    const lines = out.trimEnd().split('\n');
    expect(lines[0]).toMatch(
      /^2026\/11\/23 01:41:\S+ {2}GPU 1 0000:00:07\.0 {2}Xid 48 {2}fatal {2}ECC found an error.* Do: Drain the node/,
    );
    expect(lines[1]).toMatch(/GPU 0 0000:00:06\.0 {2}clock {2}information {2}The clocks changed\.$/);
    expect(lines).toHaveLength(2);
    expect(err).toBe(
      'nvsmi: the kernel log is not followed: a recording has none. Run it on the machine itself.\n',
    );
    expect(status).toBe(0);
  });

  it('begins with the kernel log where it is asked to, with the time of each', async () => {
    const { out, err } = await withTree(LOG, (root) =>
      runOn('h200-x2', ['events', '--since', 'boot', '--json', '--root', root]),
    );
    const event = JSON.parse(out);
    expect(event).toMatchObject({
      gpu: 1,
      'pci.bus_id': '0000:00:07.0',
      event: 'xid',
      xid: 79,
      severity: 'fatal',
      seconds_since_boot: 10,
      from: 'kernel log',
    });
    // Booted 1000 s before now, and 10 s after that.
    expect(new Date(event.timestamp).getTime()).toBe(new Date(2026, 10, 23, 1, 41, 50).getTime() - 990_000);
    expect(err).toBe('');
  });

  it('says which part of the log is lost, before it was opened and while it is followed', async () => {
    const begins = { ...SOUND, '/dev/kmsg': '6,900,5000000,-;older lines were overwritten\n' };
    await withTree(begins, async (root) => {
      const io = new FakeIo({
        until: ({ slept }) => {
          if (slept.length === 1) appendFileSync(join(root, 'dev/kmsg'), '6,904,6000000,-;later\n');
          return slept.length > 3;
        },
      });
      const argv = ['--snapshot', 'h200-x2', 'events', '--since', 'boot', '--root', root];
      expect(await main(argv, io)).toBe(0);
      expect(io.errors).toBe(
        'nvsmi: the kernel log begins 5 s after the boot: older lines were overwritten\n' +
          'nvsmi: 3 lines of the kernel log were overwritten before they were read\n',
      );
    });
  });

  it('says nothing of what the log had before, and follows it', async () => {
    await withTree(LOG, async (root) => {
      const io = new FakeIo({
        until: ({ slept }) => {
          if (slept.length === 1)
            appendFileSync(join(root, 'dev/kmsg'), `4,2,11000000,-;${XID_79.replace('79', '31')}\n`);
          return slept.length > 3;
        },
      });
      const status = await main(['--snapshot', 'h200-x2', 'events', '--json', '--root', root], io);
      expect(
        io.output
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line).xid),
      ).toEqual([31]);
      expect(status).toBe(0);
    });
  });

  it('prints an Xid once that both report', async () => {
    const machine = withEvents(happens(8, 79, 'gpu1'));
    const { out } = await withTree(LOG, (root) =>
      runOn(machine, ['events', '--since', 'boot', '--root', root], 4),
    );
    expect(out.match(/Xid 79/g)).toHaveLength(1);
  });

  it('reports a GPU that goes without an event', async () => {
    const temperature = (answer: Json) => ({
      'gpu0,sensorType=0': answer,
      'gpu1,sensorType=0': { version: 16777228, sensorType: 0, temperature: 38 },
    });
    const here = {
      ...quiet,
      nvmlDeviceGetTemperatureV: temperature({ version: 16777228, sensorType: 0, temperature: 37 }),
    };
    const gone = { ...quiet, nvmlDeviceGetTemperatureV: temperature(refused('GPU_IS_LOST')) };
    const { out, status } = await runOn(
      moving([here, here, ...Array.from({ length: 90 }, () => gone)].map(h200s)),
      ['events'],
      45,
    );
    expect(out).toMatch(/GPU 0 0000:00:06\.0 {2}gpu-lost {2}fatal {2}The GPU does not answer any longer/);
    expect(out.match(/gpu-lost/g)).toHaveLength(1);
    expect(status).toBe(0);
  });

  it('ends after so many events', async () => {
    const { out } = await runOn(
      withEvents(happens(16, 0), happens(4, 0), happens(256, 0)),
      ['events', '-c', '2'],
      50,
    );
    expect(out.trimEnd().split('\n')).toHaveLength(2);
  });

  it('says which GPUs NVML has no events of', async () => {
    const machine = h200s({
      ...quiet,
      nvmlDeviceGetSupportedEventTypes: { gpu0: refused('NOT_SUPPORTED'), gpu1: 65439 },
    });
    expect((await runOn(machine, ['events'])).err).toContain('NVML has no events of GPU 0: Not Supported');
  });

  it('refuses what it cannot begin with', async () => {
    expect(await runOn('h200-x2', ['events', '--since', 'boto'])).toMatchObject({
      status: 2,
      err: expect.stringMatching(/Did you mean boot\?/),
    });
    expect((await runOn('h200-x2', ['events', '-c', '0'])).status).toBe(2);
  });

  it('lists the Xids', async () => {
    expect((await runOn('h200-x2', ['events', '--list-xids'])).out).toContain(
      ' 79  fatal        The GPU fell off the bus',
    );
  });
});
