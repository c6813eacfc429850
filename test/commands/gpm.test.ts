import { readFileSync, rmSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../fake-io.js';
import { compileLibrary, compiler } from '../fake-nvml/build.js';
import { machineWith, runOn } from './monitor-machine.js';

/**
 * A library with two GPUs that counts: a sample holds a number that grows by 7 on GPU 0, and a metric is the difference of
 * two samples times its id. GPU 1 has no GPM. How many samples are lent is
 * written to a file of the process.
 */
const SOURCE = `
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
struct metric { uint32_t id, status; double value; void *info[3]; };
struct get { uint32_t version, count; int *older, *newer; struct metric metrics[333]; };
struct support { uint32_t version, supported; };
static int gpus[2], lent, clock_;
int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }
static int lend(int change) {
  char path[64];
  snprintf(path, sizeof path, "/tmp/nvsmi-lent-%d", getpid());
  FILE *out = fopen(path, "w");
  lent += change;
  if (out) { fprintf(out, "%d", lent); fclose(out); }
  return 0;
}
int nvmlDeviceGetCount_v2(uint32_t *count) { *count = 2; return 0; }
int nvmlDeviceGetHandleByIndex_v2(uint32_t index, int **gpu) { *gpu = &gpus[index]; return 0; }
int nvmlGpmQueryDeviceSupport(int *gpu, struct support *support) {
  if (support->version != 1) return 25;
  support->supported = gpu == &gpus[0];
  return 0;
}
int nvmlGpmSampleAlloc(int **sample) { *sample = calloc(1, sizeof(int)); return lend(1); }
int nvmlGpmSampleFree(int *sample) { free(sample); return lend(-1); }
int nvmlGpmSampleGet(int *gpu, int *sample) { if (gpu != &gpus[0]) return 3; *sample = clock_ += 7; return 0; }
int nvmlGpmMetricsGet(struct get *get) {
  if (get->version != 1 || get->count > 333) return 25;
  for (uint32_t i = 0; i < get->count; i++) {
    get->metrics[i].status = get->metrics[i].id == 13 ? 3 : 0;
    get->metrics[i].value = (*get->newer - *get->older) * (double)get->metrics[i].id + 0.5;
    if (get->metrics[i].id == 12) get->metrics[i].value = __builtin_nan("");
  }
  return 0;
}
int nvmlDeviceGetPowerUsage(int *gpu, uint32_t *milliwatts) { (void)gpu; *milliwatts = 70000; return 0; }
`;

describe.skipIf(compiler === undefined)('dmon --gpm-metrics', () => {
  const run = async (...argv: string[]) => {
    const lent = `/tmp/nvsmi-lent-${process.pid}`;
    onTestFinished(() => rmSync(lent, { force: true }));
    const path = compileLibrary(SOURCE);
    const { io, status } = await runOn(undefined, ['dmon', '-s', 'p', ...argv], { nvml: path });
    return { output: io.output, status, lent: readFileSync(lent, 'utf8') };
  };

  it('compares each sample with the one before, from the third line on', async () => {
    const { output, status } = await run('-c', '4', '--gpm-metrics', '1,3,13,20', '-i', '0');
    expect(status).toBe(0);
    expect(output).toBe(
      [
        '# gpu    pwr  gtemp  mtemp      gract      smocc       fp16      pcitx ',
        '# Idx      W      C      C      GPM:%      GPM:%      GPM:%  GPM:MiB/s ',
        '    0     70      -      -          -          -          -          - ',
        '    0     70      -      -          -          -          -          - ',
        '    0     70      -      -          7         21          -        140 ',
        '    0     70      -      -          7         21          -        140 ',
        '',
      ].join('\n'),
    );
  });

  it('shows - on a GPU without them, beside the values of the others', async () => {
    const { output } = await run('-c', '3', '--gpm-metrics', '2');
    expect(output.split('\n').slice(-3, -1)).toEqual([
      '    0     70      -      -         14 ',
      '    1     70      -      -          - ',
    ]);
  });

  it('has values from the second tick on in JSON, with decimals', async () => {
    const { output } = await run('-c', '2', '--gpm-metrics', '2,12,13', '--format', 'jsonl');
    const records = output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(records.map(({ smutil }) => smutil)).toEqual([null, null, 14.5, null]);
    expect(records[2]).toMatchObject({ fp16: null, reasons: { fp16: expect.any(String) } });
    // What is not a number is none.
    expect(records[2]).toMatchObject({ fp32: null, reasons: { fp32: 'Unknown Error' } });
  });

  it('gives all samples back', async () => {
    expect((await run('-c', '3', '--gpm-metrics', '1')).lent).toBe('0');
    expect((await run('-c', '1', '--gpm-metrics', '1')).lent).toBe('0');
  });
});

describe('dmon --gpm-options', () => {
  it('adds the column of the GPU instances for m, and keeps the line of a GPU without any', async () => {
    const { io } = await runOn(machineWith([{}]), [
      'dmon',
      '-c',
      '1',
      '-s',
      'c',
      '--gpm-metrics',
      '1',
      '--gpm-options',
      'm',
    ]);
    expect(io.output).toBe(
      [
        '# gpu     gi   mclk   pclk      gract ',
        '# Idx    Idx    MHz    MHz      GPM:% ',
        '    0      -   2619    345          - ',
        '',
      ].join('\n'),
    );
  });

  it('gives every GPU instance a line of its own, after that of the GPU for md', async () => {
    const machine = machineWith([{}], (calls) => {
      calls.nvmlDeviceGetMaxMigDeviceCount = { gpu0: 7 };
      calls.nvmlDeviceGetMigDeviceHandleByIndex = { 'gpu0,0': 'gpu0/mig0', 'gpu0,1': 'gpu0/mig1' };
      calls.nvmlDeviceGetGpuInstanceId = { 'gpu0/mig0': 1, 'gpu0/mig1': 2 };
    });
    const lines = async (level: string): Promise<readonly string[]> => {
      const argv = ['dmon', '-c', '1', '-s', 'c', '--gpm-metrics', '1', '--gpm-options', level];
      return (await runOn(machine, argv)).io.output.split('\n').slice(2, -1);
    };
    expect(await lines('m')).toEqual([
      '    0      1   2619    345          - ',
      '    0      2   2619    345          - ',
    ]);
    expect((await lines('md')).map((line) => line.slice(6, 12).trim())).toEqual(['-', '1', '2']);
    expect(await lines('dm')).toEqual(await lines('md'));
    expect(await lines('d')).toEqual(['    0   2619    345          - ']);
  });
});

describe('gpm -g', () => {
  it('shows GPUs whose states differ separately, and all of them as JSON', async () => {
    const machine = machineWith([{}, {}], (calls) => {
      calls.nvmlGpmQueryIfStreamingEnabled = { gpu0: 0, gpu1: 1 };
    });
    expect((await runOn(machine, ['gpm', '-g'])).io.output).toBe(
      'GPU 0: GPM stream state: DISABLED\nGPU 1: GPM stream state: ENABLED\n',
    );
    const schema = JSON.parse(
      readFileSync(new URL('../../schemas/gpm.schema.json', import.meta.url), 'utf8'),
    );
    const json = JSON.parse((await runOn(machine, ['gpm', '-g', '--json'])).io.output) as unknown;
    const validate = new Ajv2020({ validateFormats: false, allowUnionTypes: true }).compile(schema);
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(json).toMatchObject({
      gpus: [
        { gpu: 0, 'gpm.streaming': false },
        { gpu: 1, 'gpm.streaming': true },
      ],
    });
  });

  it('changes no recording, and says so for a GPU without GPM', async () => {
    const set = await runOn(machineWith([{}]), ['gpm', '-s', '1']);
    expect(set.io.output).toMatch(/A recorded machine cannot be changed/);
    expect(set.status).toBe(2);
    const old = machineWith([{}], (calls) => {
      calls.nvmlGpmQueryIfStreamingEnabled = { gpu0: { error: 'NVML_ERROR_NOT_SUPPORTED' } };
    });
    const get = await runOn(old, ['gpm', '-g']);
    expect(get.io.output).toBe('No GPM capable devices found.\n');
    expect(get.status).toBe(6);
  });
});

describe('GPM metrics of a recorded machine', () => {
  const cells = (output: string): readonly string[][] =>
    output
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('#'))
      .map((line) => line.trim().split(/ +/));

  it('are shown of every GPU from the third tick on: how busy it is, and its NVLink traffic', async () => {
    const io = new FakeIo({ until: ({ slept }) => slept.length > 5 });
    const argv = ['dmon', '-c', '3', '-s', 'p', '--gpm-metrics', '2,60,61,13', '--snapshot', 'hgx-h100-x8'];
    expect(await main(argv, io)).toBe(0);
    const rows = cells(io.output);
    expect(rows).toHaveLength(24);
    expect(rows.slice(0, 16).every((row) => row.slice(4).every((cell) => cell === '-'))).toBe(true);
    const third = rows.slice(16).map((row) => row.slice(4));
    expect(third[0]).toEqual(['92', '154641', '154542', '-']);
    expect(third[4]).toEqual(['26', '1740', '1711', '-']);
    expect(third[5]).toEqual(['0', '0', '0', '-']);
  });
});
