import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { FakeIo } from '../fake-io.js';
import { buildFake } from '../fake-nvml/build.js';

const fake = await buildFake();
const snapshot = JSON.parse(readFileSync(new URL('../../snapshots/h200-x2.json', import.meta.url), 'utf8'));
const serials: Record<string, string> = snapshot.calls.nvmlDeviceGetSerial;

/** The GPUs that a command line attached, by their indexes, and what it printed. */
async function attachedBy(...argv: string[]): Promise<{ attached: string[]; output: string }> {
  const library = fake.with({ snapshot });
  const io = new FakeIo();
  await main([...argv, '--nvml', library.path], io);
  const attached = library.log().filter(({ fn }) => fn === 'nvmlDeviceGetHandleByIndex_v2');
  return { attached: attached.map(({ key }) => key).sort(), output: io.output };
}

const QUERY = ['--query-gpu=index,count', '--format=csv,noheader'];

describe.skipIf(!fake.available)('of the GPUs of a machine', () => {
  it('all are attached where none is named', async () => {
    expect(await attachedBy(...QUERY)).toEqual({ attached: ['0', '1'], output: '0, 2\n1, 2\n' });
  });

  it('only those are attached that -i names by their indexes, and the others count', async () => {
    expect(await attachedBy('-i', '1', ...QUERY)).toEqual({ attached: ['1'], output: '1, 2\n' });
    expect((await attachedBy('-i', ' 1,1', ...QUERY)).attached).toEqual(['1']);
    expect((await attachedBy('-i', '1')).attached).toEqual(['1']);
    expect((await attachedBy('-i', '1', '-q')).attached).toEqual(['1']);
  });

  it('all are attached where -i names one by another name, or one that is not there', async () => {
    const serial = serials.gpu1 ?? '';
    expect(await attachedBy('-i', `0,${serial}`, ...QUERY)).toEqual({
      attached: ['0', '1'],
      output: '0, 2\n1, 2\n',
    });
    expect(await attachedBy('-i', '9', ...QUERY)).toEqual({
      attached: ['0', '1'],
      output: 'No devices were found\n',
    });
  });

  it('none is asked for its serial number where an index says it', async () => {
    const library = fake.with({ snapshot });
    await main(['-i', '0', ...QUERY, '--nvml', library.path], new FakeIo());
    expect(library.log().filter(({ fn }) => fn === 'nvmlDeviceGetSerial')).toEqual([]);
  });
});
