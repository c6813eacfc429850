/** The colours of roles: for terminals with 16, 256 or all colours, dark or light, and without any. */
import { ROLES, type Role, type StyledText } from './span.js';

/** As chalk counts them: none, 16, 256, all. */
export type ColourLevel = 0 | 1 | 2 | 3;
export type BackgroundColour = 'dark' | 'light';

type Rgb = readonly [red: number, green: number, blue: number];

interface Colour {
  /** SGR of the 16 colours; blue is too dark on black. */
  readonly basic: string;
  /** The same on a light background, where yellow, green and cyan are too bright to be read. */
  readonly basicOnLight: string;
  readonly dark: Rgb;
  readonly light: Rgb;
}

/**
 * Table: good and bad differ in brightness and in blue against orange, which all kinds of colour blindness keep apart (after the
 * palette of Okabe and Ito, brighter on dark and darker on light backgrounds). What is bad is bold, too, with any colours.
 */
export const COLOURS: Readonly<Partial<Record<Role, Colour>>> = {
  title: { basic: '36', basicOnLight: '34', dark: [86, 180, 233], light: [0, 95, 150] },
  good: { basic: '36', basicOnLight: '34', dark: [86, 200, 200], light: [0, 110, 110] },
  warn: { basic: '33', basicOnLight: '35', dark: [230, 159, 0], light: [150, 95, 0] },
  bad: { basic: '31', basicOnLight: '31', dark: [255, 110, 60], light: [185, 60, 0] },
  memory: { basic: '35', basicOnLight: '35', dark: [204, 150, 190], light: [150, 60, 120] },
  load: { basic: '36', basicOnLight: '34', dark: [110, 170, 250], light: [0, 85, 170] },
  power: { basic: '33', basicOnLight: '31', dark: [225, 200, 80], light: [125, 105, 0] },
  other: { basic: '32', basicOnLight: '35', dark: [80, 190, 140], light: [0, 120, 80] },
};

const DIM = '2';
const RESET = '\x1b[0m';

/** The nearest colour of the cube of 256: six steps of each part. */
function cubed([red, green, blue]: Rgb): number {
  const step = (part: number): number => (part < 48 ? 0 : part < 115 ? 1 : Math.floor((part - 35) / 40));
  return 16 + 36 * step(red) + 6 * step(green) + step(blue);
}

function sgrOf(role: Role, level: ColourLevel, background: BackgroundColour): string {
  if (role === 'dim') return DIM;
  const colour = COLOURS[role];
  if (colour === undefined || level === 0) return role === 'bad' || role === 'warn' ? '1' : '';
  const code = colourCode(colour, level, background);
  return role === 'bad' ? `1;${code}` : code;
}

function colourCode(colour: Colour, level: ColourLevel, background: BackgroundColour): string {
  if (level === 1) return background === 'light' ? colour.basicOnLight : colour.basic;
  const rgb = colour[background];
  return level === 2 ? `38;5;${cubed(rgb)}` : `38;2;${rgb.join(';')}`;
}

/** A style as a number: the place of its role, and two bits. Cells of a screen are compared by it. */
export const styleOf = ({ role = 'plain', bold, reverse }: Omit<StyledText, 'text'>): number =>
  ROLES.indexOf(role) * 4 + (bold ? 2 : 0) + (reverse ? 1 : 0);

/** The sequence that sets a style, whatever was set before. */
export type Theme = (style: number) => string;

export function themeOf(level: ColourLevel, background: BackgroundColour): Theme {
  const known = ROLES.flatMap((role) =>
    [0, 1, 2, 3].map((bits) => {
      const parts = [sgrOf(role, level, background), bits & 2 ? '1' : '', bits & 1 ? '7' : ''];
      const codes = parts.filter((part) => part !== '');
      return codes.length === 0 ? RESET : `\x1b[0;${codes.join(';')}m`;
    }),
  );
  return (style) => known[style] ?? RESET;
}

/** Dark, unless the terminal says otherwise: COLORFGBG ends with the number of the background, 7 and 15 are light. */
export function backgroundOf(env: Readonly<Record<string, string | undefined>>): BackgroundColour {
  const ground = Number((env.COLORFGBG ?? '').split(';').at(-1) || Number.NaN);
  return ground === 7 || ground === 15 ? 'light' : 'dark';
}
