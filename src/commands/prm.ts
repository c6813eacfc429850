/** `prm`: lists what the NVLink ports count, and reads counters and registers (Blackwell and newer). */
import type { Given, OptionSpec } from '../base/argv.js';
import { UsageError } from '../base/errors.js';
import { plainly } from '../base/plain-text.js';
import { jsonDocument, type Parts } from '../format/document.js';
import * as render from '../format/prm.js';
import type { Gpu } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, together } from '../query/ask/asking.js';
import type { Cells } from '../query/cell.js';
import {
  PORT,
  PORT_BITS,
  type PrmCounter,
  prmCounterNames,
  prmCounters,
  prmCounterValues,
  prmFieldOf,
  prmRegisterNames,
  prmRegisterValues,
  prmRegisterWords,
  readPrmCounter,
  readPrmRegister,
} from '../query/links/prm.js';
import { type PrmParameter, type PrmRegister, prmRegisters } from '../query/links/prm-registers.js';
import type { Reading } from '../query/reading.js';
import { knownCells } from '../query/record-cells.js';
import type { Relation } from '../query/relation.js';
import { type CommandSpec, command, type JsonPart } from './command.js';
import type { Context } from './context.js';
import { partOf } from './runner/json-parts.js';
import { statusOf } from './runner/lost.js';
import { machineOf } from './runner/machine.js';
import { identityOf } from './runner/named.js';

const options = [
  { short: ['l'], long: 'list', action: true, help: 'List the registers and counters by name.' },
  {
    short: ['i'],
    long: 'index',
    action: true,
    value: 'required',
    argument: 'GPU',
    help: 'The GPU to read from: its index.',
  },
  {
    short: ['c'],
    long: 'counters',
    action: true,
    value: 'optional',
    argument: 'NAME,...',
    values: { words: ['all', ...prmCounters.map(({ name }) => name)], between: ',' },
    help: 'Read these counters; without a name, or with "all", every counter.',
  },
  {
    short: ['n'],
    long: 'name',
    action: true,
    value: 'required',
    argument: 'REGISTER',
    values: { words: prmRegisters.map(({ name }) => name) },
    help: 'Read this register.',
  },
  {
    short: ['f'],
    long: 'info',
    action: true,
    help: 'List the parameters of the register or counters, instead of reading.',
  },
  {
    short: ['p'],
    long: 'params',
    value: 'required',
    argument: 'KEY=VALUE,...',
    help: 'Parameters: local_port for counters; the selectors of a register.',
  },
  { long: 'json', ours: true, help: 'Print the lists or the values as one JSON object.' },
] as const satisfies readonly OptionSpec[];

type PrmGiven = Given<typeof options>;

/** The refusals are those of an H200 (580.159.04), without the usage that it shows after some of them. */
const refusal = (...lines: readonly string[]): UsageError => new UsageError(lines.join('\n'));

const counterRefusal = (reason: string): UsageError =>
  refusal(`ERROR: ${reason}`, 'ERROR handling PRM counter request');

const lists = () => ({
  [prmRegisterNames.name]: prmRegisters.map(({ name }) =>
    knownCells(prmRegisterNames.fields, { register: name }),
  ),
  [prmCounterNames.name]: prmCounters.map(({ name, place }) =>
    knownCells(prmCounterNames.fields, { counter: name, place }),
  ),
});

/** Of which GPU a record is. */
function* keysOfGpu(gpu: Gpu): Asking<Cells<'gpu' | 'uuid'>> {
  const { gpu: index, uuid } = yield* identityOf(gpu);
  return { gpu: index, uuid };
}

/** The pairs of `-p`. */
function parametersOf({ params = '' }: PrmGiven): ReadonlyMap<string, number> {
  const pairs = params.split(',').filter((pair) => pair !== '');
  return new Map(
    pairs.map((pair) => {
      const [, key, value] = /^\s*(\w+)\s*=\s*(0x[0-9a-f]+|\d+)\s*$/i.exec(pair) ?? [];
      if (key === undefined) {
        throw refusal(
          'ERROR: prm register input param MUST be of form "key"="value"!',
          plainly`ERROR parsing input param string ${pair}`,
        );
      }
      return [key, Number(value)] as const;
    }),
  );
}

async function gpuOf({ index }: PrmGiven, context: Context): Promise<{ asker: Asker; gpu: Gpu }> {
  if (index === undefined) throw refusal('ERROR: GPU index is required for read/write operations');
  if (!/^\d+$/.test(index)) throw refusal(plainly`Option "${index}" is invalid for "-i".`);
  const { session, asker } = await machineOf(context);
  const gpu = session.gpus.find((one) => one.index === Number(index));
  if (gpu === undefined) {
    throw refusal('ERROR executing function nvmlDeviceGetHandleByIndex: Invalid Argument');
  }
  return { asker, gpu };
}

function countersOf(names: string): readonly PrmCounter[] {
  if (names === '' || names === 'all') return prmCounters;
  return names.split(',').map((name) => {
    const counter = prmCounters.find((one) => one.name === name);
    if (counter !== undefined) return counter;
    throw counterRefusal(
      plainly`invalid/unsupported counter name "${name}" provided; execute "-l" to see a full list of supported counters`,
    );
  });
}

