/** The JSON of every command, on every recorded machine: it has the schema that is generated for it, and one shape. */
import { readFileSync } from 'node:fs';
import Ajv from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { machineNames } from '../../tools/docs/machines.js';
import { runOn } from './run-on.js';

const MIG_LISTS = ['-lgip', '-lgipp', '-lgi', '-lcip', '-lcipp', '-lci'];
const CONF_COMPUTE = ['-q', '-gc', '-gg', '-d', '-e', '-f', '-grs', '-gkr', '-mgm', '-gm'];

/** Table: the schema, and the command line. */
const COMMANDS: readonly (readonly [schema: string, argv: readonly string[]])[] = [
  ['summary', ['--json']],
  ['list-gpus', ['-L', '--json']],
  ['list-excluded-gpus', ['-B', '--json']],
  ['get-hostname', ['--get-hostname', '--json']],
  ['version', ['--version', '--json']],
  ['report', ['-q', '--json']],
  ['query', ['--query-gpu=index,uuid,memory.used,power.draw', '--format=json']],
  ['query', ['--query-compute-apps=pid,used_memory', '--format=json']],
  ['topo', ['topo', '-m', '--json']],
  ['topo', ['topo', '-p2p', 'r', '--json']],
  ['topo', ['topo', '-nvme', '--json']],
  ['topo', ['topo', '-C', '-M', '-gnid', '-i', '0', '--json']],
  ['nvlink', ['nvlink', '-s', '-c', '-R', '--json']],
  ['c2c', ['c2c', '-s', '-e', '--json']],
  ['clocks', ['clocks', '--sync-boost-list', '--json']],
  ['pci', ['pci', '-gCnt', '--json']],
  ['prm', ['prm', '-l', '--json']],
  ['prm', ['prm', '-i', '0', '-c', '-p', 'local_port=1', '--json']],
  ['mig', ['mig', ...MIG_LISTS, '--json']],
  ['vgpu', ['vgpu', '-q', '--json']],
  ['conf-compute', ['conf-compute', ...CONF_COMPUTE, '--json']],
  ['compute-policy', ['compute-policy', '-l', '--json']],
  ['boost-slider', ['boost-slider', '-l', '--json']],
  ['power-hint', ['power-hint', '-l', '--json']],
  ['base-clocks', ['base-clocks', '--json']],
  ['encodersessions', ['encodersessions', '--json']],
  ['fbcsessions', ['fbcsessions', '--json']],
  ['power-smoothing', ['power-smoothing', '-ppd', '--json']],
  ['power-profiles', ['power-profiles', '-l', '-ld', '-gr', '-ge', '--json']],
  ['dmon', ['dmon', '-c', '1', '-s', 'pucvmet', '--gpm-metrics', '1,10', '--format', 'json']],
  ['pmon', ['pmon', '-c', '1', '-s', 'um', '--format', 'json']],
  ['top', ['top', '--json']],
  ['ps', ['ps', '--json']],
  ['ps', ['ps', '--by', 'user', '--json']],
  ['gpm', ['gpm', '-g', '--json']],
  ['doctor', ['doctor', '--json']],
  ['health', ['health', '--json']],
];

/** What repeats with an option, or by itself. */
const LOOPS: readonly (readonly [schema: string, argv: readonly string[]])[] = [
  ['summary', ['--json', '-l', '1']],
  ['report', ['-q', '--json', '-l', '1']],
  ['query', ['--query-gpu=index', '--format=json', '-l', '1']],
  ['query', ['--query-compute-apps=pid', '--format=json', '-lms', '500']],
  ['dmon', ['dmon', '-c', '3', '--format', 'json']],
  ['pmon', ['pmon', '-c', '3', '--format', 'json']],
  ['encodersessions', ['encodersessions', '--json', '-l', '1']],
  ['fbcsessions', ['fbcsessions', '--json', '-l', '1']],
  ['health', ['health', '--json', '-l', '1']],
];

const ajv = new Ajv.default({ allowUnionTypes: true, validateFormats: false });
const validators = new Map(
  [...new Set([...COMMANDS, ...LOOPS].map(([schema]) => schema))].map((schema) => {
    const file = new URL(`../../schemas/${schema}.schema.json`, import.meta.url);
    return [schema, ajv.compile(JSON.parse(readFileSync(file, 'utf8')))] as const;
  }),
);

function faultsOf(schema: string, document: unknown): unknown {
  const validate = validators.get(schema);
  return validate?.(document) === true ? null : validate?.errors;
}

/** Lists that are about pairs of GPUs, or name a GPU that was asked for. */
const WITHOUT_UUID: ReadonlySet<string> = new Set(['topo', 'doctor', 'health', 'report', 'query', 'top']);

/** Records that say which GPU they are of, and not by its UUID. */
const unidentified = (document: object): readonly unknown[] =>
  Object.values(document)
    .filter(Array.isArray)
    .flat()
    .filter((record) => typeof record === 'object' && 'gpu' in record && !('uuid' in record));

describe.each(machineNames())('JSON on %s', (machine) => {
  it('has the schema of each command, and one shape', async () => {
    for (const [schema, argv] of COMMANDS) {
      const { out } = await runOn(machine, argv);
      // A machine may have nothing of the kind, which text says in JSON's place.
      if (!out.startsWith('{')) {
        expect({ argv, out }).toEqual({ argv, out: expect.not.stringMatching(/^[[{]/) });
        continue;
      }
      const document = JSON.parse(out) as object;
      expect({ argv, faults: faultsOf(schema, document) }).toEqual({ argv, faults: null });
      expect({ argv, document }).toEqual({ argv, document: expect.objectContaining({ schema_version: 1 }) });
      if (WITHOUT_UUID.has(schema)) continue;
      expect({ argv, unidentified: unidentified(document) }).toEqual({ argv, unidentified: [] });
    }
  }, 120_000);
});

describe('JSON in a loop', () => {
  it.each(LOOPS)('is a line a tick: %s %j', async (schema, argv) => {
    const { out } = await runOn('h200-x2', argv, 3);
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines.map((line) => faultsOf(schema, JSON.parse(line)))).toEqual([null, null, null]);
  });
});
