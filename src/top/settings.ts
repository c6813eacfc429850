/** The settings of the monitor that are kept: top.json in the folder of nvsmi's settings. */
import { type Form, faultText, form, number, objectOf, oneOf, optional } from '../base/form.js';
import { jsonText } from '../base/plain-text.js';
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

const flag = form('true or false', (json) => typeof json === 'boolean');

/** Table: the form of each setting. */
const FORMS: Readonly<Record<keyof Settings, Form>> = {
  interval: number(0.1, 3600),
  span: number(10, 86400),
  sort: oneOf(...SORT_WORDS),
  reverse: flag,
  tree: flag,
  graphs: flag,
  theme: oneOf('auto', 'dark', 'light'),
  mouse: flag,
};

const FILE: Form = objectOf(
  Object.fromEntries(Object.entries(FORMS).map(([name, each]) => [name, optional(each)])),
);

const NAMES = Object.keys(FORMS);

/** A schema may be named in the file. */
const SCHEMA_KEY = '$schema';

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
  const unknown = Object.keys(given).find((name) => name !== SCHEMA_KEY && !NAMES.includes(name));
  if (unknown === undefined) {
    const known = Object.entries(given).filter(([name]) => NAMES.includes(name));
    return { ...USUAL, ...Object.fromEntries(known) };
  }
  const near = nearestNames(unknown, NAMES);
  return `there is no setting ${jsonText(unknown)}${near.length === 0 ? '' : `; did you mean ${near.join(' or ')}?`}`;
}

/** What is kept of a state, one setting a line. */
export const settingsText = (settings: Settings): string => {
  const kept = Object.fromEntries(NAMES.map((name) => [name, settings[name as keyof Settings]]));
  return `${jsonText(kept, 2)}\n`;
};

/** Where the settings are; undefined where there is no home for them. */
export function settingsPath(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { XDG_CONFIG_HOME = '', HOME = '' } = env;
  // A path that is not absolute is to be ignored (XDG Base Directory Specification).
  const folder = XDG_CONFIG_HOME.startsWith('/') ? XDG_CONFIG_HOME : HOME === '' ? '' : `${HOME}/.config`;
  return folder === '' ? undefined : `${folder}/nvsmi/top.json`;
}
