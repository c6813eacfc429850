import { defineConfig } from 'vitest/config';

/**
 * Tests that start many programs, and wait for them: `npm run check` runs them, `npm test` does not. Those of the single file, which
 * takes a while to build, are `npm run check:binary`'s.
 */
const SLOW = [
  'test/deadline/**/*.test.ts',
  'test/deploy/**/*.test.ts',
  'test/exporter/**/*.test.ts',
  'test/fleet/**/*.test.ts',
  'test/simulator/**/*.test.ts',
  'test/top/signals.test.ts',
  'test/top/stuck.test.ts',
  'test/top/terminal.test.ts',
  'test/commands/simulate.test.ts',
];

/** Which tests: all, those that are slow (after a run of the others), or, left out, the others. */
const wanted = process.env.NVSMI_TESTS;

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: {
    include: wanted === 'slow' ? SLOW : ['test/**/*.test.ts'],
    exclude: process.env.NVSMI_PROGRAM ? [] : ['test/binary/**', ...(wanted === undefined ? SLOW : [])],
    // Processes, not threads: koffi, process.env and signals are the process's own.
    pool: 'forks',
    maxWorkers: 2,
    watch: false,
    ...(process.env.VITEST_JSON
      ? { reporters: ['default', 'json'], outputFile: { json: process.env.VITEST_JSON } }
      : {}),
    // Many tests wait for other programs, on machines that do more: one fails where it fails twice.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 20_000,
    globalSetup: ['test/fake-nvml/setup.ts', 'test/dist-setup.ts'],
  },
});
