import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jsonText, plainLines, plainly, plainText } from '../../src/base/plain-text.js';

describe('text on its way to a reader', () => {
  it.each([
    ['NVIDIA H100 80GB HBM3'],
    ['ünïcödé 名前 नमस्ते עברית عربي'],
    ['e\u0301a\u0308 combined'],
    ['🚀 👩🏽‍🚀 👨‍👩‍👧 ❤️ 🏳️‍🌈'],
  ])('stays the same where it is plain: %s', (text) => {
    expect(plainText(text)).toBe(text);
  });

  it.each([
    ['control characters', 'a\u0000\t\n\r\u001b[2J\u007fb', 'a?????[2J?b'],
    ['the second control characters', '\u0080\u0085\u009b', '???'],
    ['separators of lines and paragraphs', '\u2028\u2029', '??'],
    ['marks that turn the direction of writing', '\u202a\u202e\u2066\u2069\u200e\u200f\u061c', '???????'],
    ['what has no width', '\u200b\u200c\u2060\ufeff\u00ad\u180e', '??????'],
    ['joiners and selectors outside an emoji', 'a\u200db\ufe0f', 'a?b?'],
    ['fillers', '\u115f\u3164\uffa0\u034f', '????'],
    ['tags', 'a\u{e0041}\u{e007f}', 'a??'],
    ['halves of pairs, and what is no character', 'a\ud800 \udc00b\uffff', 'a? ?b?'],
  ])('has a question mark for %s', (_, text, plain) => {
    expect(plainText(text)).toBe(plain);
  });

  it('keeps the line breaks of a message, and none of what is put into it', () => {
    expect(plainly`ERROR: ${'a\nb\u001b'} is no\n\t${1}`).toBe('ERROR: a?b? is no\n\t1');
    expect(plainLines('one\n\ttwo\r\u202e\n')).toBe('one\n\ttwo??\n');
  });
});

describe('JSON on its way to a reader', () => {
  const VALUE = { name: 'ü\u0085\u009b[2J\u202e\u2028\u200b\ufeff\u{e0041}🚀', list: ['\n\u001b', 1, null] };

  it.each([undefined, 2])(
    'escapes what is not plain, which leaves the values the same (indent %s)',
    (indent) => {
      const json = jsonText(VALUE, indent);
      expect(json).toContain('ü\\u0085\\u009b[2J\\u202e\\u2028\\u200b\\ufeff\\udb40\\udc41🚀');
      expect(JSON.parse(json)).toEqual(VALUE);
      expect(json.split('\n')).toHaveLength(indent === undefined ? 1 : 8);
    },
  );

  it('is written in one place', () => {
    const source = fileURLToPath(new URL('../../src/', import.meta.url));
    const writers = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .filter((file) => readFileSync(source + file, 'utf8').includes('JSON.stringify('));
    // The recorder and the ticks compare answers by it, a recording given as an object is read as its text, and the process that calls
    // NVML reads what it is sent.
    expect(writers.sort()).toEqual([
      'base/plain-text.ts',
      'nvml/backend/child/messages.ts',
      'nvml/backend/child/sent-call.ts',
      'snapshot/machine.ts',
      'snapshot/recorder.ts',
      'snapshot/snapshot-ticks.ts',
    ]);
  });
});
