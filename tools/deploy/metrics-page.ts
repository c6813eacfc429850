/** The list of our metrics, as a document. */
import { families } from '../../src/exporter/dialects/nvsmi.js';
import { healthFamilies } from '../../src/exporter/health-points.js';
import { ownFamilies } from '../../src/exporter/own-metrics.js';

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
    'Of no field, but of the health checks and of the exporter itself:',
    '',
    '| metric | type | |',
    '| --- | --- | --- |',
    ...[...Object.values(healthFamilies), ...ownFamilies].map(
      ({ name, type, help }) => `| \`${name}\` | ${type} | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
