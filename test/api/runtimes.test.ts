/** The library in Bun and Deno gives what it gives in Node. `npm run runtimes` fetches them. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { executableOf, RUNTIMES } from '../../tools/runtimes.js';
import { buildFake } from '../fake-nvml/build.js';
import { addKoffi, addNative, install, newTop } from './install.js';

const ESM = `
import { createRequire } from 'node:module';
import { NvidiaSmi, open } from 'nvsmi';
import * as nvml from 'nvsmi/nvml';
import * as promises from 'nvsmi/nvml/promises';

const [kind, value] = process.argv.slice(2);
const source = { [kind]: value };
const said = {};

const machine = open(source);
const query = machine.query(['index', 'name', 'memory.total', 'power.draw', 'fan.speed']);
said.samples = [query.sample(), await query.sampleAsync()];
said.ticks = [];
for await (const rows of query.watch({ everyMs: 5 })) if (said.ticks.push(rows) === 3) break;
said.report = await machine.report();
said.processes = machine.processes();
said.deviceQuery = [machine.deviceQuery('index, name, memory.total'), await machine.deviceQueryAsync('count')];
machine.close();

nvml.nvmlInit(source);
const gpu = nvml.nvmlDeviceGetHandleByIndex(1);
said.sync = [nvml.nvmlDeviceGetName(gpu), String(nvml.nvmlDeviceGetMemoryInfo(gpu).total)];
const asked = Array.from({ length: 50 }, () => promises.nvmlDeviceGetTemperature(gpu, nvml.NVML_TEMPERATURE_GPU));
said.promises = [await promises.nvmlDeviceGetName(gpu), await Promise.all(asked)];
for (const refuse of [async () => nvml.nvmlDeviceGetFanSpeed(gpu), () => promises.nvmlDeviceGetFanSpeed(gpu)]) {
  const error = await refuse().catch((reason) => reason);
  (said.refused ??= []).push([error instanceof nvml.NVMLError_NotSupported, error.name, error.message]);
}
said.both = createRequire(import.meta.url)('nvsmi/nvml').nvmlDeviceGetName(gpu);
nvml.nvmlShutdown();

said.adapter = NvidiaSmi.getInstance(source).deviceQuery('count');
delete said.report.timestamp;
console.log(JSON.stringify(said));
`;

const CJS = `
const { open } = require('nvsmi');
const nvml = require('nvsmi/nvml');
const promises = require('nvsmi/nvml/promises');

const [kind, value] = process.argv.slice(2);
const source = { [kind]: value };
const machine = open(source);
const sample = machine.query(['name', 'uuid']).sample();
machine.close();
nvml.nvmlInit(source);
promises.nvmlDeviceGetCount().then((count) => {
  console.log(JSON.stringify([sample, count]));
  nvml.nvmlShutdown();
});
`;

/** What a runtime needs before the file. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  deno: ['run', '--no-lock', '--no-prompt', '--allow-read', '--allow-env', '--allow-ffi'],
};

const runtimes = RUNTIMES.map((runtime) => ({ name: runtime.name, file: executableOf(runtime) }));
for (const { name, file } of runtimes) {
  if (file === undefined) console.warn(`No ${name}: npm run runtimes fetches it.`);
}

const fake = await buildFake();
const MACHINE = 'h200-x2';
const top = newTop();
afterAll(() => rmSync(top, { recursive: true, force: true }));

const MODULES = join(top, 'node_modules');

describe('the library', () => {
  install(top);
  addKoffi(MODULES);
  addNative(MODULES);
  writeFileSync(join(top, 'package.json'), '{}');
  writeFileSync(join(top, 'esm.mjs'), ESM);
  writeFileSync(join(top, 'cjs.cjs'), CJS);

  const run = (runtime: string, options: readonly string[], args: readonly string[]) => {
    const env = { PATH: process.env.PATH, HOME: top, DENO_DIR: join(top, 'deno') };
    const { status, stdout, stderr } = spawnSync(runtime, [...options, ...args], {
      cwd: top,
      encoding: 'utf8',
      env,
    });
    return { status, said: stdout === '' ? undefined : JSON.parse(stdout), stderr };
  };

  function sources(): readonly { readonly from: string; readonly source: readonly string[] }[] {
    const snapshot = JSON.parse(
      readFileSync(new URL(`../../snapshots/${MACHINE}.json`, import.meta.url), 'utf8'),
    );
    const recording = { from: 'a recording', source: ['snapshot', MACHINE] };
    if (!fake.available) return [recording];
    const { path } = fake.with({ snapshot, log: false });
    return [recording, { from: 'a driver, through koffi,', source: ['path', path] }];
  }

  describe.each(sources())('asks $from', ({ source }) => {
    for (const { name, file } of runtimes) {
      it.skipIf(file === undefined).each(['esm.mjs', 'cjs.cjs'])(
        `and answers in ${name} as in Node: %s`,
        (script) => {
          const nodes = run(process.execPath, [], [script, ...source]);
          expect(nodes).toMatchObject({ status: 0, stderr: '' });
          expect(run(file ?? '', OPTIONS[name] ?? [], [script, ...source])).toEqual(nodes);
        },
        60_000,
      );
    }
  });
});
