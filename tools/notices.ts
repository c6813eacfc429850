/** Writes dist/THIRD-PARTY-NOTICES.txt: the licences of the packages that the bundles contain. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const { metafile } = await build({
  entryPoints: [
    'src/cli/subcommands.ts',
    'src/base/style.ts',
    'src/commands/report/report.ts',
    'src/commands/query/help.ts',
    'src/index.ts',
  ],
  bundle: true,
  platform: 'node',
  format: 'esm',
  external: ['koffi'],
  metafile: true,
  write: false,
  outdir: 'dist',
  logLevel: 'silent',
});

/** The package's folder of a file in node_modules, nested ones included. */
const packageOf = (file: string): string | undefined => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0];

const folders = [...new Set(Object.keys(metafile.inputs).flatMap((file) => packageOf(file) ?? []))].sort();
const notices = folders.map((folder) => {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text =
    file !== undefined && existsSync(join(folder, file))
      ? readFileSync(join(folder, file), 'utf8').trim()
      : '';
  return `${name} ${version} (${license})\n\n${text}\n`;
});
mkdirSync('dist', { recursive: true });
writeFileSync('dist/THIRD-PARTY-NOTICES.txt', notices.join(`\n${'-'.repeat(80)}\n\n`));
