import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Of the single file, which takes a while to build: npm run check:binary.
    exclude: process.env.NVSMI_PROGRAM ? [] : ['test/binary/**'],
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
