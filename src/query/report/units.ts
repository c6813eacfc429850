/** S-class units, chassis with power supplies and fans of their own, and the host interface cards (HIC) to them. */

import type { Handle } from '../../nvml/call.js';
import { countOf } from '../../nvml/counts.js';
import * as nvml from '../../nvml/generated/constants.js';
import {
  nvmlSystemGetHicVersion,
  nvmlUnitGetCount,
  nvmlUnitGetFanSpeedInfo,
  nvmlUnitGetHandleByIndex,
  nvmlUnitGetLedState,
  nvmlUnitGetPsuInfo,
  nvmlUnitGetTemperature,
  nvmlUnitGetUnitInfo,
} from '../../nvml/generated/entries.js';
import { Missing } from '../../nvml/status.js';
import { type Asking, ask, askAll } from '../ask/asking.js';
import { type Subject, SYSTEM } from '../ask/subject.js';
import { celsius, text, words } from '../kind.js';
import { fixed, type Probe, sample } from '../probe.js';
import { reading } from './field.js';

export const hostCards = fixed(nvmlSystemGetHicVersion);

export const unitCount = fixed(nvmlUnitGetCount);
const unitHandle = (index: number): Probe => fixed(nvmlUnitGetHandleByIndex, { index });

/** The units of the system. */
export function* unitsOf(): Asking<readonly Subject[] | Missing> {
  const asked = yield* ask(unitCount);
  const counted = countOf('nvmlUnitGetCount', asked.status, Number(asked.raw('value')));
  if (!('count' in counted)) return asked.refusal(counted.status);
  const indexes = Array.from({ length: counted.count }, (_, index) => index);
  const handles = yield* askAll(indexes.map((index) => ({ probe: unitHandle(index), subject: SYSTEM })));
  return handles.map((found, index) => {
    const at = found.read('value');
    return at instanceof Missing
      ? { index, handle: undefined, status: found.status }
      : { index, handle: at as Handle, status: 0 };
  });
}

const info = fixed(nvmlUnitGetUnitInfo);
export const unitName = reading(text, info, 'name');
export const unitId = reading(text, info, 'id');
export const unitSerial = reading(text, info, 'serial');
export const unitFirmware = reading(text, info, 'firmwareVersion');

const led = sample(nvmlUnitGetLedState);
export const ledColor = reading(
  words({ [nvml.NVML_LED_COLOR_GREEN]: 'GREEN', [nvml.NVML_LED_COLOR_AMBER]: 'AMBER' }),
  led,
  'color',
);
export const ledCause = reading(text, led, 'cause');

const temperature = (type: number) => reading(celsius, sample(nvmlUnitGetTemperature, { type }));
export const intakeTemperature = temperature(0);
export const exhaustTemperature = temperature(1);
export const boardTemperature = temperature(2);

const supply = sample(nvmlUnitGetPsuInfo);
export const supplyState = reading(text, supply, 'state');

export const unitFans = sample(nvmlUnitGetFanSpeedInfo);
