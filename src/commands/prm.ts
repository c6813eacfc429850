/** `prm`: lists what the NVLink ports count, and reads a counter (Blackwell and newer). */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import { Missing, statusWords } from '../nvml/status.js';
import { cell } from '../query/cell.js';
import { count, text } from '../query/kind.js';
import { PORT, type PrmCounter, prmCounters, prmRegisters, readPrmCounter } from '../query/prm.js';
import { jsonDocument } from '../render/document.js';
import { prmListText, prmParametersText, prmValueText } from '../render/prm.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { chosenGpus } from './select.js';

const options: readonly OptionSpec[] = [
  { short: ['l'], long: 'list', help: 'List the registers and counters by name.' },
  { short: ['i'], long: 'index', value: 'required', argument: 'GPU', help: 'The GPU to read from.' },
  { short: ['c'], long: 'counter', value: 'required', argument: 'NAME', help: 'Read this counter.' },
  { short: ['f'], long: 'info', help: 'List the parameters that the counter takes, instead of reading it.' },
  {
    short: ['p'],
    long: 'params',
    value: 'required',
    argument: 'KEY=VALUE,...',
    help: 'Parameters of the counter: local_port, 1 where it is not given.',
  },
  {
    short: ['n'],
    long: 'name',
    value: 'required',
    argument: 'REGISTER',
    help: 'Not read: the NVML function for registers can write them too.',
  },
  { long: 'json', help: 'Print the lists or the value as one JSON object.' },
];

const lists = () => ({
  registers: prmRegisters.map((name) => ({ name: cell(text, name) })),
  counters: prmCounters.map(({ name, place }) => ({ name: cell(text, name), place: cell(text, place) })),
});

/** The port of `-p local_port=1`. */
function portOf(written: string | undefined): number {
  let port = 1;
  for (const pair of (written ?? '').split(',').filter((part) => part !== '')) {
    const [key = '', value = ''] = pair.split('=', 2).map((part) => part.trim());
    if (key !== PORT || !/^\d+$/.test(value)) {
      throw new UsageError(`Parameter "${pair}" is not known: counters take ${PORT}=NUMBER.`);
    }
    port = Number(value);
  }
  return port;
}

function counterOf(name: string): PrmCounter {
  const counter = prmCounters.find((one) => one.name === name);
  if (counter === undefined) {
    throw new UsageError(`PRM counter "${name}" is not known; prm -l lists the names.`);
  }
  return counter;
}

async function read(counter: PrmCounter, tokens: readonly Token[], context: Context): Promise<string> {
  const ids = lastValue(tokens, 'index');
  if (ids === undefined) throw new UsageError('Name the GPU to read from: prm -i GPU -c NAME.');
  const port = portOf(lastValue(tokens, 'params'));
  const { session } = await context.machine();
  const [gpu] = chosenGpus(session, ids);
  if (gpu === undefined) throw new Error('chosenGpus chose none');
  const value = readPrmCounter(session, gpu, counter, port);
  if (lastValue(tokens, 'json') !== undefined) {
    const of = { gpu: cell(count, gpu.index), port: cell(count, port), counter: cell(text, counter.name) };
    return jsonDocument({ value: { ...of, value: cell(count, value) } });
  }
  if (value instanceof Missing) {
    const why = value.status === NVML_ERROR_NOT_SUPPORTED ? 'Not Supported' : statusWords(value.status);
    throw new UsageError(
      `PRM counter ${counter.name} of GPU ${gpu.index} cannot be read: ${why}`,
      value.status,
    );
  }
  return prmValueText(counter.name, typeof value === 'string' ? BigInt(value) : value);
}

async function run(tokens: readonly Token[], context: Context): Promise<number> {
  const isJson = lastValue(tokens, 'json') !== undefined;
  if (lastValue(tokens, 'name') !== undefined) {
    throw new UsageError(
      'PRM registers are read by a function that can write them too, and nvsmi only reads. Use nvidia-smi for them.',
    );
  }
  if (lastValue(tokens, 'list') !== undefined) {
    context.io.out(isJson ? jsonDocument(lists()) : prmListText(prmRegisters, prmCounters));
    return 0;
  }
  const counter = counterOf(lastValue(tokens, 'counter') ?? '');
  if (lastValue(tokens, 'info') !== undefined) context.io.out(prmParametersText(counter.name, [PORT]));
  else context.io.out(await read(counter, tokens, context));
  return 0;
}

export const spec: CommandSpec = { options, actions: ['list', 'counter', 'name'], run };
