/** The main script of the standalone binary: runs the bundles that it has inside. */
import { getRawAsset } from 'node:sea';
import { requireOf } from './bundles.js';

declare const require: (name: string) => unknown;

/** Bundles that have code of an earlier run. Written here by the build. */
declare const CODED: readonly string[];

const asset = (name: string): Buffer => Buffer.from(getRawAsset(name) as ArrayBuffer);

requireOf(
  {
    // Bundles are ASCII: one byte a character, without decoding.
    text: (name) => asset(name).toString('latin1'),
    code: (name) => (CODED.includes(name) ? asset(`${name}.code`) : undefined),
  },
  require,
)('./nvsmi.js');
