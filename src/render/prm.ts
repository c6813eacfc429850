/** `prm`: lists and values, as the public manual of nvidia-smi describes them; not seen on a GPU yet. */
import type { PrmCounter } from '../query/prm.js';

const NAME_WIDTH = 34;
const indented = (line: string): string => `    ${line}\n`;

export const prmListText = (registers: readonly string[], counters: readonly PrmCounter[]): string =>
  [
    'Supported PRM registers:\n',
    ...registers.map(indented),
    'Supported PRM counters:\n',
    indented(`${'CLI name'.padEnd(NAME_WIDTH)}Description`),
    ...counters.map(({ name, place }) => indented(name.padEnd(NAME_WIDTH) + place)),
  ].join('');

export const prmParametersText = (counter: string, parameters: readonly string[]): string =>
  `Supported PRM parameters for counter ${counter}:\n${parameters.map(indented).join('')}`;

export const prmValueText = (name: string, value: number | bigint): string =>
  `${name} ==> 0x${value.toString(16)}\n`;
