import { defineConfig } from 'vitest/config';

/**
 * Tests that start many programs, and wait for them: `npm run check` runs them, `npm test` does not. Those of the single file, which
 * takes a while to build, are `npm run check:binary`'s.
 */
const SLOW = [
  'test/deadline/**',
  'test/deploy/**',
  'test/exporter/**',
  'test/fleet/**',
  'test/simulator/**',
  'test/top/signals.test.ts',
  'test/top/stuck.test.ts',
  'test/top/terminal.test.ts',
  'test/commands/simulate.test.ts',
];

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: process.env.NVSMI_PROGRAM
      ? []
      : ['test/binary/**', ...(process.env.NVSMI_TESTS === 'all' ? [] : SLOW)],
    // Processes, not threads: koffi, process.env and signals are the process's own.
    pool: 'forks',
    maxWorkers: 2,
    watch: false,
    ...(process.env.VITEST_JSON
      ? { reporters: ['default', 'json'], outputFile: { json: process.env.VITEST_JSON } }
      : {}),
    testTimeout: 20_000,
    globalSetup: ['test/fake-nvml/setup.ts', 'test/dist-setup.ts'],
  },
});
