import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { buildFake } from '../fake-nvml/build.js';

const fake = await buildFake();
const built = (file: string): string => new URL(`../../dist/cjs/${file}`, import.meta.url).pathname;

/** What a worker thread asks all the time. Each function has been called once before it is terminated. */
const WORKER = `
  const { parentPort, workerData } = require('node:worker_threads');
  const { open } = require(workerData.nvsmi);
  const nvml = require(workerData.nvml);
  const nvsmi = open({ path: workerData.path });
  const query = nvsmi.query(['name', 'uuid', 'memory.used', 'utilization.gpu', 'power.draw']);
  const device = nvml.nvmlDeviceGetHandleByIndex(0);
  const ask = () => {
    query.sample();
    nvsmi.processes();
    nvml.nvmlDeviceGetName(device);
    nvml.nvmlDeviceGetSupportedMemoryClocks(device);
  };
  ask();
  parentPort.postMessage('open');
  for (;;) ask();`;

const PROGRAM = `
  const { once } = require('node:events');
  const { setTimeout: rest } = require('node:timers/promises');
  const { Worker } = require('node:worker_threads');
  const [worker, workerData] = JSON.parse(process.argv[1]);
  (async () => {
    for (let i = 0; i < 25; i++) {
      const one = new Worker(worker, { eval: true, workerData });
      await once(one, 'message');
      await rest(i % 5);
      await one.terminate();
    }
    console.log('done');
  })();`;

it.skipIf(!fake.available)(
  'a worker thread that has nvsmi open may be terminated at any time',
  { timeout: 120_000 },
  () => {
    const { path } = fake.with({ snapshot: openSnapshot('h200-x2').snapshot, log: false });
    const given = [WORKER, { path, nvsmi: built('index.js'), nvml: built('nvml.js') }];
    const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', PROGRAM, JSON.stringify(given)], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'done\n', stderr: '' });
  },
);
