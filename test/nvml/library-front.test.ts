import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { signatures } from '../../src/nvml/generated/functions.js';
import { ask } from '../../src/nvml/session.js';
import { decodeFieldValue } from '../../src/snapshot/answer-decode.js';
import { buildFake, compileLibrary, compileProgram } from '../fake-nvml/build.js';
import { exportedSymbols } from '../fake-nvml/exported-symbols.js';
import { machine } from '../fake-nvml/machine.js';
import { answer, fake, fields, loaded, prototyped } from './loaded.js';

describe.skipIf(!fake.available)('a front of another library', () => {
  it('forwards what it does not answer, with the handles of the other', async () => {
    const back = fake.with({ snapshot: machine });
    const calls = {
      nvmlDeviceGetPowerUsage: { gpu1: 1 },
      nvmlDeviceGetFieldValues: { 'gpu0,52': { type: 1, value: 99 } },
    };
    const { driver, gpus, library } = loaded({
      snapshot: { ...machine, calls },
      real: back.path,
      faults: [{ fn: 'nvmlDeviceGetName', when: ['gpu0'], status: 999 }],
    });
    expect(answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[0])).toBe(71234);
    expect(answer(driver, prototyped('nvmlDeviceGetPowerUsage'), gpus[1])).toBe(1);
    expect(answer(driver, prototyped('nvmlDeviceGetName'), gpus[0])).toEqual({ error: 'NVML_ERROR_UNKNOWN' });
    expect(answer(driver, prototyped('nvmlDeviceGetName'), gpus[1])).toBe('NVIDIA Größe 200');
    const { memory } = ask(driver, fields([52, 0], [24, 0]), gpus[0]);
    expect([0, 1].map((i) => decodeFieldValue(memory[0] as Buffer, i).value)).toEqual([
      { type: 1, value: 99 },
      { type: 6, value: 65535 },
    ]);
    expect(library.log().slice(3, 5)).toEqual([
      { fn: 'nvmlDeviceGetPowerUsage', key: 'gpu0' },
      { fn: 'nvmlDeviceGetPowerUsage', key: 'gpu1' },
    ]);
    expect(back.log().map(({ fn }) => fn)).not.toContain('nvmlDeviceGetBrand');
  });

  it('has every function of NVML, each exported once', () => {
    const names = exportedSymbols(fake.with({}).path);
    expect([...names].sort()).toEqual(Object.keys(signatures).sort());
  });

  it('hands symbols that no header declares to the other', async () => {
    const back = compileLibrary(
      'int nvmlShutdown(void) { return 0; }\nlong nvmlInternalGetExportTable(long a, long b) { return a - b; }\n',
    );
    const front = await buildFake({ also: ['nvmlInternalGetExportTable'] });
    const { path } = front.with({ real: back });
    const program = `
      #include <dlfcn.h>
      #include <stdio.h>
      int main(void) {
        void *library = dlopen("${path}", RTLD_NOW);
        long (*table)(long, long) = (long (*)(long, long))dlsym(library, "nvmlInternalGetExportTable");
        printf("%ld", table(44, 2));
        return 0;
      }`;
    expect(execFileSync(compileProgram(program), { encoding: 'utf8' })).toBe('42');
  });
});
