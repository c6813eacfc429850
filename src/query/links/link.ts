/** Fields of a link of a GPU: which it is, whether it is up, and what is asked about one that is. */
import { NOT_SUPPORTED } from '../../nvml/status.js';
import type { Wanted } from '../ask/asking.js';
import { sixDigits } from '../decimals.js';
import { asks, type Field, item } from '../field.js';
import { count, type Kind } from '../kind.js';

/** Megabytes a second, printed as GB/s with six digits: 26.562 (H200, 580.159.04), 25 (A100), 4.29497e+06 (535 and 550 on the fake). */
export const gigabytesPerSecond: Kind = {
  unit: 'GB/s',
  spell: (value) => sixDigits(Number(value) / 1000),
  json: (value) => Number(value) / 1000,
  metric: { unit: 'bytes_per_second', times: 1e6 },
};

export const yes: Kind = {
  spell: (value) => String(Number(value) !== 0),
  json: (value) => Number(value) !== 0,
  metric: { unit: '', flag: true },
};

export const linkNumber: Field = {
  names: ['link'],
  help: 'Number of the link.',
  kind: count,
  source: item('link'),
  metric: null,
};

export const linkActive: Field = {
  names: ['active'],
  help: 'Whether the link is up.',
  kind: yes,
  source: item('active'),
};

/** Something that can be asked about a link by its number. */
export const linkField = (
  name: string,
  label: string,
  kind: Kind,
  of: (link: number) => Wanted,
  help: string,
): Field => ({
  names: [name],
  label,
  help,
  kind,
  source: asks(({ link, active }) => (active === 0 ? NOT_SUPPORTED : of(Number(link)))),
});
