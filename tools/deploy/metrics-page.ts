/** The list of our metrics, as a document. */
import { families } from '../../src/exporter/dialects/nvsmi.js';
import { healthFamilies } from '../../src/exporter/health-points.js';
import { ownFamilies } from '../../src/exporter/own-metrics.js';

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

export const metricsPage = (): string =>
  [
    '# The metrics of `nvsmi exporter`',
    '',
    'Generated from the fields by `npm run generate`. A metric that a GPU does not support is absent.',
    '',
    '| metric | type | field | description |',
    '| --- | --- | --- | --- |',
    ...[...families].map(
      ([field, { name, type, help }]) => `| \`${name}\` | ${type} | \`${field}\` | ${cell(help)} |`,
    ),
    '',
    'Metrics of the health checks and of the exporter itself:',
    '',
    '| metric | type | description |',
    '| --- | --- | --- |',
    ...[...Object.values(healthFamilies), ...ownFamilies].map(
      ({ name, type, help }) => `| \`${name}\` | ${type} | ${cell(help)} |`,
    ),
    '',
  ].join('\n');
