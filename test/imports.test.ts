/** The house keeps its order: who may import whom. A failure names the edge: file → what it imports. */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SOURCE = fileURLToPath(new URL('../src/', import.meta.url));

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((file) => file.split('\\').join('/'))
  .filter((file) => file.endsWith('.ts'))
  .sort();
const textOf = new Map(files.map((file) => [file, readFileSync(posix.join(SOURCE, file), 'utf8')]));

interface Edge {
  readonly from: string;
  /** Imported by a call, when a function runs. */
  readonly isLazy: boolean;
  /** A file of src/, or a package. */
  readonly to: string;
  readonly typesOnly: boolean;
}

/** `import`, `export ... from` and `import()`. */
const STATEMENT =
  /^(?:import|export)\s+(type\s)?([^'";]*?)\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;

/** `{ type A, type B }` brings nothing but types. */
const onlyTypes = (names: string): boolean => {
  const inside = /^\s*\{([\s\S]*)\}\s*$/.exec(names)?.[1];
  const each = inside?.split(',').map((name) => name.trim()) ?? [];
  return inside !== undefined && each.filter((name) => name !== '').every((name) => name.startsWith('type '));
};

const edges: readonly Edge[] = files.flatMap((from) =>
  [...(textOf.get(from) ?? '').matchAll(STATEMENT)].map(([, type, names = '', a, b, c]): Edge => {
    const specifier = a ?? b ?? c ?? '';
    return {
      from,
      isLazy: c !== undefined,
      to: specifier.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(from), specifier.replace(/\.js$/, '.ts')))
        : specifier,
      typesOnly: type !== undefined || onlyTypes(names),
    };
  }),
);

/** Of nvml/, but rooms of their own: the public functions open recordings, too, and nothing else of nvml imports them. */
const FUNCTIONS = /^nvml\/(functions\/|generated\/(api|api-promises|api-types|errors|readers)\.ts)/;

const roomOf = (file: string): string =>
  FUNCTIONS.test(file) ? 'functions' : file.includes('/') ? (file.split('/')[0] ?? '') : 'src';
const isOurs = ({ to }: Edge): boolean => files.includes(to);
const statics = edges.filter((edge) => isOurs(edge) && !edge.isLazy);
const shown = (wrong: readonly Edge[]): readonly string[] => wrong.map(({ from, to }) => `${from} → ${to}`);

