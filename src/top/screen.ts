/**
 * The cells of a terminal: what is shown, and what is to be. Drawing gives the sequences for the cells that changed, and for
 * nothing else. A part of a line that is the same and where it was is not looked at.
 */
import { graphemes } from '../format/graphemes.js';
import type { Line, StyledText } from './span.js';
import { styleOf, type Theme } from './theme.js';

const BLANK = 0x20;
/** Takes the second cell of a wide character. */
const COVERED = 0;
/** Cells are numbers: a character of one cell is its code, any other text its place in a list from here on. */
const FIRST_TEXT = 0x110000;
/** Other texts that are kept; with more the screen is drawn again. */
const MOST_TEXTS = 4096;

/** Cells that did not change and lie between changed ones are written again where that is shorter than a jump. */
const JUMP = 5;

/** What a row shows: the parts of its line, and where each of them ends. */
interface ShownRow {
  readonly line: Line;
  readonly ends: readonly number[];
}

const EMPTY: ShownRow = { line: [], ends: [] };

export class Screen {
  private cells = new Uint32Array(0);
  private styles = new Uint8Array(0);
  private shown: ShownRow[] = [];
  private isEmpty = true;
  private readonly texts: string[] = [];
  private readonly textPlaces = new Map<string, number>();
  private out = '';
  /** The style that the terminal has, and the cell after the last one written. */
  private style = -1;
  private at = -1;

  constructor(
    private columns: number,
    private rows: number,
    private readonly theme: Theme,
  ) {}

  /** Whatever the terminal shows is not known any longer: the next drawing begins with an empty screen. */
  resize(columns: number, rows: number): void {
    this.columns = columns;
    this.rows = rows;
    this.isEmpty = true;
  }

  /** The sequences that make the screen show these lines; empty where it does. */
  draw(lines: readonly Line[]): string {
    this.out = '';
    if (this.isEmpty || this.texts.length > MOST_TEXTS) this.clear();
    this.style = -1;
    for (let y = 0; y < this.rows; y++) this.drawRow(y, lines[y] ?? []);
    return this.style <= 0 ? this.out : `${this.out}\x1b[0m`;
  }

  private clear(): void {
    const size = this.columns * this.rows;
    this.out = '\x1b[0m\x1b[2J';
    this.cells = new Uint32Array(size).fill(BLANK);
    this.styles = new Uint8Array(size);
    this.shown = Array<ShownRow>(this.rows).fill(EMPTY);
    this.texts.length = 0;
    this.textPlaces.clear();
    this.isEmpty = false;
  }

  private drawRow(y: number, line: Line): void {
    const before = this.shown[y] as ShownRow;
    if (before.line === line) return;
    const start = y * this.columns;
    const ends: number[] = [];
    let x = 0;
    this.at = -1;
    for (let i = 0; i < line.length; i++) {
      const part = line[i] as StyledText;
      const known = before.line[i];
      const wasAt = i === 0 ? 0 : before.ends[i - 1];
      const isSame = known !== undefined && wasAt === x && isAlike(part, known);
      x = isSame ? (before.ends[i] as number) : this.put(y, start, x, part);
      ends.push(x);
    }
    const end = before.ends.at(-1) ?? 0;
    for (let rest = x; rest < end; rest++) this.cell(y, start, rest, BLANK, 0);
    this.shown[y] = { line, ends };
  }

  /** Writes a part of a line. Returns where it ends. */
  private put(y: number, start: number, from: number, part: StyledText): number {
    const { columns } = this;
    const style = styleOf(part);
    const { text } = part;
    const plain = narrowLength(text);
    let x = from;
    for (let i = 0; i < plain && x < columns; i++) this.cell(y, start, x++, text.charCodeAt(i), style);
    return plain === text.length ? x : this.putGraphemes(y, start, x, text.slice(plain), style);
  }

  private putGraphemes(y: number, start: number, from: number, text: string, style: number): number {
    let x = from;
    for (const { text: grapheme, width } of graphemes(text)) {
      if (x + width > this.columns) break;
      if (width === 2) this.wideCell(y, start, x, this.numberOf(grapheme), style);
      else this.cell(y, start, x, this.numberOf(grapheme), style);
      x += width;
    }
    return x;
  }

  private numberOf(grapheme: string): number {
    const code = grapheme.charCodeAt(0);
    if (grapheme.length === 1 && isNarrow(code)) return code;
    let place = this.textPlaces.get(grapheme);
    if (place === undefined) {
      place = this.texts.push(grapheme) - 1;
      this.textPlaces.set(grapheme, place);
    }
    return FIRST_TEXT + place;
  }

  private cell(y: number, start: number, x: number, cell: number, style: number): void {
    const { cells, styles } = this;
    const i = start + x;
    if (cells[i] === cell && styles[i] === style) return;
    cells[i] = cell;
    styles[i] = style;
    this.write(y, start, x);
    this.at = x + 1;
  }

  private wideCell(y: number, start: number, x: number, cell: number, style: number): void {
    const { cells, styles } = this;
    const i = start + x;
    const isKnown = cells[i] === cell && styles[i] === style;
    if (isKnown && cells[i + 1] === COVERED && styles[i + 1] === style) return;
    cells[i] = cell;
    cells[i + 1] = COVERED;
    styles[i] = style;
    styles[i + 1] = style;
    this.write(y, start, x);
    this.at = x + 2;
  }

  /** Writes a cell that changed, and those before it where the last one written is near. */
  private write(y: number, start: number, x: number): void {
    const { at } = this;
    const isNear = at !== -1 && x - at <= JUMP;
    if (!isNear) this.out += `\x1b[${y + 1};${x + 1}H`;
    for (let j = isNear ? at : x; j <= x; j++) {
      const cell = this.cells[start + j] as number;
      if (cell === COVERED) continue;
      const style = this.styles[start + j] as number;
      if (style !== this.style) {
        this.out += this.theme(style);
        this.style = style;
      }
      if (cell < FIRST_TEXT) this.out += String.fromCharCode(cell);
      else this.writeText(y, start, j, this.texts[cell - FIRST_TEXT] as string);
    }
  }

  /** Terminals do not agree how wide emoji with joiners are: what follows one is put where it belongs. */
  private writeText(y: number, start: number, x: number, text: string): void {
    this.out += text;
    if (!isJoined(text)) return;
    const width = this.cells[start + x + 1] === COVERED ? 2 : 1;
    if (x + width < this.columns) this.out += `\x1b[${y + 1};${x + width + 1}H`;
  }
}

const isAlike = (one: StyledText, other: StyledText): boolean =>
  one === other || (one.text === other.text && styleOf(one) === styleOf(other));

/** More than one character, and not only a letter with its marks: emoji with joiners, selectors or skin tones, and flags. */
const isJoined = (text: string): boolean =>
  /[\u200d\ufe0f\u{1f1e6}-\u{1f1ff}\u{1f3fb}-\u{1f3ff}]/u.test(text);

/** Printable ASCII, and what this program draws itself: arrows, lines, blocks, braille. */
const isNarrow = (code: number): boolean =>
  (code >= 0x20 && code < 0x7f) ||
  (code >= 0x2500 && code <= 0x259f) ||
  (code >= 0x2800 && code <= 0x28ff) ||
  (code >= 0x2190 && code <= 0x2193) ||
  code === 0x2026 ||
  code === 0xb7;

/** How many characters of a text take one cell each: the last one before others may have combining marks. */
function narrowLength(text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) if (!isNarrow(text.charCodeAt(i))) return Math.max(0, i - 1);
  return length;
}
