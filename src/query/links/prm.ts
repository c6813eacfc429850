/** What `prm` reads of the NVLink ports: counters by name, and whole registers (Blackwell and newer). */
import { type Out, type Preset, struct } from '../../nvml/call.js';
import { callWith } from '../../nvml/call-of.js';
import * as nvml from '../../nvml/generated/constants.js';
import { nvmlDeviceReadPRMCounters_v1, nvmlDeviceReadWritePRM_v1 } from '../../nvml/generated/entries.js';
import {
  nvmlPRMCounter_v1_t,
  nvmlPRMCounterList_v1_t,
  nvmlPRMCounterValue_v1_t,
  nvmlPRMTLV_v1_t,
} from '../../nvml/generated/layouts.js';
import type { Layout, StructField } from '../../nvml/layout.js';
import { arrayAt, READ, valueScalar } from '../../nvml/memory.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, ask } from '../ask/asking.js';
import type { Subject } from '../ask/subject.js';
import { item, type Field as RecordField } from '../field.js';
import { count, type Kind, text } from '../kind.js';
import { asking, type Probe } from '../probe.js';
import type { Reading } from '../reading.js';
import type { Relation } from '../relation.js';
import type { PrmRegister } from './prm-registers.js';

export interface PrmCounter {
  readonly name: string;
  /** Register, group and field that it is in. */
  readonly place: string;
  readonly id: number;
}

const counter = (name: string, place: string, id: number): PrmCounter => ({ name, place, id });

export const prmCounters: readonly PrmCounter[] = [
  counter(
    'link_down_events',
    'PPCNT.(physical_layer_counters).link_down_events',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PHYSICAL_LAYER_CTRS_LINK_DOWN_EVENTS,
  ),
  counter('oper_recovery', 'PPRM.oper_recovery', nvml.NVML_PRM_COUNTER_ID_PPRM_OPER_RECOVERY),
  counter(
    'plr_rcv_code_err',
    'PPCNT.(plr_counters_group).plr_rcv_code_err',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_RCV_CODE_ERR,
  ),
  counter(
    'plr_rcv_codes',
    'PPCNT.(plr_counters_group).plr_rcv_codes',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_RCV_CODES,
  ),
  counter(
    'plr_rcv_uncorrectable_code',
    'PPCNT.(plr_counters_group).plr_rcv_uncorrectable_code',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_RCV_UNCORRECTABLE_CODE,
  ),
  counter(
    'plr_retry_codes',
    'PPCNT.(plr_counters_group).plr_retry_codes',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_XMIT_RETRY_CODES,
  ),
  counter(
    'plr_sync_events',
    'PPCNT.(plr_counters_group).plr_sync_events',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_SYNC_EVENTS,
  ),
  counter(
    'plr_xmit_codes',
    'PPCNT.(plr_counters_group).plr_xmit_codes',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_XMIT_CODES,
  ),
  counter(
    'plr_xmit_retry_events',
    'PPCNT.(plr_counters_group).plr_xmit_retry_events',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PLR_XMIT_RETRY_EVENTS,
  ),
  counter(
    'port_xmit_wait',
    'PPCNT.(portcounters_attribute_group).port_xmit_wait',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PORTCOUNTERS_PORT_XMIT_WAIT,
  ),
  counter(
    'successful_recovery_events',
    'PPCNT.(physical_layer_counters).successful_recovery_events',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_PHYSICAL_LAYER_CTRS_SUCCESSFUL_RECOVERY_EVENTS,
  ),
  counter(
    'time_between_last_2_recoveries',
    'PPCNT.(recovery_counters).time_between_last_2_recoveries',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_RECOVERY_CTRS_TIME_BETWEEN_LAST_TWO_RECOVERIES,
  ),
  counter(
    'time_since_last_recovery',
    'PPCNT.(recovery_counters).time_since_last_recovery',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_RECOVERY_CTRS_TIME_SINCE_LAST_RECOVERY,
  ),
  counter(
    'total_successful_recovery_events',
    'PPCNT.(recovery_counters).total_successful_recovery_events',
    nvml.NVML_PRM_COUNTER_ID_PPCNT_RECOVERY_CTRS_TOTAL_SUCCESSFUL_RECOVERY_EVENTS,
  ),
];

/** The only parameter that a counter takes. */
export const PORT = 'local_port';
export const PORT_BITS = 32;

function counterOf({ id, name }: PrmCounter, port: number): Probe {
  const answer: Out = {
    out: 'struct',
    layout: nvmlPRMCounterList_v1_t,
    array: {
      field: 'counters',
      count: 'numCounters',
      item: nvmlPRMCounter_v1_t,
      room: 1,
      set: [{ counterId: id, 'inData.localPort': port }],
    },
  };
  return asking(`PRM ${name} of port ${port}`, callWith(nvmlDeviceReadPRMCounters_v1, answer));
}

/** A counter of a port, or why there is none: the call's status, then the counter's own. */
export function* readPrmCounter(gpu: Subject, what: PrmCounter, port: number): Asking<Reading> {
  const asked = yield* ask(counterOf(what, port), gpu);
  const memory = asked.memory();
  if (memory === undefined) return Missing.of(asked.status);
  const at = arrayAt(nvmlPRMCounterList_v1_t) + nvmlPRMCounter_v1_t.fields.counterValue[1];
  const { status, outputType, outputValue } = nvmlPRMCounterValue_v1_t.fields;
  const own = memory.readUInt32LE(at + status[1]);
  if (own !== 0) return Missing.of(own);
  return READ[valueScalar(memory.readUInt32LE(at + outputType[1]))](memory, at + outputValue[1]);
}

