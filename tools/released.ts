/** The date of the newest release in the changelog; of the first one while there is none. What is built bears this date. */
import { readFileSync } from 'node:fs';

const FIRST_RELEASE = '2026-11-26';

export function released(): string {
  const changes = readFileSync(new URL('../CHANGELOG.md', import.meta.url), 'utf8');
  return /^## \[\d[^\]]*\] - (\d{4}-\d\d-\d\d)$/m.exec(changes)?.[1] ?? FIRST_RELEASE;
}
