/** Writes errors.ts: a class for each status that is an error. */
import { api } from './api.js';

/** NVML_ERROR_GPU_IS_LOST → NVMLError_GpuIsLost, as nvidia-ml-py names them. */
export const errorClass = (symbol: string): string =>
  `NVMLError_${symbol
    .replace('NVML_ERROR_', '')
    .split('_')
    .map((word) => word.charAt(0) + word.slice(1).toLowerCase())
    .join('')}`;

const errorSymbols: readonly string[] = Object.keys(api.enums.nvmlReturn_t ?? {}).filter((name) =>
  name.startsWith('NVML_ERROR_'),
);

export function errors(): string {
  const classes = errorSymbols.map((symbol) => {
    const name = errorClass(symbol);
    return [
      `/** {@link c.${symbol}} (${api.enums.nvmlReturn_t?.[symbol]}) */`,
      `export class ${name} extends NVMLError {`,
      `  override get name(): '${name}' {`,
      `    return '${name}';`,
      '  }',
      '  constructor(fn?: string, message?: string) {',
      `    super(c.${symbol}, fn, message);`,
      '  }',
      '}',
    ].join('\n');
  });
  const own = [
    '/** Ours: NVML has not answered in time (124, the status of timeout(1)). */',
    'export class NVMLError_NoAnswer extends NVMLError {',
    "  override get name(): 'NVMLError_NoAnswer' {",
    "    return 'NVMLError_NoAnswer';",
    '  }',
    '  constructor(fn?: string, message?: string) {',
    '    super(NO_ANSWER, fn, message);',
    '  }',
    '}',
  ].join('\n');
  const table = errorSymbols.map((symbol) => `  [c.${symbol}]: ${errorClass(symbol)},`);
  return [
    "import { NVMLError, type NVMLErrorClass } from '../functions/error.js';",
    "import { NO_ANSWER } from '../status.js';",
    "import * as c from './constants.js';",
    '',
    ...classes,
    own,
    '',
    'export const ERROR_CLASSES: Readonly<Record<number, NVMLErrorClass>> = {',
    ...table,
    '  [NO_ANSWER]: NVMLError_NoAnswer,',
    '};',
    '',
  ].join('\n');
}
