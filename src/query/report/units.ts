/** S-class units, chassis with power supplies and fans of their own, and the host interface cards (HIC) to them. */
import { call, type Handle, handle, list, SUBJECT, struct, u32 } from '../../nvml/call.js';
import { countOf } from '../../nvml/counts.js';
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlHwbcEntry_t,
  nvmlLedState_t,
  nvmlPSUInfo_t,
  nvmlUnitFanSpeeds_t,
  nvmlUnitInfo_t,
} from '../../nvml/generated/layouts.js';
import { Missing } from '../../nvml/status.js';
import { celsius, text, words } from '../kind.js';
import type { Subject } from '../plan.js';
import { fixed, type Probe, sample } from '../probe.js';
import type { AskProbe } from '../table.js';
import { reading } from './field.js';

export const hostCards = fixed(
  'host interface cards',
  call('nvmlSystemGetHicVersion', list(nvmlHwbcEntry_t, 32)),
);

export const unitCount = fixed('unit count', call('nvmlUnitGetCount', u32()));
const unitHandle = (index: number): Probe =>
  fixed(`unit ${index}`, call('nvmlUnitGetHandleByIndex', index, handle()));

/** The units of the system, asked about with a subject that need not be one. */
export function unitsOf(ask: AskProbe): readonly Subject[] | Missing {
  const asked = ask(unitCount);
  const counted = countOf('nvmlUnitGetCount', asked.status, Number(asked.raw('value')));
  if (!('count' in counted)) return asked.refusal(counted.status);
  return Array.from({ length: counted.count }, (_, index) => {
    const found = ask(unitHandle(index));
    const at = found.read('value');
    return at instanceof Missing
      ? { index, handle: undefined, status: found.status }
      : { index, handle: at as Handle, status: 0 };
  });
}

const info = fixed('unit info', call('nvmlUnitGetUnitInfo', SUBJECT, struct(nvmlUnitInfo_t)));
export const unitName = reading(text, info, 'name');
export const unitId = reading(text, info, 'id');
export const unitSerial = reading(text, info, 'serial');
export const unitFirmware = reading(text, info, 'firmwareVersion');

const led = sample('unit LED', call('nvmlUnitGetLedState', SUBJECT, struct(nvmlLedState_t)));
export const ledColor = reading(
  words({ [nvml.NVML_LED_COLOR_GREEN]: 'GREEN', [nvml.NVML_LED_COLOR_AMBER]: 'AMBER' }),
  led,
  'color',
);
export const ledCause = reading(text, led, 'cause');

const temperature = (type: number) =>
  reading(celsius, sample(`unit temperature ${type}`, call('nvmlUnitGetTemperature', SUBJECT, type, u32())));
export const intakeTemperature = temperature(0);
export const exhaustTemperature = temperature(1);
export const boardTemperature = temperature(2);

const supply = sample('unit power supply', call('nvmlUnitGetPsuInfo', SUBJECT, struct(nvmlPSUInfo_t)));
export const supplyState = reading(text, supply, 'state');

export const unitFans = sample(
  'unit fans',
  call('nvmlUnitGetFanSpeedInfo', SUBJECT, struct(nvmlUnitFanSpeeds_t)),
);
