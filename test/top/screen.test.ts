import { describe, expect, it } from 'vitest';
import { Screen } from '../../src/top/screen.js';
import { type Line, span } from '../../src/top/span.js';
import { backgroundOf, COLOURS, styleOf, themeOf } from '../../src/top/theme.js';
import { Emulator } from './emulator.js';

const plain = themeOf(0, 'dark');
const lines = (...texts: string[]): readonly Line[] => texts.map((text) => [span(text)]);

function shown(columns = 20, rows = 3) {
  const screen = new Screen(columns, rows, plain);
  const terminal = new Emulator(columns, rows);
  const draw = (...texts: string[]): string => {
    const bytes = screen.draw(lines(...texts));
    terminal.write(bytes);
    return bytes;
  };
  return { screen, terminal, draw };
}

describe('a screen', () => {
  it('begins with an empty terminal and writes the lines', () => {
    const { terminal, draw } = shown();
    expect(draw('one', 'two').startsWith('\x1b[0m\x1b[2J')).toBe(true);
    expect(terminal.lines).toEqual(['one', 'two', '']);
  });

  it('writes nothing where nothing changed', () => {
    const { draw } = shown();
    draw('one', 'two');
    expect(draw('one', 'two')).toBe('');
  });

  it('writes only what changed, where it is', () => {
    const { draw, terminal } = shown();
    draw('12:00:01', 'two');
    expect(draw('12:00:02', 'two')).toBe('\x1b[1;8H\x1b[0m2');
    expect(terminal.lines[0]).toBe('12:00:02');
  });

  it('writes few unchanged cells again rather than jump, and jumps over many', () => {
    const { draw } = shown();
    draw('a----b-------------c');
    expect(draw('A----B-------------c')).toBe('\x1b[1;1H\x1b[0mA----B');
    expect(draw('A----B-------------C')).toBe('\x1b[1;20H\x1b[0mC');
  });

  it('writes a change of style alone', () => {
    const screen = new Screen(10, 1, plain);
    screen.draw([[span('abc')]]);
    expect(screen.draw([[span('a'), { ...span('b'), reverse: true }, span('c')]])).toBe(
      '\x1b[1;2H\x1b[0;7mb\x1b[0m',
    );
  });

  it('blanks what is no longer there', () => {
    const { draw, terminal } = shown();
    draw('a long line', 'two');
    draw('a');
    expect(terminal.lines).toEqual(['a', '', '']);
  });

  it('gives wide characters two cells, and combining marks none', () => {
    const { draw, terminal } = shown(10, 1);
    draw('日本x');
    expect(terminal.cells[0]?.slice(0, 5)).toEqual(['日', '', '本', '', 'x']);
    draw('a日本');
    expect(terminal.lines).toEqual(['a日本']);
    draw('ab');
    expect(terminal.lines).toEqual(['ab']);
    draw('e\u0301x👩‍💻y');
    expect(terminal.lines).toEqual(['e\u0301x👩‍💻y']);
  });

  it('puts what follows an emoji with joiners where it belongs, whatever the terminal makes of that', () => {
    const { draw } = shown(20, 1);
    expect(draw('日é👩‍💻y🇨🇭z')).toContain('日é👩‍💻\x1b[1;6Hy🇨🇭\x1b[1;9Hz');
  });

  it('does not begin a wide character in the last cell', () => {
    const { draw, terminal } = shown(4, 1);
    draw('abc日');
    expect(terminal.lines).toEqual(['abc']);
  });

  it('lets no text speak to the terminal', () => {
    const { draw, terminal } = shown(40, 1);
    const bytes = draw('\x1b]0;title\x07\x9b2J\u202eabc\r\n');
    for (const control of ['\x07', '\x9b', '\r', '\n', '\u202e', '\x1b]'])
      expect(bytes).not.toContain(control);
    expect(terminal.lines[0]).toBe('?]0;title??2J?abc??');
  });

  it('shows the same after any changes as if it were drawn at once', () => {
    const words = ['', 'abc', '日本語', 'x👍y', 'é', '⣿⣿⡀', '│ ├─ python', '    ', '…'];
    let seed = 7;
    const random = (n: number): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    const { screen, terminal } = shown(24, 4);
    const text = (): string => Array.from({ length: random(3) }, () => words[random(words.length)]).join('');
    // Some parts stay, and so do some lines.
    let drawn = lines('', '', '', '');
    for (let round = 0; round < 300; round++) {
      drawn = drawn.map((line): Line => {
        if (random(3) === 0) return line;
        return Array.from({ length: random(4) }, (_, i) => (random(2) === 0 && line[i]) || span(text()));
      });
      terminal.write(screen.draw(drawn));
      const fresh = shown(24, 4);
      fresh.terminal.write(fresh.screen.draw(drawn));
      expect(terminal.lines).toEqual(fresh.terminal.lines);
    }
  });

  it('draws everything again after a change of size', () => {
    const { screen, draw } = shown();
    draw('one');
    screen.resize(30, 2);
    expect(screen.draw(lines('one'))).toContain('one');
  });
});

describe('a theme', () => {
  const of = (level: 0 | 1 | 2 | 3, background: 'dark' | 'light' = 'dark'): string =>
    themeOf(level, background)(styleOf({ role: 'bad' }));

  it('has the colours that the terminal has', () => {
    expect([of(1), of(2), of(3)]).toEqual([
      '\x1b[0;1;31m',
      '\x1b[0;1;38;5;203m',
      '\x1b[0;1;38;2;255;110;60m',
    ]);
    expect(of(3, 'light')).not.toBe(of(3));
  });

  it('can be read on its background, yellow and cyan of 16 colours being for dark ones alone', () => {
    const linear = (part: number): number =>
      part <= 10 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4;
    const brightness = ([red, green, blue]: readonly number[]): number =>
      0.2126 * linear(red ?? 0) + 0.7152 * linear(green ?? 0) + 0.0722 * linear(blue ?? 0);
    for (const { dark, light, basic, basicOnLight } of Object.values(COLOURS)) {
      // What WCAG asks for of text: 4.5.
      expect((brightness(dark) + 0.05) / 0.05).toBeGreaterThan(4.5);
      expect(1.05 / (brightness(light) + 0.05)).toBeGreaterThan(4.5);
      expect(['32', '33', '36']).not.toContain(basicOnLight);
      expect(basic).not.toBe('34');
    }
  });

  it('without colours has bold, dim and reverse alone', () => {
    const theme = themeOf(0, 'dark');
    expect(of(0)).toBe('\x1b[0;1m');
    expect(theme(styleOf({ role: 'dim' }))).toBe('\x1b[0;2m');
    expect(theme(styleOf({ role: 'load', reverse: true }))).toBe('\x1b[0;7m');
    expect(theme(styleOf({ role: 'load' }))).toBe('\x1b[0m');
  });

  it('is dark, unless the terminal says that it is light', () => {
    expect(['', '15;0', '0;15', '0;default;15', 'x'].map((COLORFGBG) => backgroundOf({ COLORFGBG }))).toEqual(
      ['dark', 'dark', 'light', 'light', 'dark'],
    );
  });
});
