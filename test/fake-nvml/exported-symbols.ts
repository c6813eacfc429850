/** The functions that a shared library exports, read from its ELF file (64 bits, little-endian). */
import { readFileSync } from 'node:fs';

const DYNAMIC_SYMBOLS = 11;

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section with its names. */
  readonly link: number;
}

export function exportedSymbols(path: string): readonly string[] {
  const file = readFileSync(path);
  const at = Number(file.readBigUInt64LE(0x28));
  const size = file.readUInt16LE(0x3a);
  const sections = Array.from({ length: file.readUInt16LE(0x3c) }, (_, i) => section(file, at + i * size));
  return sections
    .filter(({ type }) => type === DYNAMIC_SYMBOLS)
    .flatMap((symbols) => names(file, symbols, sections[symbols.link]?.offset ?? 0));
}

const section = (file: Buffer, at: number): Section => ({
  type: file.readUInt32LE(at + 4),
  offset: Number(file.readBigUInt64LE(at + 0x18)),
  size: Number(file.readBigUInt64LE(at + 0x20)),
  link: file.readUInt32LE(at + 0x28),
});

/** Global and weak functions that are defined here: not those that the library only needs. */
function names(file: Buffer, { offset, size }: Section, strings: number): string[] {
  const found: string[] = [];
  for (let at = offset; at < offset + size; at += 24) {
    const isFunction = (file.readUInt8(at + 4) & 0xf) === 2;
    if (!isFunction || file.readUInt16LE(at + 6) === 0) continue;
    const name = strings + file.readUInt32LE(at);
    found.push(file.toString('latin1', name, file.indexOf(0, name)));
  }
  return found;
}
