/** Options of nvidia-smi that change a GPU: recognised, left out of the help, and refused. */
import type { OptionSpec, Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { plainly } from '../plain-text.js';

export interface Setter extends OptionSpec {
  readonly setter: true;
}

export const setter = (short: string | undefined, long: string, value?: OptionSpec['value']): Setter => ({
  ...(short === undefined ? {} : { short: [short] }),
  long,
  ...(value === undefined ? {} : { value }),
  help: 'Changes the GPU; nvsmi only reads.',
  hidden: true,
  setter: true,
});

/** Throws UsageError where a command line would change a GPU. */
export function refuseSetters(tokens: readonly Token[]): void {
  const token = tokens.find(({ spec }) => 'setter' in spec);
  if (token === undefined) return;
  throw new UsageError(
    plainly`Option "${token.written}" changes the GPU, and nvsmi only reads. Use nvidia-smi for it.`,
  );
}
