/** What a library counts beyond all reason is refused before memory is taken for it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadLibrary } from '../../src/nvml/backend/library.js';
import { call, type Handle, type Out, SUBJECT } from '../../src/nvml/call.js';
import { NVML_ERROR_INSUFFICIENT_SIZE } from '../../src/nvml/generated/constants.js';
import * as layouts from '../../src/nvml/generated/layouts.js';
import { Missing } from '../../src/nvml/status.js';
import { BoundProbe } from '../../src/query/ask/bound-probe.js';
import { Outcome } from '../../src/query/ask/outcome.js';
import { asking } from '../../src/query/probe.js';
import { compileLibrary, compiler } from '../fake-nvml/build.js';
import { countedList, list } from './outs.js';

/** A library whose lists have `count` items; it writes the first `written` of them, and says `status`. */
const boasting = (count: number, status: number, written = 0): string => `
#include <string.h>
typedef struct { unsigned words[8]; } session;
static unsigned found = ${count}u, written = ${written}u;
static int fill(unsigned *count, void *items, unsigned size) {
  unsigned room = *count;
  *count = found;
  if (items == 0 || written == 0 || room < written) return ${status};
  memset(items, 1, written * size);
  return 0;
}
int nvmlShutdown(void) { return 0; }
int nvmlDeviceGetEncoderSessions(void *gpu, unsigned *count, session *items) {
  (void)gpu;
  return fill(count, items, sizeof *items);
}
int nvmlDeviceGetSupportedVgpus(void *gpu, unsigned *count, unsigned *items) {
  (void)gpu;
  return fill(count, items, sizeof *items);
}
`;

const GPU = { index: 0, handle: 1n as Handle, status: 0 };

function itemsOf(source: string, what: 'sessions' | 'types') {
  const driver = loadLibrary({ path: compileLibrary(source), env: {} });
  onTestFinished(() => driver.close());
  const out: Out = what === 'sessions' ? countedList(layouts.nvmlEncoderSessionInfo_t) : list('u32');
  const fn = what === 'sessions' ? 'nvmlDeviceGetEncoderSessions' : 'nvmlDeviceGetSupportedVgpus';
  const outcome = new Outcome();
  const asked = new BoundProbe(asking(what, call(fn, SUBJECT, out)), driver, GPU, outcome);
  const before = process.memoryUsage().arrayBuffers;
  asked.run();
  return {
    items: asked.items(),
    taken: process.memoryUsage().arrayBuffers - before,
    refused: outcome.refusedList,
  };
}

const MIB = 1024 * 1024;

describe.skipIf(compiler === undefined)('a list of more items than there can be', () => {
  const counts = [0xffffffff, 2 ** 28].flatMap((count) => [0, 7].map((status) => [count, status] as const));

  it.each(counts)('(%i, with status %i) is refused without memory for it', (count, status) => {
    for (const what of ['sessions', 'types'] as const) {
      const { items, taken, refused } = itemsOf(boasting(count, status), what);
      expect(items).toBe(Missing.of(NVML_ERROR_INSUFFICIENT_SIZE));
      expect(taken).toBeLessThan(64 * MIB);
      expect(refused).toBe(NVML_ERROR_INSUFFICIENT_SIZE);
    }
  });

  it.each(['sessions', 'types'] as const)('is another thing than a long one: 5000 %s are read', (what) => {
    const { items } = itemsOf(boasting(5000, 7, 5000), what);
    expect(items).toHaveLength(5000);
  });

  it('is another thing than one that grew: more than there was room for are asked for again', () => {
    expect(itemsOf(boasting(40, 0, 40), 'types').items).toHaveLength(40);
  });
});
