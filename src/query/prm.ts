/** Tables: registers and counters of the NVLink ports, by the names that `prm` gives them (Blackwell and newer). */
import { valueScalar } from '../nvml/answer.js';
import { call, type Out, SUBJECT } from '../nvml/call.js';
import * as nvml from '../nvml/generated/constants.js';
import {
  nvmlPRMCounter_v1_t,
  nvmlPRMCounterList_v1_t,
  nvmlPRMCounterValue_v1_t,
} from '../nvml/generated/layouts.js';
import { arrayAt, READ } from '../nvml/memory.js';
import type { Session } from '../nvml/session.js';
import { Missing } from '../nvml/status.js';
import type { Reading } from './asked.js';
import type { Subject } from './plan.js';
import { type Probe, sample } from './probe.js';
import { askOnce } from './read.js';

/** Registers that nvidia-smi reads. NVML's one function for them can write as well, so nvsmi only lists them. */
export const prmRegisters: readonly string[] =
  'GHPKT MCAM MGIR MLPC MORD MPSCR MTCAP MTECR MTEIM MTEWE MTIE MTIM MTRC_CAP MTRC_CONF MTRC_CTRL MTSR PAOS PDDR PGUID PLIB PLTC PMAOS PMLP PMTU PPAOS PPCNT PPHCR PPLM PPLR PPRM PPRT PPSLC PPSLS PPTT PTYS SLRG SLTP'.split(
    ' ',
  );

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
  return sample(`PRM ${name} of port ${port}`, call('nvmlDeviceReadPRMCounters_v1', SUBJECT, answer));
}

/** A counter of a port, or why there is none: the call's status, then the counter's own. */
export function readPrmCounter(session: Session, gpu: Subject, what: PrmCounter, port: number): Reading {
  const asked = askOnce(session, counterOf(what, port), gpu);
  const memory = asked.memory();
  if (memory === undefined) return Missing.of(asked.status);
  const at = arrayAt(nvmlPRMCounterList_v1_t) + nvmlPRMCounter_v1_t.fields.counterValue[1];
  const { status, outputType, outputValue } = nvmlPRMCounterValue_v1_t.fields;
  const own = memory.readUInt32LE(at + status[1]);
  if (own !== 0) return Missing.of(own);
  return READ[valueScalar(memory.readUInt32LE(at + outputType[1]))](memory, at + outputValue[1]);
}
