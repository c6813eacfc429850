import { describe, expect, it } from 'vitest';
import { colourLevel } from '../../src/base/style.js';
import { textWidth } from '../../src/base/width.js';

type Env = Readonly<Record<string, string>>;

describe('the colours of a stream', () => {
  /** What the environment says, and the level at a terminal and elsewhere. */
  const ROWS: readonly (readonly [env: Env, terminal: number, pipe: number])[] = [
    [{}, 1, 0],
    [{ TERM: 'xterm-256color' }, 1, 0],
    [{ TERM: 'dumb' }, 0, 0],
    [{ NO_COLOR: '' }, 1, 0],
    [{ NO_COLOR: '1' }, 0, 0],
    [{ NO_COLOR: '0' }, 0, 0],
    [{ NODE_DISABLE_COLORS: '1' }, 0, 0],
    [{ FORCE_COLOR: '' }, 1, 1],
    [{ FORCE_COLOR: '0' }, 0, 0],
    [{ FORCE_COLOR: '1' }, 1, 1],
    [{ FORCE_COLOR: '2' }, 2, 2],
    [{ FORCE_COLOR: '3' }, 3, 3],
    [{ FORCE_COLOR: 'true' }, 1, 1],
    [{ FORCE_COLOR: 'false' }, 0, 0],
    [{ FORCE_COLOR: 'constructor' }, 0, 0],
    [{ FORCE_COLOR: '1', NO_COLOR: '1' }, 1, 1],
    [{ FORCE_COLOR: '1', TERM: 'dumb' }, 1, 1],
    [{ FORCE_COLOR: '0', CLICOLOR_FORCE: '1' }, 0, 0],
    [{ CLICOLOR_FORCE: '1' }, 1, 1],
    [{ CLICOLOR_FORCE: '0' }, 1, 0],
    [{ CLICOLOR_FORCE: '' }, 1, 0],
    [{ CLICOLOR_FORCE: '1', NO_COLOR: '1' }, 0, 0],
    [{ CLICOLOR_FORCE: '1', TERM: 'dumb' }, 1, 1],
  ];

  it.each(ROWS)('with %j are level %i at a terminal and %i elsewhere', (env, terminal, pipe) => {
    expect([colourLevel(env, true), colourLevel(env, false)]).toEqual([terminal, pipe]);
  });

  /** Node's own answer, as a level. */
  const nodes = (env: Env): number => {
    const { WriteStream } = process.getBuiltinModule('node:tty');
    const depth = WriteStream.prototype.getColorDepth.call({}, { ...env });
    return { 1: 0, 4: 1, 8: 2, 24: 3 }[depth] ?? Number.NaN;
  };

  it.each(ROWS.filter(([env]) => 'FORCE_COLOR' in env || (env.NO_COLOR ?? '') !== ''))(
    "with %j are Node's own where they are forced or forbidden",
    (env) => {
      expect(colourLevel(env, true)).toBe(nodes(env));
    },
  );
});

describe('running text', () => {
  it.each([
    [{}, undefined, 80],
    [{}, 100, 100],
    [{}, 40, 60],
    [{}, 200, 120],
    [{ COLUMNS: '72' }, undefined, 72],
    [{ COLUMNS: '72' }, 100, 72],
    [{ COLUMNS: '' }, 100, 100],
    [{ COLUMNS: '0' }, 100, 100],
    [{ COLUMNS: 'wide' }, undefined, 80],
    [{ COLUMNS: '1000000' }, undefined, 120],
  ] satisfies [Env, number | undefined, number][])(
    'with %j, on a terminal of %s columns, is %i wide',
    (env, columns, width) => {
      expect(textWidth({ env, columns })).toBe(width);
    },
  );
});
