/** The program that calls NVML for another one: nvsmi itself, with an argument. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFile } from '../../here.js';
import { CALLS_ARGUMENT } from './argument.js';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** Where nvsmi's program is, as seen from its own bundles, from those of the library, and from the sources. */
const PLACES = ['nvsmi.js', '../cli/nvsmi.js', '../../dist/cli/nvsmi.js'];

/** How to start it. Throws where a bundler has left it out. A standalone binary has another file for this. */
export function callsProgram(library: string | undefined): Program {
  const folder = dirname(ownFile() ?? '');
  const script = PLACES.map((place) => join(folder, place)).find((path) => existsSync(path));
  if (script === undefined) {
    throw new Error(
      `the program of nvsmi, which calls NVML where there is a timeout, is not where its code is (${folder}): let the bundler leave nvsmi outside ("external")`,
    );
  }
  const args = library === undefined ? [] : [library];
  return { file: process.execPath, args: [script, CALLS_ARGUMENT, ...args] };
}