/** What each room may import beside itself and base/. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'report', 'query', 'system', 'snapshot', 'nvml'],
  api: ['act', 'report', 'format', 'query', 'system', 'snapshot', 'functions', 'nvml'],
  commands: [
    'act',
    'exporter',
    'fleet',
    'top',
    'watch',
    'doctor',
    'health',
    'events',
    'simulator',
    'report',
    'format',
    'query',
    'system',
    'snapshot',
    'nvml',
    // The version in package.json.
    'src',
  ],
  top: ['watch', 'report', 'format', 'query', 'system', 'nvml'],
  watch: ['query', 'system', 'nvml'],
  act: ['query', 'nvml'],
  doctor: ['events', 'query', 'system', 'nvml'],
  health: ['events', 'query', 'system', 'nvml'],
  events: ['query', 'system', 'nvml'],
  exporter: ['format', 'query', 'system', 'nvml'],
  fleet: ['exporter', 'query', 'nvml'],
  simulator: ['query', 'snapshot', 'nvml'],
  report: ['query', 'nvml'],
  format: [],
  query: ['nvml'],
  system: ['snapshot', 'nvml'],
  functions: ['snapshot', 'nvml'],
  snapshot: ['nvml'],
  nvml: [],
  base: [],
};

describe('imports', () => {
  it('are found, those in functions and over several lines too', () => {
    expect(edges.length).toBeGreaterThan(300);
    const has = (from: string, to: string): boolean =>
      edges.some((edge) => edge.from === from && edge.to === to);
    expect(has('cli/cli.ts', 'commands/query/query.ts')).toBe(true);
    expect(has('commands/summary/summary.ts', 'format/summary.ts')).toBe(true);
    expect(edges.filter(({ to }) => to.startsWith('.') && to !== '../package.json')).toEqual([]);
  });

  it('bring commands no tokens of a command line: they get typed options', () => {
    const reads = /^import [^;]*\b(Token|Scan)\b[^;]*from '[^']*base\/argv\.js'/m;
    const commands = files.filter((file) => /^(commands|act|exporter|top|fleet|watch)\//.test(file));
    expect(commands.length).toBeGreaterThan(150);
    expect(commands.filter((file) => reads.test(textOf.get(file) ?? ''))).toEqual([]);
  });

  it('leave the names of options to the command line: what asks, formats and reports says none', () => {
    const PROGRAMS_OWN = /--(make-nvml-calls|include=optional)\b/g;
    const inCode = (file: string): string =>
      (textOf.get(file) ?? '').replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '').replace(PROGRAMS_OWN, '');
    const rooms = files.filter(
      (file) => /^(nvml|system|query|format|report|snapshot)\//.test(file) && !file.includes('/generated/'),
    );
    const found = rooms.flatMap((file) =>
      (inCode(file).match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []).map((option) => `${file}: ${option}`),
    );
    expect(found).toEqual([]);
  });

  it('lead to files that are there', () => {
    const missing = edges.filter((edge) => edge.to.endsWith('.ts') && !isOurs(edge));
    expect(shown(missing)).toEqual([]);
  });

  it.each(Object.keys(MAY))('of %s lead downwards only', (room) => {
    const wrong = edges.filter(
      (edge) =>
        isOurs(edge) &&
        roomOf(edge.from) === room &&
        roomOf(edge.to) !== room &&
        roomOf(edge.to) !== 'base' &&
        !(MAY[room] ?? []).includes(roomOf(edge.to)) &&
        !isSpelling(edge),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('make no cycle, types included', () => {
    // What import() loads is loaded when a function runs: the table of commands names the file of each command.
    const next = new Map(files.map((file) => [file, statics.filter(({ from }) => from === file)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (done.has(file) || path.includes(file)) return;
      for (const { to } of next.get(file) ?? []) visit(to, [...path, file]);
      done.add(file);
    };
    for (const file of files) visit(file, []);
    expect(cycles).toEqual([]);
  });

  it('belong to rooms that are listed', () => {
    expect(files.map(roomOf).filter((room) => room !== 'src' && MAY[room] === undefined)).toEqual([]);
  });

  it('name koffi in nvml/backend only', () => {
    const wrong = edges.filter(
      ({ from, to }) => /^(koffi|@koromix\/)/.test(to) && !from.startsWith('nvml/backend/'),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('name commander in the command tree only', () => {
    expect(shown(edges.filter(({ from, to }) => to === 'commander' && from !== 'cli/program.ts'))).toEqual(
      [],
    );
  });

  it('load neither koffi nor NVML for the help', () => {
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      const text = textOf.get(file) ?? '';
      for (const { from, to, typesOnly } of edges) {
        // What is imported inside a function is loaded when that function runs.
        const isLazy = new RegExp(`\\bimport\\(\\s*'[^']*${posix.basename(to, '.ts')}\\.js'`).test(text);
        if (from === file && !typesOnly && !isLazy) visit(to);
      }
    };
    visit('cli/subcommands.ts');
    expect(reached.size).toBeGreaterThan(4);
    expect(
      [...reached].filter((file) => /^(koffi|nvml\/(backend|call|session)|snapshot\/)/.test(file)),
    ).toEqual([]);
  });
});

/** They spell a value and ask nothing: renderers may use them as they are, and name the types of the others. */
const SPELLING = [
  'nvml/generated/constants.ts',
  'nvml/status.ts',
  'query/cell.ts',
  'query/decimals.ts',
  'query/kind.ts',
  'query/power/profile-names.ts',
  'query/topology/words.ts',
];

