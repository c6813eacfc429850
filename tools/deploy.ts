/** Writes the dashboards and rules below deploy/, and docs/metrics.md, from the metrics that there are; with --check compares instead. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dashboardJson, dashboards } from './deploy/dashboards.js';
import { metricsPage } from './deploy/metrics-page.js';
import { alertRules, alertTests, recordingRules } from './deploy/rules.js';

const ROOT = new URL('../deploy/', import.meta.url);

/** What is written, by its path below deploy/. */
export const written = (): Readonly<Record<string, string>> => ({
  'prometheus/alerts.yml': alertRules(),
  'prometheus/alerts.test.yml': alertTests(),
  'prometheus/recording.yml': recordingRules(),
  '../docs/metrics.md': metricsPage(),
  ...Object.fromEntries(dashboards.map((each) => [`grafana/${each.file}`, dashboardJson(each)])),
});

if (process.argv[1]?.endsWith('deploy.ts') === true) {
  for (const folder of ['prometheus', 'grafana']) mkdirSync(new URL(folder, ROOT), { recursive: true });
  for (const [path, text] of Object.entries(written())) {
    const url = new URL(path, ROOT);
    if (!process.argv.includes('--check')) writeFileSync(url, text);
    else if (readFileSync(url, 'utf8') !== text) {
      console.error(`deploy/${path} is not what the metrics make: npm run generate`);
      process.exitCode = 1;
    }
  }
}
