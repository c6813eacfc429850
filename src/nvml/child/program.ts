/** The program that calls NVML for another one: nvsmi itself, with an argument. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ownFile } from '../here.js';
import { CALLS_ARGUMENT } from './argument.js';

export interface Program {
  readonly file: string;
  readonly args: readonly string[];
}

/** Where nvsmi's program is, as seen from its own bundles, from those of the library, and from the sources. */
const PLACES = ['nvsmi.js', '../cli/nvsmi.js', '../../dist/cli/nvsmi.js'];

/** What a standalone binary has in the place of a script. */
const INSIDE = '/$bunfs/';

/** How to start it. Throws where a bundler has left it out. */
export function callsProgram(library: string | undefined): Program {
  const own = ownFile();
  const args = [CALLS_ARGUMENT, ...(library === undefined ? [] : [library])];
  if (own === undefined || own.startsWith(INSIDE)) return { file: process.execPath, args };
  const script = PLACES.map((place) => join(dirname(own), place)).find((path) => existsSync(path));
  if (script === undefined) {
    throw new Error(
      `the program of nvsmi, which calls NVML where there is a timeout, is not where its code is (${dirname(own)}): let the bundler leave nvsmi outside ("external")`,
    );
  }
  return { file: process.execPath, args: [script, ...args] };
}
