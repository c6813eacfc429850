/** A state or expectation file that cannot be used: torn, of another version, of another machine. */
import { plainly } from '../base/plain-text.js';

export class BadFile extends Error {
  override readonly name = 'BadFile';

  constructor(
    readonly path: string,
    readonly reason: string,
  ) {
    super(plainly`${path}: ${reason}`);
  }
}