function isSpelling({ from, to, typesOnly }: Edge): boolean {
  return (
    roomOf(from) === 'format' &&
    (typesOnly ? /^(query|nvml|report|events|watch)\//.test(to) : SPELLING.includes(to))
  );
}

describe('what renderers may use', () => {
  it('asks nothing: it leads to no other file that does', () => {
    const wrong = edges.filter(
      (edge) =>
        SPELLING.includes(edge.from) &&
        !SPELLING.includes(edge.to) &&
        roomOf(edge.to) !== 'base' &&
        !edge.typesOnly,
    );
    expect(shown(wrong)).toEqual([]);
  });
});

describe('two commands', () => {
  /** Files of commands/ that are no command: what several of them share. */
  const isCommand = (file: string): boolean =>
    /^export const spec: CommandSpec\b/m.test(textOf.get(file) ?? '');

  it('never import each other', () => {
    const wrong = edges.filter(
      ({ from, to, typesOnly }) => isCommand(from) && isCommand(to) && from !== to && !typesOnly,
    );
    expect(files.filter(isCommand).length).toBeGreaterThan(15);
    expect(shown(wrong)).toEqual([]);
  });
});

describe('a name of a type', () => {
  /** Types, exported or not. In generated folders there are those of NVML and of the answers, as they are named there. */
  const declared = files
    .filter((file) => !file.includes('/generated/'))
    .flatMap((file) =>
      [
        ...(textOf.get(file) ?? '').matchAll(/^(?:export )?(?:abstract )?(?:interface|type|class) (\w+)/gm),
      ].map(([, name = '']) => [name, file] as const),
    );

  it('has one meaning in the whole program', () => {
    expect(declared.length).toBeGreaterThan(500);
    const filesOf = new Map<string, string[]>();
    for (const [name, file] of declared) filesOf.set(name, [...(filesOf.get(name) ?? []), file]);
    const several = [...filesOf].filter(([, places]) => places.length > 1);
    expect(several.map(([name, places]) => `${name}: ${places.join(', ')}`)).toEqual([]);
  });
});

describe('an exported value', () => {
  it('is used by another file, or it is not exported', () => {
    const root = posix.join(SOURCE, '..');
    const others = ['src', 'tools', 'test', 'bench'].flatMap((folder) =>
      readdirSync(posix.join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.[tj]s$/.test(file))
        .map((file) => posix.join(folder, file)),
    );
    const usersOf = new Map<string, Set<string>>();
    for (const file of others) {
      for (const [word] of readFileSync(posix.join(root, file), 'utf8').matchAll(/\w+/g)) {
        usersOf.set(word, (usersOf.get(word) ?? new Set()).add(file));
      }
    }
    const exported = files
      .filter((file) => !file.includes('/generated/'))
      .flatMap((file) =>
        [
          ...(textOf.get(file) ?? '').matchAll(
            /^export (?:async )?(?:abstract )?(?:const|let|function\*?|class) (\w+)/gm,
          ),
        ].map(([, name = '']) => [name, file] as const),
      );
    expect(exported.length).toBeGreaterThan(1000);
    const unused = exported.filter(([name]) => (usersOf.get(name)?.size ?? 0) < 2);
    expect(unused.map(([name, file]) => `${file}: ${name}`)).toEqual([]);
  });
});

describe('the doors to the process', () => {
  /** The library knows no `io`: it looks for NVML where the platform and the environment say. */
  const ALLOWED: Readonly<Record<string, RegExp>> = {
    'nvml/backend/library.ts': /^process\.(platform|arch)$/,
    'simulator/library-file.ts': /^process\.arch$/,
    'nvml/backend/koffi.ts': /^process\.(platform|arch|getBuiltinModule)$/,
    'nvml/functions/load.ts': /^process\.env$/,
    'nvml/backend/workers.ts': /^process\.env$/,
    'nvml/backend/child/inherited.ts': /^process\.stdin$/,
    'nvml/backend/child/make-calls.ts': /^process\.(env|exit)$/,
    'nvml/backend/child/program.ts': /^process\.execPath$/,
    'cli/early-start.ts': /^process\.(argv|env)$/,
    'nvml/backend/child/start.ts': /^process\.getBuiltinModule$/,
    'nvml/backend/exit.ts': /^process\.(on|exitCode|stderr|getBuiltinModule)$/,
    'nvml/functions/options.ts': /^process\.env$/,
  };
  /** Members of Node's own `process`; a local of that name has none of them. */
  const OF_NODE =
    /\bprocess\.(?:arch|argv|cwd|env|exec\w*|exit\w*|getBuiltinModule|hrtime|kill|nextTick|off|on|once|platform|std\w+|versions?)\b|\bconsole\.\w+/g;

  it('are io.ts, cli.ts, main.ts and run.ts, what main.ts is loaded with, and the background program', () => {
    const doors = [
      'base/io.ts',
      'cli/cli.ts',
      'cli/main.ts',
      'cli/run.ts',
      'base/background.ts',
      'cli/compile-cache.ts',
      'base/style.ts',
      'base/terminal.ts',
    ];
    const wrong = files
      .filter((file) => !doors.includes(file))
      .flatMap((file) =>
        (withoutComments(textOf.get(file) ?? '').match(OF_NODE) ?? [])
          .filter((use) => !ALLOWED[file]?.test(use))
          .map((use) => `${file} → ${use}`),
      );
    expect(wrong).toEqual([]);
  });
});

const withoutComments = (text: string): string => text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