/** Bytes of the two headers: of the operation, and of the register. */
const OPERATION = 16;
const HEADERS = OPERATION + 4;
const WORD = 32;
const DATA_AT = nvmlPRMTLV_v1_t.fields.inData[1];

/** A word of a message: NVML wants them in network byte order. */
const swapped = (word: number): number =>
  ((word & 0xff) << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24);

/** The struct with a name for every word of the message, so that they can be set. */
const messageLayout: Layout = {
  size: nvmlPRMTLV_v1_t.size,
  fields: {
    ...nvmlPRMTLV_v1_t.fields,
    ...Object.fromEntries(
      Array.from({ length: nvmlPRMTLV_v1_t.fields.inData[2] / 4 }, (_, i): [string, StructField] => [
        `word${i}`,
        ['u32', DATA_AT + 4 * i],
      ]),
    ),
  },
};

/**
 * The method of a message. NVML's one function for registers writes them, too; here nothing makes a message that has
 * another method than this one.
 */
const QUERY = 1;

/** What a message begins with: the operation on the register, then how long the register is. */
const headers = ({ id, size }: PrmRegister): readonly number[] => {
  const [operation, register, accessRegister] = [1, 3, 1];
  const typeAndWords = (type: number, bytes: number): number => (type << 27) | ((bytes / 4) << 16);
  return [
    typeAndWords(operation, OPERATION),
    (id << 16) | (QUERY << 8) | accessRegister,
    0,
    0,
    typeAndWords(register, size + 4),
  ];
};

/** A question for a register. Values are of the register's keys. */
function registerProbe(register: PrmRegister, values: ReadonlyMap<string, number>): Probe {
  const words = [...headers(register), ...Array.from({ length: register.size / 4 }, () => 0)];
  for (const { name, place, isKey } of register.parameters) {
    const value = values.get(name) ?? 0;
    if (value === 0) continue;
    if (!isKey || place === undefined) throw new Error(`${name} is not for reading`);
    const index = HEADERS / 4 + Math.floor(place.bit / WORD);
    words[index] = (words[index] as number) | (value << (place.bit % WORD));
  }
  const set: Preset = {
    dataSize: HEADERS + register.size,
    ...Object.fromEntries(
      words.map((word, i) => [`word${i}`, swapped(word) >>> 0] as const).filter(([, word]) => word !== 0),
    ),
  };
  return asking(`PRM ${register.name}`, callWith(nvmlDeviceReadWritePRM_v1, struct(messageLayout, set)));
}

/** A register as it was read: its words, or why there are none. */
export type PrmAnswer =
  | { readonly words: readonly number[] }
  | { readonly missing: Missing }
  /** The register's own refusal, a status of the firmware. */
  | { readonly refused: number };

/** Reads a register; `values` are of its keys. From nvmlDeviceReadWritePRM_v1, which is asked for nothing else. */
export function* readPrmRegister(
  gpu: Subject,
  register: PrmRegister,
  values: ReadonlyMap<string, number>,
): Asking<PrmAnswer> {
  const asked = yield* ask(registerProbe(register, values), gpu);
  const memory = asked.memory();
  if (memory === undefined) return { missing: Missing.of(asked.status) };
  const status = memory.readUInt32LE(nvmlPRMTLV_v1_t.fields.status[1]);
  if (status !== 0) return { refused: status };
  const at = DATA_AT + HEADERS;
  return { words: Array.from({ length: register.size / 4 }, (_, i) => memory.readUInt32BE(at + 4 * i)) };
}

/** A parameter's value in a register that was read; undefined where its place is not known. */
export function prmFieldOf(
  words: readonly number[],
  { place }: PrmRegister['parameters'][number],
): number | undefined {
  if (place === undefined) return undefined;
  const word = words[Math.floor(place.bit / WORD)] ?? 0;
  return Number((BigInt(word) >> BigInt(place.bit % WORD)) & ((1n << BigInt(place.width)) - 1n));
}

const field = (name: string, help: string, kind: Kind = text): RecordField => ({
  names: [name],
  help,
  kind,
  source: item(name),
});

const registerName = field('register', 'Name of the register.');
const counterName = field('counter', 'Name of the counter.');

/** The registers that can be read. They are the same of all GPUs. */
export const prmRegisterNames: Relation = {
  name: 'registers',
  record: 'a register that can be read',
  fields: [registerName],
};

/** The counters that can be read. They are the same of all GPUs. */
export const prmCounterNames: Relation = {
  name: 'counters',
  record: 'a counter that can be read',
  fields: [counterName, field('place', 'Register, group and field that it is in.')],
};

export const prmCounterValues: Relation = {
  name: 'counter_values',
  record: 'a counter of an NVLink port that was read',
  fields: [
    field('port', 'Number of the port.', count),
    counterName,
    field('value', 'Value of the counter.', count),
  ],
};

export const prmRegisterValues: Relation = {
  name: 'register_values',
  record: 'a parameter of the register that was read',
  fields: [
    registerName,
    field('parameter', 'Name of the parameter.'),
    field('value', 'Value of the parameter.', count),
  ],
};

export const prmRegisterWords: Relation = {
  name: 'register_words',
  record: 'the register that was read, with all of its words',
  fields: [
    registerName,
    field('words', 'All 32-bit words of the register in hexadecimal, separated by blanks.'),
  ],
};
