/**
 * Bundles the CLI: CommonJS files, with koffi as the only package left outside. CommonJS, because one file of
 * modules starts 30 ms earlier than the same modules as ESM chunks (Node 24).
 *
 * What src/cli/main.ts imports lazily is a bundle of its own, whole in itself, and so is each subcommand: a command reads,
 * compiles and keeps in Node's compile cache nothing of its neighbours. In a bundle modules are imported statically, so
 * that esbuild can drop what is not used and write constants in place.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const SHARED: BuildOptions = {
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  external: ['koffi'],
  legalComments: 'linked',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  // Node shows the line of an unexpected error.
  lineLimit: 160,
  // import() of a CommonJS file would start Node's ES module loader; esbuild makes it a require().
  supported: { 'dynamic-import': false },
};

/** Where a bundle lies: createRequire takes a path as well, and what seeks files beside it wants a URL. */
const MODULE_URL = "const moduleUrl=require('node:url').pathToFileURL(__filename).href;";

/** Stays in the file that imports it lazily: all but one kind of process need it at once. */
const PROGRAM = 'src/cli/run.js';

/** The name of a module's bundle: its path, since names repeat from folder to folder. */
const bundleName = (module: string): string =>
  relative('src', module).replace(/\.ts$/, '').replaceAll('/', '-');

/** The bundles of some modules, as esbuild takes them. */
const entriesOf = (modules: Iterable<string>): Record<string, string> =>
  Object.fromEntries([...modules].map((module) => [bundleName(module), module]));

/** Leaves lazy imports of our own modules outside, all or those of some modules, and collects them. */
const lazily = (found: Set<string>, of?: readonly string[]): Plugin => ({
  name: 'lazy imports become bundles',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir, importer }) => {
      if (kind !== 'dynamic-import' || of?.every((module) => importer !== resolve(module))) return undefined;
      if (resolve(resolveDir, path) === resolve(PROGRAM)) return undefined;
      const module = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
      found.add(module);
      return { path: `./${bundleName(module)}.js`, external: true };
    }),
});

/** Modules that have another file in this build, by their paths in src/. */
const replaced = (others: Readonly<Record<string, string>>): Plugin => ({
  name: 'other files for some modules',
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\./ }, ({ path, resolveDir }) => {
      const wanted = resolve(resolveDir, path.replace(/\.js$/, '.ts'));
      const other = Object.entries(others).find(([module]) => resolve('src', module) === wanted)?.[1];
      return other === undefined ? undefined : { path: resolve(other) };
    }),
});

/**
 * Commander loads child_process for subcommands that are programs of their own. There are none here, and half of its
 * time to load is spent on that: 2 to 5 ms.
 */
const noPrograms: Plugin = {
  name: 'commander starts no programs',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[/\\]node_modules[/\\]commander[/\\]/.test(importer)
        ? { path: 'none', namespace: 'no-programs' }
        : undefined,
    );
    onLoad({ filter: /./, namespace: 'no-programs' }, () => ({ contents: 'module.exports={}' }));
  },
};

/** Modules that load commands, and parts of one that few need; help.ts loads what has loaded it. */
const COMMANDS = [
  'src/commands/index.ts',
  'src/cli/command-table.ts',
  'src/cli/help.ts',
  'src/cli/subcommands.ts',
  'src/commands/exporter/exporter.ts',
];

/** Writes what bin/nvsmi.js loads before the CLI; a binary has its code inside. */
export async function bundleCompileCache(folder: string): Promise<void> {
  await build({ ...SHARED, outdir: folder, entryPoints: ['src/cli/compile-cache.ts'] });
}

/**
 * Writes the bundles into a new folder: nvsmi.js, and a file for each of its lazy imports. Modules can be
 * replaced by other files, and names by constants: `import.meta.url` too, where nothing seeks files beside a bundle.
 */
export async function bundleCli(
  folder: string,
  instead: Readonly<Record<string, string>> = {},
  define: Readonly<Record<string, string>> = {},
): Promise<void> {
  rmSync(folder, { recursive: true, force: true });
  const lazy = new Set<string>();
  const placed = define['import.meta.url'] === undefined;
  await build({
    ...SHARED,
    outdir: folder,
    entryPoints: { nvsmi: 'src/cli/main.ts' },
    plugins: [replaced(instead), lazily(lazy)],
    define: { 'import.meta.url': '__filename', ...define },
  });
  const subcommands = new Set<string>();
  const whole: BuildOptions = {
    ...SHARED,
    outdir: folder,
    define: { 'import.meta.url': 'moduleUrl', ...define },
    ...(placed ? { banner: { js: MODULE_URL } } : {}),
  };
  const plugins = [replaced(instead), noPrograms, lazily(subcommands, COMMANDS)];
  await build({ ...whole, entryPoints: entriesOf(lazy), plugins });
  const built = new Set(lazy);
  const unbuilt = (): string[] => [...subcommands].filter((module) => !built.has(module));
  for (let others = unbuilt(); others.length > 0; others = unbuilt()) {
    await build({ ...whole, entryPoints: entriesOf(others), plugins });
    for (const module of others) built.add(module);
  }
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
}
