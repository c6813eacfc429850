import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { picture } from '../../tools/picture.js';
import { terminalPicture } from '../../tools/terminal-picture.js';

const zone = process.env.TZ;

beforeAll(() => {
  process.env.TZ = 'UTC';
});

afterAll(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

it('the picture of the monitor is what it shows of the eight GPUs: npm run picture draws it again', async () => {
  expect(await picture()).toBe(readFileSync(new URL('../../docs/top.svg', import.meta.url), 'utf8'));
});

it('the picture of a terminal has what the program prints: npm run picture draws it again', async () => {
  expect(await terminalPicture()).toBe(
    readFileSync(new URL('../../docs/terminal.svg', import.meta.url), 'utf8'),
  );
});
