/** The library of a made-up machine to open NVML with, and its end after each test. */
import { afterEach } from 'vitest';
import * as nvml from '../../src/nvml.js';
import { buildFake } from '../fake-nvml/build.js';
import { machine } from '../fake-nvml/machine.js';
import type { Machine } from '../fake-nvml/table.js';

export const fake = await buildFake();

export const library = (options: Machine = { snapshot: machine }): { path: string } => ({
  path: fake.with(options).path,
});

/** Closes NVML after each test of the file, however often it was opened. */
export function closeBehindEach(): void {
  afterEach(() => {
    try {
      for (;;) nvml.nvmlShutdown();
    } catch {
      // closed by now
    }
  });
}
