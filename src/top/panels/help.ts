/** The page that explains the keys. */
import { fitted } from '../../format/graphemes.js';
import { keyRows } from '../key-table.js';
import { type Line, span } from '../span.js';
import type { Model } from '../state.js';

const SPELLED: Readonly<Record<string, string>> = {
  return: 'Enter',
  escape: 'Esc',
  space: 'Space',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
};

const spelled = (key: string): string =>
  SPELLED[key] ??
  key
    .replace(/^ctrl-(.)$/, (_, letter: string) => `Ctrl-${letter.toUpperCase()}`)
    .replace(/^shift-(.*)$/, (_, rest: string) => `Shift-${SPELLED[rest] ?? rest}`)
    .replace(/^f(\d+)$/, 'F$1');

const KEYS_WIDTH = 16;

export function helpLines({ state, surface, replay }: Model): readonly Line[] {
  const rows = keyRows({ isReadonly: state.isReadonly, isReplay: replay !== undefined });
  return [
    [{ ...span('Keys', 'title'), bold: true }],
    ...rows.map(({ keys, help }): Line => {
      const names = keys.filter((key) => key !== 'enter' && key !== '=').map(spelled);
      return [span('  '), span(fitted(names.join(' '), KEYS_WIDTH, 'left'), 'title'), span(help)];
    }),
    ...[MOUSE, COLUMNS].flatMap(([title, text]): readonly Line[] => [
      [],
      [{ ...span(title, 'title'), bold: true }],
      ...wrapped(text, surface.columns - 2).map((line): Line => [span(`  ${line}`)]),
    ]),
  ];
}

const MOUSE = [
  'Mouse',
  'A click selects a process, or sorts by the head of a column; the wheel moves the selection.',
] as const;

const COLUMNS = [
  'Columns',
  'SM and Tens: time in which the SMs and the tensor cores were active (Hopper and newer). DRAM: its bandwidth. MBW: time in which memory was read or written. Enc, Dec: video. Perf: P0 is the fastest state. Link: PCIe generation x lanes. PCIe and NVLink: received and sent, MiB or GiB a second. The word beside the clock is what holds it down.',
] as const;

/** Words in lines of at most so many letters. */
const wrapped = (text: string, width: number): readonly string[] =>
  text.match(new RegExp(`\\S.{0,${width - 1}}(?= |$)`, 'g')) ?? [];
