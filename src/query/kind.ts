/** A kind spells a raw reading: as text, as JSON, with which unit. */
import { plainText } from '../plain-text.js';
import type { Past } from '../release.js';
import { likePrintf } from './decimals.js';
import type { Value } from './reading.js';

export type JsonScalar = number | string | boolean | null;

export interface Kind {
  /** The unit behind a value in `-q` and XML. */
  readonly unit?: string;
  /** The unit in the CSV header and behind CSV values, where it is not the same as `unit`. */
  readonly csvUnit?: string;
  /** The value without its unit, plain: nothing in it breaks a line or speaks to a terminal. */
  spell(value: Value): string;
  /** The value as it was read, where that is not plain: for XML, which has escapes of its own. */
  raw?(value: Value): string;
  /** The value as JSON: a number in the field's unit, or the words. */
  json(value: Value): JsonScalar;
  /** How older drivers' nvidia-smi spelled it. */
  readonly past?: readonly Past<Kind>[];
}

const jsonNumber = (value: Value): JsonScalar => {
  const number = Number(value);
  return typeof value === 'bigint' && !Number.isSafeInteger(number) ? value.toString() : number;
};

/** Text: a GPU, a process or a driver may call itself anything. */
export const text: Kind = { spell: (value) => plainText(String(value)), json: String, raw: String };

/** A plain number, with the unit that is printed behind it. */
export const number = (unit?: string): Kind => ({
  ...(unit === undefined ? {} : { unit }),
  spell: String,
  json: jsonNumber,
});

export const count = number();
export const percent = number('%');
export const megahertz = number('MHz');
export const microseconds = number('us');
export const milliseconds = number('ms');

/**
 * Nanoseconds, printed as whole microseconds. NVML counts clock event time in ns; nvidia-smi showed 9968435 us
 * on an H200 that had been at its power cap for ten seconds (580.159.04).
 */
export const nanoseconds: Kind = {
  unit: 'us',
  spell: (value) => String(wholeMicroseconds(value)),
  json: (value) => jsonNumber(wholeMicroseconds(value)),
};

function wholeMicroseconds(nanoseconds: Value): number | bigint {
  return typeof nanoseconds === 'bigint' ? nanoseconds / 1000n : Math.floor(Number(nanoseconds) / 1000);
}

/** Degrees: CSV prints them bare, `-q` with C. Seen on the H100 and H200, 580.159.04. */
export const celsius: Kind = { ...number('C'), csvUnit: '' };

const MEBIBYTE = 1024 * 1024;

/** Bytes in MiB, rounded up with every driver. */
export const mebibytesUp: Kind = {
  unit: 'MiB',
  spell: (bytes) => String(Math.ceil(Number(bytes) / MEBIBYTE)),
  json: (bytes) => Math.ceil(Number(bytes) / MEBIBYTE),
};

/**
 * Bytes, printed as MiB and rounded up, as memory.used + memory.free > memory.total - memory.reserved shows. Before 550 they
 * were cut (535.261.03 on the recording of two H200).
 */
export const mebibytes: Kind = {
  ...mebibytesUp,
  past: [{ until: 550, spell: (bytes) => String(Math.floor(Number(bytes) / MEBIBYTE)) }],
};

/** Milliwatts, printed as W with two decimals of a 32-bit float: 76285 mW are 76.29 W (H100, 580.159.04). */
export const watts: Kind = {
  unit: 'W',
  spell: (milliwatts) => likePrintf(Math.fround(Number(milliwatts) / 1000), 2),
  json: (milliwatts) => Math.round(Number(milliwatts) / 10) / 100,
};

/** Hexadecimal with 0x and at least so many capital digits. */
export const hex = (digits: number): Kind => {
  const spell = (value: Value): string => `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
  return { spell, json: spell };
};

/** A number that stands for a word. What the table lacks is `other`. */
export const words = (table: Readonly<Record<number, string>>, other = 'Unknown'): Kind => {
  const spell = (value: Value): string => table[Number(value)] ?? other;
  return { spell, json: spell };
};

/** A number that stands for true or false: words in text, a boolean in JSON. */
const flag = (no: string, yes: string): Kind => ({
  spell: (value) => (Number(value) === 0 ? no : yes),
  json: (value) => Number(value) !== 0,
});

export const enabled = flag('Disabled', 'Enabled');
export const yesNo = flag('No', 'Yes');
export const active = flag('Not Active', 'Active');
/** The words of a vGPU host's capabilities. */
export const supported = flag('Not Supported', 'Supported');

/** A performance state: P0 is the fastest. */
export const pstate: Kind = words(Object.fromEntries(Array.from({ length: 16 }, (_, i) => [i, `P${i}`])));

/** A memory address: 0x and 16 small digits. */
export const address: Kind = (() => {
  const spell = (value: Value): string => `0x${value.toString(16).padStart(16, '0')}`;
  return { spell, json: spell };
})();

/** Milliseconds since the epoch: local time in CSV (2026/11/23 00:53:13.616), ISO 8601 in JSON. */
export const timestamp: Kind = {
  spell: (value) => {
    const d = new Date(Number(value));
    const two = (n: number): string => String(n).padStart(2, '0');
    const date = `${d.getFullYear()}/${two(d.getMonth() + 1)}/${two(d.getDate())}`;
    const time = `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
    return `${date} ${time}.${String(d.getMilliseconds()).padStart(3, '0')}`;
  },
  json: (value) => new Date(Number(value)).toISOString(),
};

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A time as C's asctime spells it, in local time: Mon Nov 23 00:47:09 2026. */
export function asctime(time: Date): string {
  const clock = [time.getHours(), time.getMinutes(), time.getSeconds()]
    .map((n) => String(n).padStart(2, '0'))
    .join(':');
  const day = String(time.getDate()).padStart(2);
  return `${DAYS[time.getDay()]} ${MONTHS[time.getMonth()]} ${day} ${clock} ${time.getFullYear()}`;
}

/** Seconds since the epoch: local time in text, ISO 8601 in JSON. What no calendar has is the number itself, or null. */
export const calendarTime: Kind = {
  spell: (value) => {
    const time = new Date(Number(value) * 1000);
    return Number.isNaN(time.getTime()) ? String(value) : asctime(time);
  },
  json: (value) => {
    const time = new Date(Number(value) * 1000);
    return Number.isNaN(time.getTime()) ? null : time.toISOString();
  },
};
