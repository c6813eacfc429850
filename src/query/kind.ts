/** A kind spells a raw reading: as text, as JSON, with which unit. */
import { plainText } from '../base/plain-text.js';
import type { Past } from '../base/release.js';
import { likePrintf } from './decimals.js';
import type { Value } from './reading.js';

export type JsonScalar = number | string | boolean | null;

/** A reading as a metric: the base unit that Prometheus counts in, and how a raw reading becomes one. */
export interface BaseUnit {
  /** Appended to the name of the metric; '' for numbers without a unit. */
  readonly unit:
    | ''
    | 'bytes'
    | 'bytes_per_second'
    | 'celsius'
    | 'hertz'
    | 'joules'
    | 'ratio'
    | 'seconds'
    | 'watts';
  readonly times?: number;
  readonly per?: number;
  /** What is not 0 is 1. */
  readonly flag?: true;
}

export interface Kind {
  /** The unit after a value in `-q` and XML. */
  readonly unit?: string;
  /** The unit in the CSV header and after CSV values, where it is not the same as `unit`. */
  readonly csvUnit?: string;
  /** The value without its unit, plain: nothing in it breaks a line or speaks to a terminal. */
  spell(value: Value): string;
  /** The value as it was read, where that is not plain: for XML, which has escapes of its own. */
  raw?(value: Value): string;
  /** The value without its unit in CSV, where that has another word. */
  csv?(value: Value): string;
  /** All ones are read as a value, for which nvidia-smi has a word, or which it prints. Else they are read as no value. */
  readonly allOnes?: true;
  /** The value as JSON: a number in the field's unit, or the words. */
  json(value: Value): JsonScalar;
  /**
   * Whether a raw value can be true; what is not all ones, where this is left out. What cannot be is absent in JSON, in the
   * library, in metrics and in verdicts, with the reason `implausible`; nvidia-smi's own formats print it as nvidia-smi does.
   */
  plausible?(value: Value): boolean;
  /** The value as a metric. What is no number that can be counted or compared has none. */
  readonly metric?: BaseUnit;
  /** What `-q` prints for a value that the driver does not have; N/A where it is left out. */
  readonly absent?: string;
  /** How older drivers' nvidia-smi spelled it. */
  readonly past?: readonly Past<Kind>[];
}

/** Why a value that was read is absent. */
export const IMPLAUSIBLE = 'implausible';

/** Whether a raw value of a kind can be true. A text can, unless its kind knows better. */
export const isPlausible = ({ plausible }: Kind, value: Value): boolean =>
  plausible === undefined ? typeof value === 'string' || !isAllOnes(value) : plausible(value);

/** Table: which numbers a unit can have, for columns that are known by their unit alone. */
const PLAUSIBLE_IN: Readonly<Record<string, (value: number) => boolean>> = {
  '%': (value) => value >= 0 && value <= 100,
  // Idle silicon in a cold room is above -100, and solder melts below 200. Margins to a limit may be below zero.
  C: (value) => value > -200 && value < 200,
  // The largest module of a GPU and its CPU draws less than half of this.
  W: (value) => value >= 0 && value < 5000,
  // The memory clock of an RTX 4090 is 10501 MHz and that of an RTX 5090 14001: none has reached half of this.
  MHz: (value) => value >= 0 && value < 40_000,
  // All NVLinks of a B200 carry 1.7 million of these one way, and all lanes of PCIe 7.0 a seventh of it.
  'MiB/s': (value) => value >= 0 && value < 100_000_000,
  'KB/s': (value) => value >= 0 && value < 2_000_000_000,
};

const plausibleIn =
  (unit: keyof typeof PLAUSIBLE_IN, perUnit = 1) =>
  (value: Value): boolean =>
    PLAUSIBLE_IN[unit]?.(Number(value) / perUnit) ?? true;

/** All ones of 32 or 64 bits are a driver's mark for no value, in whatever width they arrive. Fewer ones are numbers that occur. */
const ALL_ONES: ReadonlySet<number> = new Set([0xffffffff, Number(0xffffffffffffffffn)]);
export const isAllOnes = (value: Value): boolean => ALL_ONES.has(Number(value));

