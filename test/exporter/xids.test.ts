import { describe, expect, it } from 'vitest';
import { Collection } from '../../src/exporter/collection.js';
import { dcgmDialect } from '../../src/exporter/dialects/dcgm.js';
import { nvidiaSmiDialect } from '../../src/exporter/dialects/nvidia-smi.js';
import { nvsmiDialect } from '../../src/exporter/dialects/nvsmi.js';
import { exposition } from '../../src/exporter/exposition.js';
import { openSession } from '../../src/nvml/session.js';
import { Asker } from '../../src/query/ask/asker.js';
import type { Json } from '../../src/snapshot/answer.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';
import { recordedFiles } from '../../src/system/files.js';
import { ofSets } from '../commands/event-sets.js';
import { h200x2 } from '../commands/machines.js';
import { refused } from '../commands/made-machine.js';
import { moving } from '../commands/moving-machine.js';

const NOW = 1_795_000_000_000;
const wish = { has: (field: string) => field.startsWith('xid.'), processes: false, pcieThroughput: false };

const quiet = ofSets(refused('TIMEOUT'));
const xid = (number: number, gpu: string): Readonly<Record<string, Json>> =>
  ofSets({
    device: gpu,
    eventType: 8,
    eventData: number,
    gpuInstanceId: 4294967295,
    computeInstanceId: 4294967295,
  });

const machine = (...answers: readonly Readonly<Record<string, Json>>[]): Snapshot =>
  moving(
    answers.map((answer) => {
      const { calls, ...rest } = h200x2();
      return { ...rest, calls: { ...calls, nvmlEventSetWait_v2: answer } } as Snapshot;
    }),
  );

describe('Xids', () => {
  it('are counted by number and GPU, with when and which was the last, in every dialect', async () => {
    const { driver } = openSnapshot(
      machine(quiet, xid(79, 'gpu1'), xid(13, 'gpu1'), xid(79, 'gpu1'), quiet, quiet),
    );
    const session = openSession(driver);
    const collection = new Collection(new Asker(session), recordedFiles({}), session.gpus, wish, () => NOW);
    const dialects = [nvsmiDialect(['gpu'], ''), nvidiaSmiDialect(false), dcgmDialect('')];
    let text = '';
    for (let i = 0; i < 4; i++) {
      const collected = await collection.collect(() => 0);
      text = (await Promise.all(dialects.map((each) => exposition(each.fold(collected), 'text')))).join('');
    }
    const lines = text
      .split('\n')
      .filter((line) => /^\w*xid\w*\{/i.test(line))
      .map((line) => line.replace(/UUID="[^}]*\}/, 'UUID=""}').replace(/uuid="[^"]*"/, 'uuid=""'));
    expect(lines.sort()).toEqual([
      'DCGM_FI_DEV_XID_ERRORS{gpu="0",UUID=""} 0',
      'DCGM_FI_DEV_XID_ERRORS{gpu="1",UUID=""} 79',
      'nvidia_smi_xid_errors_total{uuid="",xid="13"} 1',
      'nvidia_smi_xid_errors_total{uuid="",xid="79"} 2',
      'nvidia_smi_xid_last_timestamp_seconds{uuid="",xid="13"} 1795000000',
      'nvidia_smi_xid_last_timestamp_seconds{uuid="",xid="79"} 1795000000',
      'nvsmi_xid_errors_total{gpu="1",xid="13"} 1',
      'nvsmi_xid_errors_total{gpu="1",xid="79"} 2',
      'nvsmi_xid_last_timestamp_seconds{gpu="1",xid="13"} 1795000000',
      'nvsmi_xid_last_timestamp_seconds{gpu="1",xid="79"} 1795000000',
      'nvsmi_xid_last{gpu="0"} 0',
      'nvsmi_xid_last{gpu="1"} 79',
    ]);
  });
});

describe('the labels of a series', () => {
  it('are escaped, whatever a process calls itself', async () => {
    const hostile = 'a"b\\c\nnvsmi_fake 1\u0000\u{1f600}';
    const collected = {
      at: NOW,
      tookMs: 1,
      errors: {},
      records: [
        { relation: 'gpu', labels: { gpu: '0', name: hostile }, values: {} },
        {
          relation: 'process',
          labels: { gpu: '0', pid: '7', process_name: hostile, user: hostile },
          values: { 'process.used_memory': 1 },
        },
      ],
    } as const;
    for (const format of ['text', 'openmetrics'] as const) {
      const text = await exposition(nvsmiDialect(['gpu', 'name'], '').fold(collected), format);
      expect(text).not.toMatch(/^nvsmi_fake/m);
      expect(text).toContain('process_name="a\\"b\\\\c\\nnvsmi_fake 1');
      expect(
        text.split('\n').filter((line) => line !== '' && !/^(#|nvsmi_[a-z_]+\{.*\} \d+$)/.test(line)),
      ).toEqual([]);
    }
  });
});
