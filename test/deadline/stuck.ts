/** What tests expect of programs with a deadline. */
import { setTimeout } from 'node:timers/promises';
import { expect } from 'vitest';
import type { FakeLibrary } from '../fake-nvml/build.js';
import { callersOf, fake, machineWith, nvsmi } from './deaf.js';

export * from './deaf.js';

/** Nothing is left of them, not even as a zombie: that has no command line, and its parent is gone. */
export async function expectNoneLeft(library: FakeLibrary): Promise<void> {
  // Not expect.poll(), which needs to know its test: there are several at a time.
  for (let tries = 0; tries < 100 && callersOf(library).length > 0; tries++) await setTimeout(50);
  expect(callersOf(library)).toEqual([]);
}

/**
 * Seconds that a program is given here: 3, and on a busy machine five times what it takes where NVML answers. Several programs start at a
 * time.
 */
export const TIMEOUT: number = fake.available ? await patience() : 3;

async function patience(): Promise<number> {
  const { took } = await nvsmi(machineWith(), ['--timeout', '60', '-q']);
  return Math.min(30, Math.max(3, Math.ceil(took / 200)));
}
