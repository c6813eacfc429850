/** Graphs of characters: braille has two points beside each other and four above in a cell, ASCII one. */

/** How many steps a graph of so many cells shows. */
export const stepsOf = (width: number, isUtf8: boolean): number => (isUtf8 ? width * 2 : width);

/** Dots of a braille cell by column, from the lowest up. */
const DOTS = [
  [0x40, 0x04, 0x02, 0x01],
  [0x80, 0x20, 0x10, 0x08],
] as const;
const EMPTY = 0x2800;
const DOTS_HIGH = 4;

/** Filled columns of values from 0 to 1, as lines from top to bottom. A step that is not known is empty; 0 has its lowest dot. */
export function brailleGraph(values: ArrayLike<number>, height: number): readonly string[] {
  const width = Math.ceil(values.length / 2);
  const levels = Array.from({ length: width * 2 }, (_, i) => {
    const value = values[i] ?? Number.NaN;
    if (Number.isNaN(value)) return 0;
    return Math.max(1, Math.round(Math.min(1, Math.max(0, value)) * height * DOTS_HIGH));
  });
  return Array.from({ length: height }, (_, row) => {
    const floor = (height - 1 - row) * DOTS_HIGH;
    let line = '';
    for (let x = 0; x < width; x++) {
      let dots = 0;
      for (const side of [0, 1] as const) {
        const filled = Math.min(DOTS_HIGH, Math.max(0, (levels[x * 2 + side] as number) - floor));
        for (let dot = 0; dot < filled; dot++) dots |= DOTS[side][dot] as number;
      }
      line += dots === 0 ? ' ' : String.fromCharCode(EMPTY + dots);
    }
    return line;
  });
}

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
