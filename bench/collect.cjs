/** Preloaded by memory.js: collects all garbage every second and tells on file descriptor 3 what is left. */
const { writeSync } = require('node:fs');
const v8 = require('node:v8');
const { runInNewContext } = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

// A fast loop sleeps with its thread, and no timer of ours would ever run.
const wait = Atomics.wait;
let due = performance.now() + 1000;
Atomics.wait = (...args) => {
  if (performance.now() > due) {
    due += 1000;
    gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    writeSync(3, `${JSON.stringify({ seconds: process.uptime(), heapUsed, external, rss })}\n`);
  }
  return wait.apply(Atomics, args);
};