/** Numbers that have words are small: all ones of 8 and 16 bits are none of them. */
const isOnesOfAnyWidth = (value: Value): boolean =>
  isAllOnes(value) || Number(value) === 0xff || Number(value) === 0xffff;

const PLAIN: BaseUnit = { unit: '' };

const jsonNumber = (value: Value): JsonScalar => {
  const number = Number(value);
  return typeof value === 'bigint' && !Number.isSafeInteger(number) ? value.toString() : number;
};

/** Text: a GPU, a process or a driver may call itself anything. */
export const text: Kind = { spell: (value) => plainText(String(value)), json: String, raw: String };

/** A plain number, with the unit that is printed after it. */
export const number = (unit?: string, metric: BaseUnit = PLAIN): Kind => ({
  ...(unit === undefined ? {} : { unit }),
  spell: String,
  json: jsonNumber,
  metric,
});

/** The same, measured: a number that the unit can have. */
export const measured = (unit: keyof typeof PLAUSIBLE_IN, metric: BaseUnit = PLAIN): Kind => ({
  ...number(unit, metric),
  plausible: plausibleIn(unit),
});

/** The id of a process: any number may be one, and all ones are the driver's for a process that it does not know. */
export const processId: Kind = { spell: String, json: jsonNumber, plausible: () => true };
export const count = number();

/** Generations and lanes of PCIe: 8 is the newest that is written down, and 32 the widest. */
export const pcieGeneration: Kind = { ...count, plausible: (value) => Number(value) <= 15 };
export const pcieLanes: Kind = { ...count, plausible: (value) => Number(value) <= 32 };

/** Percent of one where there may be several, such as processors: 350 are three and a half. */
export const percentOfOne = number('%', { unit: 'ratio', per: 100 });
/** nvml.h: the speed of a fan is in percent of what its noise allows, and may exceed 100. */
export const percentOfFan: Kind = { ...percentOfOne, plausible: (value) => Number(value) <= 200 };
export const percent = measured('%', percentOfOne.metric);
export const megahertz = measured('MHz', { unit: 'hertz', times: 1e6 });
export const microseconds = number('us', { unit: 'seconds', per: 1e6 });
export const milliseconds = number('ms', { unit: 'seconds', per: 1e3 });

/**
 * Nanoseconds, printed as whole microseconds. NVML counts clock event time in ns; nvidia-smi showed 9968435 us
 * on an H200 that had been at its power cap for ten seconds (580.159.04).
 */
export const nanoseconds: Kind = {
  unit: 'us',
  spell: (value) => String(wholeMicroseconds(value)),
  json: (value) => jsonNumber(wholeMicroseconds(value)),
  metric: { unit: 'seconds', per: 1e9 },
};

function wholeMicroseconds(nanoseconds: Value): number | bigint {
  return typeof nanoseconds === 'bigint' ? nanoseconds / 1000n : Math.floor(Number(nanoseconds) / 1000);
}

/** Degrees: CSV prints them bare, `-q` with C. Seen on the H100 and H200, 580.159.04. */
export const celsiusMargin: Kind = { ...measured('C', { unit: 'celsius' }), csvUnit: '' };

/** The same of a temperature, where -1 is all ones of a signed number. A margin to a limit may be -1. */
export const celsius: Kind = {
  ...celsiusMargin,
  plausible: (value) => Number(value) !== -1 && isPlausible(celsiusMargin, value),
};

const MEBIBYTE = 1024 * 1024;

/** Bytes in MiB, rounded up with every driver. */
export const mebibytesUp: Kind = {
  unit: 'MiB',
  spell: (bytes) => String(Math.ceil(Number(bytes) / MEBIBYTE)),
  json: (bytes) => Math.ceil(Number(bytes) / MEBIBYTE),
  metric: { unit: 'bytes' },
};

