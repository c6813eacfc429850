/** The list of our metrics, as a document. */
import { families } from '../../src/exporter/dialects/nvsmi.js';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const metricsPage = (): string =>
  [
    '# The metrics of `nvsmi exporter`',
    '',
    'Written by tools/deploy.ts from the fields: `npm run generate`. What a GPU does not have is absent.',
    '',
    '| metric | type | field | |',
    '| --- | --- | --- | --- |',
    ...[...families].map(
      ([field, { name, type, help }]) => `| \`${name}\` | ${type} | \`${field}\` | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
