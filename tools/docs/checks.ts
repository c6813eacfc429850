/** The tables of docs/health.md: the checks of doctor and health, the limits, the Xids. */
import { doctorChecks } from '../../src/doctor/checks.js';
import { xids } from '../../src/events/xids.js';
import { healthChecks } from '../../src/health/checks/index.js';
import { LIMITS } from '../../src/health/expectations.js';

const cell = (text: string | number): string => String(text).replaceAll('|', '\\|');

const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string =>
  [head, head.map(() => '---'), ...rows]
    .map((row, i) => (i === 1 ? `|${row.join('|')}|` : `| ${row.map(cell).join(' | ')} |`))
    .join('\n');

const TABLES: Readonly<Record<string, string>> = {
  doctor: table(
    ['check', 'looks at'],
    doctorChecks.map(({ id, looksAt }) => [`\`${id}\``, looksAt]),
  ),
  health: table(
    ['check', 'judges', 'warns when', 'fails when'],
    healthChecks.map(({ id, about, warns = '', fails = '' }) => [`\`${id}\``, about, warns, fails]),
  ),
  limits: table(
    ['limit', 'default'],
    Object.entries(LIMITS).map(([name, value]) => [`\`${name}\``, value]),
  ),
  xids: table(
    ['Xid', 'severity', 'meaning', 'what to do'],
    xids.map(({ number, severity, meaning, action }) => [number, severity, meaning, action]),
  ),
};

/** A document with its tables. Throws for a table that there is not. */
export const withTables = (text: string): string =>
  text.replace(
    /(<!-- table: (\w+) -->\n)[\s\S]*?(\n<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      const made = TABLES[name];
      if (made === undefined) throw new Error(`no table ${name}`);
      return `${begin}${made}${end}`;
    },
  );
