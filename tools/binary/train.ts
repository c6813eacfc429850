/**
 * Runs one command of the bundles in a folder, as the binary would, and writes what V8 compiled of each beside it when
 * it ends, unless an earlier run left more there: train.js FOLDER ARGUMENTS...
 */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Script } from 'node:vm';
import { requireOf } from './bundles.js';

declare const require: (name: string) => unknown;

const [folder = ''] = process.argv.splice(2, 1);
const path = (name: string): string => join(folder, name);
const scripts = new Map<string, Script>();

process.once('exit', () => {
  for (const [name, script] of scripts) {
    const code = script.createCachedData();
    const kept = path(`${name}.code`);
    if (!existsSync(kept) || statSync(kept).size < code.length) writeFileSync(kept, code);
  }
});

/** What a binary has inside lies in the folder here. */
const sea = {
  getAsset: (name: string, encoding?: 'utf8'): unknown => {
    const bytes = readFileSync(path(name));
    return encoding === undefined ? new Uint8Array(bytes).buffer : bytes.toString(encoding);
  },
};

requireOf(
  { text: (name) => readFileSync(path(name), 'latin1'), code: () => undefined },
  (name) => (name === 'node:sea' ? sea : require(name)),
  (name, script) => scripts.set(name, script),
)('./nvsmi.js');