async function readCounters(names: string, given: PrmGiven, context: Context): Promise<number> {
  const parameters = parametersOf(given);
  const { asker, gpu } = await gpuOf(given, context);
  const port = parameters.get(PORT);
  if (port === undefined || parameters.size > 1) {
    throw counterRefusal(`prm counter retrieval requires "${PORT}" parameter`);
  }
  checkWidth(PORT, port, PORT_BITS);
  const counters = countersOf(names);
  const readings = await asker.start(together(counters.map((counter) => readPrmCounter(gpu, counter, port))));
  const values = counters.map(({ name }, i) => ({ name, value: readings[i] as Reading }));
  if (given.json) {
    const keys = await asker.start(keysOfGpu(gpu));
    const records = values.map(({ name, value }) => ({
      ...keys,
      ...knownCells(prmCounterValues.fields, { port, counter: name, value }),
    }));
    context.io.out(jsonDocument({ [prmCounterValues.name]: records }, context.source));
    return statusOf([gpu]);
  }
  const line = ({ name, value }: (typeof values)[number]): string =>
    value instanceof Missing
      ? render.prmAbsentText(name, statusReason(value.status))
      : render.prmValueText(name, typeof value === 'string' ? BigInt(value) : value);
  context.io.out(values.map(line).join(''));
  return statusOf([gpu]);
}

function registerOf(name: string): PrmRegister {
  const register = prmRegisters.find((one) => one.name === name);
  if (register === undefined) throw refusal(plainly`Invalid/Unsupported PRM register ${name} specified`);
  return register;
}

/** Refuses what a register does not have, what is for writing, and what does not fit. */
function checkParameter(register: PrmRegister, name: string, value: number): void {
  const parameter = register.parameters.find((one) => one.name === name);
  if (parameter === undefined) {
    throw refusal(
      plainly`Register ${register.name} has no parameter "${name}"; prm -n ${register.name} -f lists them.`,
    );
  }
  if (value === 0) return;
  if (!parameter.isKey || parameter.place === undefined) {
    throw refusal(
      `Parameter "${name}" is for writing, and nvsmi only reads registers. Use nvidia-smi for it.`,
    );
  }
  checkWidth(name, value, parameter.place.width);
}

/** More bits than C has for a value would be cut off, and something else read than what was asked. */
function checkWidth(name: string, value: number, bits: number): void {
  if (value >= 2 ** bits) throw refusal(`Parameter "${name}" has ${bits} bits: ${value} is too much.`);
}

async function readRegister(register: PrmRegister, given: PrmGiven, context: Context): Promise<number> {
  const parameters = parametersOf(given);
  for (const [name, value] of parameters) checkParameter(register, name, value);
  const { asker, gpu } = await gpuOf(given, context);
  const answer = await asker.start(readPrmRegister(gpu, register, parameters));
  if ('missing' in answer) {
    const { status } = answer.missing;
    throw new UsageError(
      `ERROR executing function nvmlDeviceReadWritePRM_v1: ${statusReason(status)}`,
      status,
    );
  }
  if ('refused' in answer) {
    throw refusal(`Register ${register.name} refused to be read: PRM status ${answer.refused}`);
  }
  const fields = register.parameters.flatMap((parameter: PrmParameter) => {
    const value = prmFieldOf(answer.words, parameter);
    return value === undefined ? [] : [{ parameter, value }];
  });
  const { words } = answer;
  if (given.json) {
    const keys = await asker.start(keysOfGpu(gpu));
    context.io.out(jsonDocument(registerParts(keys, register.name, fields, words), context.source));
  } else context.io.out(render.prmRegisterText(register.name, fields, words));
  return 0;
}

function registerParts(
  keys: Cells,
  register: string,
  fields: readonly render.PrmField[],
  words: readonly number[],
): Parts {
  const hexadecimal = words.map((word) => word.toString(16).padStart(8, '0')).join(' ');
  return {
    [prmRegisterValues.name]: fields.map(({ parameter, value }) => ({
      ...keys,
      ...knownCells(prmRegisterValues.fields, { register, parameter: parameter.name, value }),
    })),
    [prmRegisterWords.name]: [
      { ...keys, ...knownCells(prmRegisterWords.fields, { register, words: hexadecimal }) },
    ],
  };
}

async function run(given: PrmGiven, context: Context): Promise<number> {
  const { info, list, params, counters, name } = given;
  if (info && (params !== undefined || list)) {
    throw refusal('ERROR: invalid combination of arguments -- "-f" cannot be combined with "-p" or "-l"');
  }
  if (list) {
    context.io.out(given.json ? jsonDocument(lists()) : render.prmListText(prmRegisters, prmCounters));
    return 0;
  }
  if (counters !== undefined) {
    if (!info) return readCounters(counters, given, context);
    context.io.out(render.prmParametersText('PRM counters', [PORT]));
    return 0;
  }
  if (name === undefined) throw refusal('ERROR: one of "-n", "-c" or "-l" must be specified!');
  const register = registerOf(name);
  if (!info) return readRegister(register, given, context);
  const names = register.parameters.map((parameter) => parameter.name);
  context.io.out(render.prmParametersText(`register ${name}`, names));
  return 0;
}

/** Names are of no GPU. */
const namesPart = (relation: Relation): JsonPart => ({
  ...partOf(relation),
  fields: relation.fields,
  required: relation.fields,
});

export const spec: CommandSpec = command({
  options,
  json: [
    ...[prmRegisterNames, prmCounterNames].map(namesPart),
    ...[prmCounterValues, prmRegisterValues, prmRegisterWords].map(partOf),
  ],
  run,
});
