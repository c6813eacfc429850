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
      to: specifier.startsWith('.')
        ? posix.normalize(posix.join(posix.dirname(from), specifier.replace(/\.js$/, '.ts')))
        : specifier,
      typesOnly: type !== undefined || onlyTypes(names),
    };
  }),
);

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : 'src');
const isOurs = ({ to }: Edge): boolean => files.includes(to);
const shown = (wrong: readonly Edge[]): readonly string[] => wrong.map(({ from, to }) => `${from} → ${to}`);

/** Files at the top of src/ that any room may use: words, numbers, types and styles, which import no room themselves. */
const GROUND = [
  'argv.ts',
  'background.ts',
  'bounded-file.ts',
  'errors.ts',
  'foreground.ts',
  'form.ts',
  'io.ts',
  'output-file.ts',
  'period.ts',
  'plain-text.ts',
  'release.ts',
  'style.ts',
  'terminal.ts',
  'trust.ts',
  'verdict.ts',
  'width.ts',
  'written-path.ts',
];

/** What each room may import beside itself and the ground. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  library: ['act', 'query', 'report', 'render', 'system', 'nvml'],
  commands: [
    'act',
    'exporter',
    'fleet',
    'top',
    'watch',
    'doctor',
    'health',
    'events',
    'query',
    'report',
    'render',
    'system',
    'simulator',
    'nvml',
  ],
  top: ['watch', 'query', 'report', 'render', 'system', 'nvml'],
  watch: ['query', 'system', 'nvml'],
  act: ['query', 'nvml'],
  doctor: ['events', 'query', 'system', 'nvml'],
  health: ['events', 'query', 'system', 'nvml'],
  events: ['query', 'system', 'nvml'],
  completion: ['src', 'commands', 'report', 'query', 'nvml'],
  exporter: ['query', 'report', 'render', 'system', 'nvml'],
  fleet: ['query', 'render', 'exporter', 'nvml'],
  report: ['query', 'nvml', 'system'],
  query: ['nvml'],
  system: ['nvml'],
  simulator: ['query', 'nvml'],
  render: [],
  nvml: [],
};

describe('imports', () => {
  it('are found, those in functions and over several lines too', () => {
    expect(edges.length).toBeGreaterThan(300);
    const has = (from: string, to: string): boolean =>
      edges.some((edge) => edge.from === from && edge.to === to);
    expect(has('cli.ts', 'commands/query.ts')).toBe(true);
    expect(has('commands/summary.ts', 'render/summary.ts')).toBe(true);
    expect(edges.filter(({ to }) => to.startsWith('.') && to !== '../package.json')).toEqual([]);
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
        !GROUND.includes(edge.to) &&
        !(MAY[room] ?? []).includes(roomOf(edge.to)) &&
        !isSpelling(edge),
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('of the ground lead to no room', () => {
    const wrong = edges.filter(
      (edge) => GROUND.includes(edge.from) && isOurs(edge) && !GROUND.includes(edge.to) && !edge.typesOnly,
    );
    expect(shown(wrong)).toEqual([]);
  });

  it('name koffi in nvml only', () => {
    const wrong = edges.filter(({ from, to }) => /^(koffi|@koromix\/)/.test(to) && roomOf(from) !== 'nvml');
    expect(shown(wrong)).toEqual([]);
  });

  it('name commander in the command tree only', () => {
    expect(shown(edges.filter(({ from, to }) => to === 'commander' && from !== 'program.ts'))).toEqual([]);
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
    visit('subcommands.ts');
    expect(reached.size).toBeGreaterThan(4);
    expect(
      [...reached].filter((file) => /^(koffi|nvml\/(library|machine|snapshot|call))/.test(file)),
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
  'query/power-profile-names.ts',
];

function isSpelling({ from, to, typesOnly }: Edge): boolean {
  return (
    roomOf(from) === 'render' &&
    (typesOnly ? /^(query|nvml|report|events|watch)\//.test(to) : SPELLING.includes(to))
  );
}

describe('what renderers may use', () => {
  it('asks nothing: it leads to no other file that does', () => {
    const wrong = edges.filter(
      (edge) =>
        SPELLING.includes(edge.from) && ![...SPELLING, ...GROUND].includes(edge.to) && !edge.typesOnly,
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

describe('the doors to the process', () => {
  /** The library knows no `io`: it looks for NVML where the platform and the environment say. */
  const ALLOWED: Readonly<Record<string, RegExp>> = {
    'nvml/library.ts': /^process\.(platform|arch)$/,
    'simulator/library-file.ts': /^process\.arch$/,
    'nvml/koffi.ts': /^process\.(platform|arch|getBuiltinModule)$/,
    'nvml/api/lifetime.ts': /^process\.env$/,
    'nvml/workers.ts': /^process\.env$/,
    'nvml/child/make-calls.ts': /^process\.(stdin|env|exit)$/,
    'nvml/child/program.ts': /^process\.execPath$/,
    'nvml/exit.ts': /^process\.(on|exitCode|stderr|getBuiltinModule)$/,
    'nvml/api/options.ts': /^process\.env$/,
  };
  /** Members of Node's own `process`; a local of that name has none of them. */
  const OF_NODE =
    /\bprocess\.(?:arch|argv|cwd|env|exec\w*|exit\w*|getBuiltinModule|hrtime|kill|nextTick|off|on|once|platform|std\w+|versions?)\b|\bconsole\.\w+/g;

  it('are io.ts, cli.ts, main.ts, what main.ts is loaded with, and the background program', () => {
    const doors = [
      'io.ts',
      'cli.ts',
      'main.ts',
      'background.ts',
      'compile-cache.ts',
      'style.ts',
      'terminal.ts',
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
