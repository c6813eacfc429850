/** What says that a recording answered, and not the machine. */
import { readdirSync, readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { openSnapshot } from '../../src/snapshot/machine.js';
import { FakeIo } from '../fake-io.js';
import { buildFake } from '../fake-nvml/build.js';

const fake = await buildFake();
const { snapshot } = openSnapshot('h200-x2');
const library = fake.available ? fake.with({ snapshot }).path : '';
const SOURCE = { snapshot: 'h200-x2' };
const NOTICE = 'nvsmi: the recorded machine h200-x2 answers, not this one: NVSMI_SNAPSHOT is set\n';

async function run(argv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const io = new FakeIo({ env, until: ({ slept }) => slept.length === 1 });
  const status = await main(argv, io);
  return { status, out: io.output, err: io.errors };
}

const LEFT = { NVSMI_SNAPSHOT: SOURCE.snapshot };

describe('NVSMI_SNAPSHOT', () => {
  it.each([
    [[]],
    [['-L']],
    [['-q', '-i', '0']],
    [['--query-gpu=index', '--format=csv']],
    [['--query-gpu=index', '--format=csv', '-l', '1']],
    [['topo', '-m']],
    [['dmon', '-c', '1']],
  ])('is said once on stderr where it chose who answers: %j', async (argv) => {
    expect(await run(argv, LEFT)).toMatchObject({ status: 0, err: NOTICE });
  });

  it.each([[['-h']], [['topo', '-h']], [['--help-query-gpu']], [['--query-gpu=no.such.field']]])(
    'is not said where no machine answers: %j',
    async (argv) => {
      expect((await run(argv, LEFT)).err).not.toContain('NVSMI_SNAPSHOT');
    },
  );

  it('is not said where the command line chose, or the variable is empty', async () => {
    expect((await run(['-L', '--snapshot', 't4'], LEFT)).err).toBe('');
    expect((await run(['-L', '--nvml', '/nonexistent.so'], LEFT)).err).not.toContain('NVSMI_SNAPSHOT');
    expect((await run(['-L', '--snapshot', 't4'], { NVSMI_SNAPSHOT: '' })).err).toBe('');
  });

  it('is said, too, where there is no such recording', async () => {
    const { status, err, out } = await run(['-L'], { NVSMI_SNAPSHOT: 'gone' });
    expect(status).toBe(2);
    expect(err.startsWith(NOTICE.replace('h200-x2', 'gone'))).toBe(true);
    expect(out).toMatch(/^gone: no such snapshot/);
  });
});

/** Every document: what asks for it, and its schema. */
const DOCUMENTS: readonly (readonly [schema: string, argv: readonly string[]])[] = [
  ['summary', ['--json']],
  ['report', ['-q', '--json']],
  ['report', ['-q', '-u', '--json']],
  ['version', ['--version', '--json']],
  ['list-gpus', ['-L', '--json']],
  ['list-excluded-gpus', ['-B', '--json']],
  ['get-hostname', ['--get-hostname', '--json']],
  ['topo', ['topo', '-m', '--json']],
  ['nvlink', ['nvlink', '-s', '--json']],
  ['c2c', ['c2c', '-s', '--json']],
  ['pci', ['pci', '-gCnt', '--json']],
  ['gpm', ['gpm', '-g', '--json']],
  ['mig', ['mig', '-lgip', '--json']],
  ['vgpu', ['vgpu', '--json']],
  ['conf-compute', ['conf-compute', '-f', '--json']],
  ['clocks', ['clocks', '--sync-boost-list', '--json']],
  ['compute-policy', ['compute-policy', '-l', '--json']],
  ['boost-slider', ['boost-slider', '-l', '--json']],
  ['base-clocks', ['base-clocks', '--json']],
  ['power-hint', ['power-hint', '-l', '--json']],
  ['power-smoothing', ['power-smoothing', '-ppd', '--json']],
  ['power-profiles', ['power-profiles', '-l', '--json']],
  ['encodersessions', ['encodersessions', '--json']],
  ['fbcsessions', ['fbcsessions', '--json']],
  ['query', ['--query-gpu=index,fan.speed', '--format=json']],
  ['query', ['--query-remapped-rows=gpu_uuid,remapped_rows.correctable', '--format=json']],
  ['dmon', ['dmon', '-c', '1', '--format', 'json']],
  ['pmon', ['pmon', '-c', '1', '--format', 'json']],
];

/** What has a record a line. */
const LINES: readonly (readonly [schema: string, argv: readonly string[]])[] = [
  ['query', ['--query-gpu=index,fan.speed', '--format=jsonl']],
  ['dmon', ['dmon', '-c', '1', '--format', 'jsonl']],
];

const schemaOf = (name: string): object =>
  JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8'));
const ajv = new Ajv.default({ allowUnionTypes: true, validateFormats: false });

/** A document, or lines. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  }
}

describe('JSON that a recording answered', () => {
  it.each(DOCUMENTS)('says so once in a document: %s %j', async (schema, argv) => {
    for (const env of [LEFT, {}]) {
      const { out } = await run(env === LEFT ? argv : [...argv, '--snapshot', SOURCE.snapshot], env);
      const document = parsed(out) as object;
      expect(document).toMatchObject({ source: SOURCE });
      const isValid = ajv.compile(schemaOf(schema));
      expect(isValid(document), JSON.stringify(isValid.errors)).toBe(true);
    }
  });

  it.each(LINES)('says so in every line: %s %j', async (schema, argv) => {
    const { out } = await run(argv, LEFT);
    const records = parsed(out) as readonly object[];
    expect(records).toHaveLength(2);
    for (const record of records) expect(record).toMatchObject({ source: SOURCE });
    const isValid = ajv.compile(schemaOf(schema));
    const document = { gpus: records, schema_version: 1 };
    expect(isValid(document), JSON.stringify(isValid.errors)).toBe(true);
  });

  it.each(LINES)('has the lines of a machine where the command line chose: %s %j', async (_, argv) => {
    const { out } = await run([...argv, '--snapshot', SOURCE.snapshot]);
    expect(parsed(out)).toHaveLength(2);
    expect(out).not.toContain('"source"');
  });

  it.each([['--json'], ['-q', '--json']])('says so in every line of a loop: %s %s', async (...argv) => {
    const { out } = await run([...argv, '-l', '1'], LEFT);
    const lines = parsed(out) as readonly object[];
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toMatchObject({ source: SOURCE });
  });

  it('has a place for that in every schema', () => {
    // What changes GPUs is no answer of a recording.
    const names = readdirSync(new URL('../../schemas/', import.meta.url)).filter(
      (name) => !/^(?:actions|apply|top-settings)\./.test(name),
    );
    const without = names.filter((name) => {
      const text = JSON.stringify(schemaOf(name.replace('.schema.json', '')));
      return !text.includes('"source":{"type":"object"');
    });
    expect(without).toEqual([]);
    expect(names.length).toBeGreaterThan(25);
  });
});

describe.skipIf(!fake.available)('JSON of this machine', () => {
  it.each([...DOCUMENTS, ...LINES])('says nothing of that: %s %j', async (_, argv) => {
    const { out, err } = await run([...argv, '--nvml', library], LEFT);
    expect(JSON.stringify(parsed(out))).not.toContain('"source"');
    expect(err).not.toContain('NVSMI_SNAPSHOT');
  });
});
