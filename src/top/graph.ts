/** Graphs of characters: braille has two points beside each other and four above in a cell, ASCII one. */

/** How many steps a graph of so many cells shows. */
export const stepsOf = (width: number, isUtf8: boolean): number => (isUtf8 ? width * 2 : width);

/** Dots of the two columns of a braille cell, by how many of them there are from the lowest up. */
const LEFT_DOTS = [0, 0x40, 0x44, 0x46, 0x47] as const;
const RIGHT_DOTS = [0, 0x80, 0xa0, 0xb0, 0xb8] as const;
const EMPTY = 0x2800;
const BLANK = 0x20;
const DOTS_HIGH = 4;

/** Filled columns of values from 0 to 1, as lines from top to bottom. A step that is not known is empty; 0 has its lowest dot. */
export const brailleGraph = (values: ArrayLike<number>, height: number): readonly string[] =>
  brailleLines(dotsOf(values, height), height);

/** How many dots each step has, for two steps a cell. */
export function dotsOf(values: ArrayLike<number>, height: number): Uint16Array {
  const dots = new Uint16Array(Math.ceil(values.length / 2) * 2);
  const most = height * DOTS_HIGH;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (!Number.isNaN(value)) dots[i] = Math.max(1, Math.round(Math.min(1, Math.max(0, value)) * most));
  }
  return dots;
}

export function brailleLines(dots: Uint16Array, height: number): readonly string[] {
  const lines: string[] = [];
  const codes = new Uint16Array(dots.length / 2);
  for (let floor = (height - 1) * DOTS_HIGH; floor >= 0; floor -= DOTS_HIGH) {
    for (let x = 0; x < codes.length; x++) {
      const left = LEFT_DOTS[within((dots[x * 2] as number) - floor)] as number;
      const right = RIGHT_DOTS[within((dots[x * 2 + 1] as number) - floor)] as number;
      codes[x] = left + right === 0 ? BLANK : EMPTY + left + right;
    }
    // Not spread, which goes through an iterator.
    lines.push(String.fromCharCode.apply(null, codes as unknown as number[]));
  }
  return lines;
}

const within = (dots: number): number => (dots < 0 ? 0 : dots > DOTS_HIGH ? DOTS_HIGH : dots);

const FILLED = '#';
/** Less than half of a cell, and more. */
const PARTS = ['_', ':'] as const;

export function asciiGraph(values: ArrayLike<number>, height: number): readonly string[] {
  return Array.from({ length: height }, (_, row) => {
    const floor = height - 1 - row;
    return Array.from({ length: values.length }, (_unused, x) => {
      const value = values[x] ?? Number.NaN;
      if (Number.isNaN(value)) return ' ';
      const filled = Math.min(1, Math.max(0, value)) * height - floor;
      if (filled >= 1) return FILLED;
      if (filled > 0.5) return PARTS[1];
      return filled > 0 || floor === 0 ? PARTS[0] : ' ';
    }).join('');
  });
}

export const graph = (values: ArrayLike<number>, height: number, isUtf8: boolean): readonly string[] =>
  isUtf8 ? brailleGraph(values, height) : asciiGraph(values, height);

/** A bar of eighths of a cell, or of whole ones. */
export function bar(share: number, width: number, isUtf8: boolean): string {
  const filled = Math.min(1, Math.max(0, share)) * width;
  if (!isUtf8) return '|'.repeat(Math.round(filled)).padEnd(width, '.');
  const whole = Math.floor(filled);
  const eighths = Math.floor((filled - whole) * 8);
  const part = eighths === 0 ? '' : String.fromCharCode(0x2590 - eighths);
  return ('█'.repeat(whole) + part).padEnd(width, ' ');
}
