import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { constants, deflateRawSync, gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { OutputError } from '../../src/base/errors.js';
import { RecordWriter, readRecords } from '../../src/system/record-file.js';
import { temporaryFolder } from '../temporary.js';

const newFile = (): string => join(temporaryFolder(), 'records');

const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

const line = (i: number): string =>
  JSON.stringify({ t: 1795449141471 + i * 1000, g: [[0, 69 + (i % 5), i]] });
const lines = (count: number): string[] => Array.from({ length: count }, (_, i) => line(i));

function written(path: string, texts: readonly string[]): RecordWriter {
  const writer = new RecordWriter(path);
  for (const text of texts) writer.write(text);
  return writer;
}

describe('a record file', () => {
  it('gives back its lines, also while it is being written', () => {
    const path = newFile();
    const writer = written(path, lines(3));
    expect(readRecords(path).lines).toEqual(lines(3));
    writer.write('größer ❤');
    expect(readRecords(path).lines).toEqual([...lines(3), 'größer ❤']);
    writer.close();
    expect(readRecords(path).lines).toEqual([...lines(3), 'größer ❤']);
  });

  it('is gzip once it is closed, and again after every further writer', () => {
    const path = newFile();
    for (let i = 0; i < 3; i++) written(path, lines(4)).close();
    expect(gunzipSync(readFileSync(path)).toString()).toBe(
      `${[...lines(4), ...lines(4), ...lines(4)].join('\n')}\n`,
    );
  });

  it('holds each line in a member of its own, which needs no other to be read', () => {
    const path = newFile();
    const writer = new RecordWriter(path);
    let before = 0;
    for (const text of lines(20)) {
      writer.write(text);
      const bytes = readFileSync(path);
      expect(gunzipSync(bytes.subarray(before)).toString()).toBe(`${text}\n`);
      before = bytes.length;
    }
    writer.close();
    expect(statSync(path).size).toBe(before);
  });

  it('damaged anywhere loses no line before the damage, and none of the next writer', () => {
    const path = newFile();
    const ends: number[] = [];
    for (const part of [lines(30).slice(0, 15), lines(30).slice(15)]) {
      const writer = new RecordWriter(path);
      for (const text of part) {
        writer.write(text);
        ends.push(statSync(path).size);
      }
      writer.close();
    }
    const whole = readFileSync(path);
    for (let at = 0; at < whole.length - 3; at += 7) {
      const bytes = Buffer.from(whole);
      for (let i = at; i < at + 3; i++) bytes[i] = (bytes[i] as number) ^ 0xff;
      writeFileSync(path, bytes);
      const { lines: found, damages } = readRecords(path);
      const isLost = (i: number): boolean => !found.includes(line(i));
      // A header that cannot be recognized begins no member: what precedes it is read together with it.
      const hit = ends.findIndex((end) => end > at) - 1;
      const lost = lines(30).flatMap((_, i) => (isLost(i) ? [i] : []));
      const spoilsSecond = at + 3 > (ends[14] as number);
      expect(
        lost.every((i) => i >= hit && (spoilsSecond || i < 15)),
        `byte ${at}: ${lost}`,
      ).toBe(true);
      expect(damages.length, `byte ${at}`).toBe(lost.length === 0 ? 0 : 1);
    }
  });

  it('keeps its lines where they are more than deflate can look back', () => {
    const path = newFile();
    const random = Array.from({ length: 300 }, (_, i) => `${i} ${Math.sin(i).toString(36).repeat(20)}`);
    written(path, random).close();
    expect(gunzipSync(readFileSync(path)).toString()).toBe(`${random.join('\n')}\n`);
  });

  it('torn at any byte loses at most the line that was being written, and continues where it stops', () => {
    const path = newFile();
    const ends: number[] = [];
    const writer = new RecordWriter(path);
    for (const text of lines(6)) {
      writer.write(text);
      ends.push(statSync(path).size);
    }
    writer.close();
    const whole = readFileSync(path);
    for (let size = 0; size <= whole.length; size++) {
      const torn = whole.subarray(0, size);
      writeFileSync(path, torn);
      const complete = ends.filter((end) => end <= size).length;
      expect(readRecords(path).lines, `${size} bytes`).toEqual(lines(complete));
      if (size % 9 !== 0) continue;
      written(path, ['next']).close();
      expect(gunzipSync(readFileSync(path)).toString()).toBe(`${[...lines(complete), 'next'].join('\n')}\n`);
      expect(readRecords(path).lines).toEqual([...lines(complete), 'next']);
    }
  });

  it('of another kind is no record file, and is left alone', () => {
    const path = newFile();
    writeFileSync(path, 'a text of another user\n');
    expect(readRecords(path).lines).toEqual([]);
    expect(() => new RecordWriter(path)).toThrow(OutputError);
    expect(readFileSync(path, 'utf8')).toBe('a text of another user\n');
  });

  it.skipIf(!existsSync('/dev/zero'))('that has no end is no record file', () => {
    expect(() => readRecords('/dev/zero')).toThrow('longer than 256 MiB, which no recording is');
  });

  it('that unpacks to more than any recording is refused, whether or not it has its end', {
    timeout: 120_000,
  }, () => {
    const path = newFile();
    const begun = newFile();
    // Each line is flushed on its own, and the member of one of the files is never ended.
    const flood = Buffer.alloc(48 * 1024 * 1024, 'x');
    flood[flood.length - 1] = 10;
    const block = deflateRawSync(flood, { finishFlush: constants.Z_SYNC_FLUSH, level: 1 });
    writeFileSync(begun, Buffer.concat([HEADER, ...Array.from({ length: 6 }, () => block)]));
    writeFileSync(path, gzipSync(Buffer.concat(Array.from({ length: 6 }, () => flood))));
    for (const bomb of [path, begun]) {
      expect(statSync(bomb).size).toBeLessThan(3 * 1024 * 1024);
      expect(() => readRecords(bomb)).toThrow('longer than 256 MiB, which no recording is');
      expect(() => new RecordWriter(bomb)).toThrow(/cannot write .*longer than 256 MiB/);
    }
  });

  it('with headers by the thousand that begin no member is read or refused as fast as any', {
    timeout: 60_000,
  }, () => {
    const path = newFile();
    const flood = (header: Buffer): Buffer => Buffer.concat(Array.from({ length: 200_000 }, () => header));
    writeFileSync(path, flood(HEADER));
    expect(readRecords(path).lines).toEqual([]);
    writeFileSync(path, flood(Buffer.from(HEADER).fill(1, 3, 4)));
    expect(() => readRecords(path)).toThrow('more than 1000 damaged members, which no recording has');
    expect(() => new RecordWriter(path)).toThrow(/cannot write .*more than 1000 damaged members/);
  });

  it.skipIf(process.getuid?.() !== 0)(
    'of root is not where a link in the folder of another user leads',
    () => {
      const path = newFile();
      const victim = newFile();
      symlinkSync(victim, path);
      spawnSync('chown', ['-h', '54321', path, dirname(path)]);
      expect(() => new RecordWriter(path)).toThrow(/cannot write .* is a link of another user/);
      expect(existsSync(victim)).toBe(false);
    },
  );

  it('that cannot be opened says so', () => {
    expect(() => new RecordWriter('/nonexistent/folder/file')).toThrow(/cannot write .*ENOENT/);
  });

  it('that does not fit ends with the last line that did', () => {
    const path = newFile();
    const module = fileURLToPath(new URL('../../src/system/record-file.ts', import.meta.url));
    const script = `
      import { RecordWriter } from ${JSON.stringify(module)};
      const writer = new RecordWriter(${JSON.stringify(path)});
      let done = 0;
      try {
        for (;; done++) writer.write(JSON.stringify({ line: done, noise: Math.random() }));
      } catch (error) {
        console.log(JSON.stringify({ done, name: error.name, message: error.message }));
      }`;
    // bash counts blocks of 1024 bytes; Node ignores SIGXFSZ, so that the write itself fails as on a full disk.
    const { stdout, stderr } = spawnSync(
      'bash',
      ['-c', 'ulimit -f 4; exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, script],
      { encoding: 'utf8', env: { ...process.env, TSX_DISABLE_CACHE: '1' } },
    );
    expect(stderr).toBe('');
    const { done, name, message } = JSON.parse(stdout) as { done: number; name: string; message: string };
    expect(name).toBe('OutputError');
    expect(message).toMatch(/cannot write .*EFBIG/);
    expect(done).toBeGreaterThan(20);
    expect(readRecords(path).lines.map((text) => (JSON.parse(text) as { line: number }).line)).toEqual(
      Array.from({ length: done }, (_, i) => i),
    );
    expect(statSync(path).size).toBeLessThanOrEqual(4096);
  });
});
