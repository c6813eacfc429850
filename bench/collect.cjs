/** Preloaded by memory.js: collects all garbage every second and tells on file descriptor 3 what is left. */
const { writeSync } = require('node:fs');
const v8 = require('node:v8');
const { runInNewContext } = require('node:vm');

v8.setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');

setInterval(() => {
  gc();
  const { heapUsed, external, rss } = process.memoryUsage();
  writeSync(3, `${JSON.stringify({ seconds: process.uptime(), heapUsed, external, rss })}\n`);
}, 1000).unref();
