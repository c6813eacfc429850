/** `prm`: lists and values. The lists are those of an H200 (580.159.04); no register was seen being read. */
import type { PrmCounter } from '../query/links/prm.js';
import type { PrmParameter, PrmRegister } from '../query/links/prm-registers.js';

const indented = (line: string): string => `\t${line}\n`;

export const prmListText = (registers: readonly PrmRegister[], counters: readonly PrmCounter[]): string =>
  [
    'Supported PRM registers:\n',
    ...registers.map(({ name }) => indented(name)),
    'Supported PRM counters:\n',
    ...counters.map(({ name }) => indented(name)),
  ].join('');

/** What `-f` lists: of a register, or of all counters. */
export const prmParametersText = (of: string, names: readonly string[]): string =>
  `Supported PRM parameters for ${of}:\n${(names.length === 0 ? ['[NONE]'] : names).map(indented).join('')}`;

export const prmValueText = (name: string, value: number | bigint): string =>
  `${name} ==> 0x${value.toString(16)}\n`;

/** A counter that cannot be read: H200, 580.159.04. */
export const prmAbsentText = (name: string, why: string): string => `${name} ==> N/A (${why})\n`;

export interface PrmField {
  readonly parameter: PrmParameter;
  readonly value: number;
}

const WORD = 32;
const wordOf = ({ place }: PrmParameter): number => Math.floor((place?.bit ?? 0) / WORD);
const WORDS_PER_LINE = 4;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/**
 * A register: its parameters as nvidia-smi's manual shows them, those of one word on one line. After them are all its
 * words, which the manual leaves out.
 */
export function prmRegisterText(name: string, fields: readonly PrmField[], words: readonly number[]): string {
  const lines = new Map<number, string[]>();
  for (const { parameter, value } of fields) {
    const line = lines.get(wordOf(parameter)) ?? [];
    line.push(`${parameter.name} = ${value}`);
    lines.set(wordOf(parameter), line);
  }
  const dump: string[] = [];
  for (let i = 0; i < words.length; i += WORDS_PER_LINE) {
    const some = words.slice(i, i + WORDS_PER_LINE).map((word) => hex(word, 8));
    dump.push(`0x${hex(4 * i, 3)}: ${some.join(' ')}`);
  }
  const shown = [...lines.values()].map((line) => line.join(', '));
  return `${name}:\n${[...shown, ...dump].map(indented).join('')}`;
}