/**
 * Bytes, printed as MiB and rounded up, as memory.used + memory.free > memory.total - memory.reserved shows. Before 550 they
 * were cut (535.261.03 on the recording of two H200).
 */
export const mebibytes: Kind = {
  ...mebibytesUp,
  past: [{ until: 550, spell: (bytes) => String(Math.floor(Number(bytes) / MEBIBYTE)) }],
};

/** Memory of a process is cut with every driver (470, 525, 535 and 550 on the fake). */
export const mebibytesOfProcess: Kind = {
  ...mebibytesUp,
  spell: (bytes) => String(Math.floor(Number(bytes) / MEBIBYTE)),
  json: (bytes) => Math.floor(Number(bytes) / MEBIBYTE),
};

/** Milliwatts, printed as W with two decimals of a 32-bit float: 76285 mW are 76.29 W (H100, 580.159.04). */
export const watts: Kind = {
  unit: 'W',
  spell: (milliwatts) => likePrintf(Math.fround(Number(milliwatts) / 1000), 2),
  json: (milliwatts) => Math.round(Number(milliwatts) / 10) / 100,
  plausible: plausibleIn('W', 1000),
  metric: { unit: 'watts', per: 1000 },
};

/** The same of samples, which are 64-bit floats there: 80825 mW are 80.83 W (two H200, 580.159.04). */
export const wattsOfSamples: Kind = {
  ...watts,
  spell: (milliwatts) => likePrintf(Number(milliwatts) / 1000, 2),
};

/** Hexadecimal with 0x and at least so many capital digits. */
export const hex = (digits: number): Kind => {
  const spell = (value: Value): string => `0x${value.toString(16).toUpperCase().padStart(digits, '0')}`;
  return { spell, json: spell, allOnes: true };
};

/** A number that means a word. What the table lacks is `other`. */
export const words = (table: Readonly<Record<number, string>>, other = 'Unknown'): Kind => {
  const spell = (value: Value): string => table[Number(value)] ?? other;
  return {
    spell,
    json: spell,
    metric: PLAIN,
    allOnes: true,
    plausible: (value) => table[Number(value)] !== undefined || !isOnesOfAnyWidth(value),
  };
};

/** The same where a number without a word is absent in JSON, in the library and in verdicts. */
export const knownWords = (table: Readonly<Record<number, string>>): Kind => ({
  ...words(table),
  plausible: (value) => table[Number(value)] !== undefined,
});

/** A number that means true or false: words in text, a boolean in JSON. */
const flag = (no: string, yes: string): Kind => ({
  spell: (value) => (Number(value) === 0 ? no : yes),
  json: (value) => Number(value) !== 0,
  metric: { unit: '', flag: true },
  allOnes: true,
  plausible: (value) => Number(value) >= 0 && !isOnesOfAnyWidth(value),
});

export const enabled = flag('Disabled', 'Enabled');

/** A MIG mode: another number than 1 is Disabled (550.163.01 on the fake), and in JSON no value. */
export const enabledByOne: Kind = {
  ...enabled,
  spell: (value) => (Number(value) === 1 ? 'Enabled' : 'Disabled'),
  plausible: (value) => Number(value) <= 1,
};

/** An nvmlEnableState_t: the same, but for CSV, where another number than 0 and 1 is Unknown (550.163.01 on the fake). */
export const enableState: Kind = {
  ...enabledByOne,
  csv: (value) => (Number(value) <= 1 ? enabled.spell(value) : 'Unknown'),
};

export const yesNo = flag('No', 'Yes');
export const active = flag('Not Active', 'Active');
/** The words of a vGPU host's capabilities. */
export const supported = flag('Not Supported', 'Supported');

/** A performance state: P0 is the fastest. */
export const pstate: Kind = knownWords(
  Object.fromEntries(Array.from({ length: 16 }, (_, i) => [i, `P${i}`])),
);

/** A memory address: 0x and 16 small digits. */
export const address: Kind = (() => {
  const spell = (value: Value): string => `0x${value.toString(16).padStart(16, '0')}`;
  return { spell, json: spell, allOnes: true };
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
