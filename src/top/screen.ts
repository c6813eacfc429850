/**
 * The cells of a terminal: what is shown, and what shall be. Drawing gives the sequences for the cells that changed, and for
 * nothing else.
 */
import { graphemes } from '../format/graphemes.js';
import type { Line } from './span.js';
import { styleOf, type Theme } from './theme.js';

/** Takes the second cell of a wide character. */
const COVERED = '';
const BLANK = ' ';

/** Cells that did not change and lie between changed ones are written again where that is shorter than a jump. */
const JUMP = 5;

export class Screen {
  private shown: string[] = [];
  private shownStyles = new Uint8Array(0);
  private next: string[] = [];
  private nextStyles = new Uint8Array(0);
  private isEmpty = true;

  constructor(
    private columns: number,
    private rows: number,
    private theme: Theme,
  ) {
    this.resize(columns, rows);
  }

  /** Whatever the terminal shows is not known any longer: the next drawing begins with an empty screen. */
  resize(columns: number, rows: number, theme = this.theme): void {
    this.columns = columns;
    this.rows = rows;
    this.theme = theme;
    const size = columns * rows;
    this.next = Array<string>(size).fill(BLANK);
    this.nextStyles = new Uint8Array(size);
    this.isEmpty = true;
  }

  /** The sequences that make the screen show these lines; empty where it does. */
  draw(lines: readonly Line[]): string {
    const { columns, rows } = this;
    for (let y = 0; y < rows; y++) this.put(y, lines[y] ?? []);
    let out = '';
    if (this.isEmpty) {
      out = '\x1b[0m\x1b[2J';
      this.shown = Array<string>(columns * rows).fill(BLANK);
      this.shownStyles = new Uint8Array(columns * rows);
      this.isEmpty = false;
    }
    const changes = this.changes();
    return out + changes;
  }

  private put(y: number, line: Line): void {
    const { columns, next, nextStyles } = this;
    const start = y * columns;
    let x = 0;
    for (const part of line) {
      const style = styleOf(part);
      const { text } = part;
      for (let i = 0; i < text.length && x < columns; i++) {
        if (!isNarrow(text.charCodeAt(i))) {
          // With the character before, to which a combining mark belongs.
          const from = Math.max(0, i - 1);
          x -= i - from;
          for (const { text: cell, width } of graphemes(text.slice(from))) {
            if (x + width > columns) break;
            next[start + x] = cell;
            nextStyles[start + x] = style;
            if (width === 2) {
              next[start + x + 1] = COVERED;
              nextStyles[start + x + 1] = style;
            }
            x += width;
          }
          break;
        }
        next[start + x] = text[i] as string;
        nextStyles[start + x] = style;
        x++;
      }
    }
    next.fill(BLANK, start + x, start + columns);
    nextStyles.fill(0, start + x, start + columns);
  }

  private changes(): string {
    const { columns, rows, next, nextStyles, shown, shownStyles } = this;
    let out = '';
    let style = -1;
    for (let y = 0; y < rows; y++) {
      const start = y * columns;
      let at = -1;
      for (let x = 0; x < columns; x++) {
        const i = start + x;
        if (next[i] === shown[i] && nextStyles[i] === shownStyles[i]) continue;
        // A character that was covered, or covers, is written with its neighbour.
        const from = next[i] === COVERED ? x - 1 : x;
        if (at === -1 || from - at > JUMP || from < at) out += `\x1b[${y + 1};${from + 1}H`;
        for (let j = at === -1 || from - at > JUMP || from < at ? from : at; j <= x; j++) {
          const cell = next[start + j] as string;
          if (cell === COVERED) continue;
          const wanted = nextStyles[start + j] as number;
          if (wanted !== style) {
            out += this.theme(wanted);
            style = wanted;
          }
          out += cell;
        }
        at = x + 1;
        if (next[start + at] === COVERED && at < columns) {
          shown[start + at] = COVERED;
          shownStyles[start + at] = nextStyles[start + at] as number;
          at++;
        }
        shown[i] = next[i] as string;
        shownStyles[i] = nextStyles[i] as number;
      }
    }
    return style <= 0 ? out : `${out}\x1b[0m`;
  }
}

/** Printable ASCII, and what this program draws itself: arrows, lines, blocks, braille. */
const isNarrow = (code: number): boolean =>
  (code >= 0x20 && code < 0x7f) ||
  (code >= 0x2500 && code <= 0x259f) ||
  (code >= 0x2800 && code <= 0x28ff) ||
  (code >= 0x2190 && code <= 0x2193) ||
  code === 0x2026 ||
  code === 0xb7;
