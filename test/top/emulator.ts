/** What a terminal shows of the sequences that the screen writes: cursor, clearing, text. Styles are noted by cell. */
import { graphemes } from '../../src/format/graphemes.js';

const ESCAPE = '\x1b';
const PIECES = new RegExp(`${ESCAPE}\\[([?\\d;]*[A-Za-z])|([^${ESCAPE}]+)`, 'g');

export class Emulator {
  readonly cells: string[][];
  readonly styles: string[][];
  private x = 0;
  private y = 0;
  private style = '0';

  constructor(
    readonly columns: number,
    readonly rows: number,
  ) {
    this.cells = Array.from({ length: rows }, () => Array<string>(columns).fill(' '));
    this.styles = Array.from({ length: rows }, () => Array<string>(columns).fill('0'));
  }

  write(bytes: string): void {
    for (const [, sequence, text = ''] of bytes.matchAll(PIECES)) {
      if (sequence === undefined) this.print(text);
      else this.obey(sequence);
    }
  }

  get lines(): readonly string[] {
    return this.cells.map((row) => row.join('').trimEnd());
  }

  private obey(sequence: string): void {
    const numbers = sequence.slice(0, -1).split(';').map(Number);
    if (sequence.endsWith('H')) [this.y, this.x] = [(numbers[0] ?? 1) - 1, (numbers[1] ?? 1) - 1];
    else if (sequence.endsWith('m')) this.style = sequence.slice(0, -1).replace(/^0;/, '');
    else if (sequence === '2J') for (const row of this.cells) row.fill(' ');
  }

  private print(text: string): void {
    for (const { text: cell, width } of graphemes(text)) {
      const row = this.cells[this.y] as string[];
      const styles = this.styles[this.y] as string[];
      // Half of a wide character that is written over takes the other half with it.
      if (row[this.x] === '') row[this.x - 1] = ' ';
      if (row[this.x + width] === '') row[this.x + width] = ' ';
      row[this.x] = cell;
      styles[this.x] = this.style;
      if (width === 2) {
        row[this.x + 1] = '';
        styles[this.x + 1] = this.style;
      }
      this.x += width;
    }
  }
}
