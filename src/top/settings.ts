/** The settings of the monitor that are kept: top.json in the folder of nvsmi's settings. */
import { type CheckedShape, described, flag, numberFrom, oneOf } from '../base/checked-shape.js';
import { type Form, faultText, objectOf, optional } from '../base/form.js';
import { jsonText } from '../base/plain-text.js';
import type { Schema } from '../base/shape.js';
import { nearestNames } from '../query/nearest.js';
import { SORT_WORDS } from '../watch/process-columns.js';

export interface Settings {
  /** Seconds between two samples. */
  readonly interval: number;
  /** Seconds that a graph shows. */
  readonly span: number;
  readonly sort: string;
  readonly reverse: boolean;
  readonly tree: boolean;
  readonly graphs: boolean;
  readonly theme: 'auto' | 'dark' | 'light';
  readonly mouse: boolean;
}

export const INTERVALS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60] as const;
export const SPANS = [30, 60, 120, 300, 600, 1800, 3600] as const;

export const USUAL: Settings = {
  interval: 1,
  span: 60,
  sort: 'gpu',
  reverse: false,
  tree: false,
  graphs: true,
  theme: 'auto',
  mouse: true,
};

/** Table: the settings. */
const SETTINGS: Readonly<Record<keyof Settings, CheckedShape<unknown>>> = {
  interval: described(numberFrom(0.1, 3600), 'Seconds between two samples.'),
  span: described(numberFrom(10, 86400), 'Seconds that a graph shows.'),
  sort: described(oneOf(SORT_WORDS), 'The column that processes are sorted by.'),
  reverse: described(flag, 'Sorted the other way round.'),
  tree: described(flag, 'Processes as a tree.'),
  graphs: described(flag, 'Graphs where there is room for them.'),
  theme: described(
    oneOf(['auto', 'dark', 'light']),
    'Colours for a dark or a light background; auto asks COLORFGBG.',
  ),
  mouse: described(flag, 'Clicks and the wheel go to the monitor, not to the terminal.'),
};

const FILE: Form = objectOf(
  Object.fromEntries(Object.entries(SETTINGS).map(([name, each]) => [name, optional(each.form)])),
);

const NAMES = Object.keys(SETTINGS) as readonly (keyof Settings)[];

/** A schema may be named in the file. */
const SCHEMA_KEY = '$schema';

/** The schema of the file. */
export const settingsSchema: Schema = {
  type: 'object',
  properties: {
    [SCHEMA_KEY]: { type: 'string' },
    ...Object.fromEntries(NAMES.map((name) => [name, { ...SETTINGS[name].schema, default: USUAL[name] }])),
  },
  additionalProperties: false,
};

const isSetting = (name: string): boolean => Object.hasOwn(SETTINGS, name);

/** The settings of a text, or what is wrong with it, in one line. */
export function parseSettings(text: string): Settings | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${(error as Error).message.split('\n', 1)[0]}`;
  }
  const fault = FILE(json);
  if (fault !== undefined) return faultText(fault);
  const given = json as Partial<Settings>;
  const unknown = Object.keys(given).find((name) => name !== SCHEMA_KEY && !isSetting(name));
  if (unknown === undefined) {
    const known = Object.entries(given).filter(([name]) => isSetting(name));
    return { ...USUAL, ...Object.fromEntries(known) };
  }
  const near = nearestNames(unknown, NAMES);
  return `there is no setting ${jsonText(unknown)}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`;
}

/** What is kept of a state, one setting a line. */
export const settingsText = (settings: Settings): string => {
  const kept = Object.fromEntries(NAMES.map((name) => [name, settings[name]]));
  return `${jsonText(kept, 2)}\n`;
};

/** Where the settings are; undefined where there is no home for them. */
export function settingsPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_CONFIG_HOME = '', HOME = '' } = env;
  // A path that is not absolute is to be ignored (XDG Base Directory Specification).
  const folder = XDG_CONFIG_HOME.startsWith('/') ? XDG_CONFIG_HOME : HOME === '' ? '' : `${HOME}/.config`;
  return folder === '' ? undefined : `${folder}/nvsmi/top.json`;
}
