/** Table: the report of units, with -u. No unit was ever recorded: what is said about each follows NVML. */
import { NVML_FAN_FAILED, NVML_FAN_NORMAL } from '../nvml/generated/constants.js';
import { Missing } from '../nvml/status.js';
import { type Asking, ask } from '../query/ask/asking.js';
import type { Subject } from '../query/ask/subject.js';
import { count, percent, text, words } from '../query/kind.js';
import { ofItem, reading } from '../query/report/field.js';
import * as units from '../query/report/units.js';
import type { Tree } from './document.js';
import type { FoundItems } from './found.js';
import { systemHead } from './head.js';
import { type List, leaf, section } from './node.js';

function* hostCards(): Asking<FoundItems> {
  const asked = yield* ask(units.hostCards);
  const cards = asked.items();
  if (cards instanceof Missing) return cards;
  return cards.map((card) => ({ id: card.read('hwbcId'), firmware: card.read('firmwareVersion') }));
}

const hicInfo: List = {
  type: 'list',
  label: 'HIC Info',
  tag: 'hic_info',
  enclosed: true,
  none: { text: 'N/A' },
  find: hostCards,
  item: {
    tag: 'hic',
    parts: [
      leaf('HIC ID', 'hic_id', ofItem(count, 'id')),
      leaf('Firmware Version', 'hic_firmware_version', ofItem(text, 'firmware'), { deeper: true }),
    ],
  },
};

const fanStates = words({ [NVML_FAN_NORMAL]: 'NORMAL', [NVML_FAN_FAILED]: 'FAILED' });

function* fans(unit: Subject): Asking<FoundItems> {
  const asked = yield* ask(units.unitFans, unit);
  const found = asked.status === 0 ? asked.elements('count', 'fans') : asked.refusal();
  if (found instanceof Missing) return found;
  return found.map((fan, index) => ({ index, speed: fan.read('speed'), state: fan.read('state') }));
}

const fanInfo: List = {
  type: 'list',
  label: 'Fan Info',
  tag: 'fan_info',
  enclosed: true,
  none: { text: 'None' },
  find: fans,
  item: {
    tag: 'fan',
    parts: [
      leaf('Fan ID', 'fan_id', ofItem(count, 'index')),
      leaf('Speed', 'fan_speed', ofItem(percent, 'speed'), { deeper: true }),
      leaf('State', 'fan_state', ofItem(fanStates, 'state'), { deeper: true }),
    ],
  },
};

export const unitTree: Tree = {
  root: 'nvidia_smi_log',
  dtd: 'nvsmi_unit_v13.dtd',
  past: [
    { until: 525, dtd: 'nvsmi_unit_v11.dtd' },
    { until: 580, dtd: 'nvsmi_unit_v12.dtd' },
  ],
  head: systemHead,
  counts: [hicInfo, leaf('Attached Units', 'attached_units', reading(count, units.unitCount))],
  label: 'Unit',
  tag: 'unit',
  id: { kind: count, source: { own: 'index' } },
  parts: [
    leaf('Product Name', 'product_name', units.unitName),
    leaf('Product Id', 'product_id', units.unitId),
    leaf('Product Serial', 'product_serial', units.unitSerial),
    leaf('Firmware Version', 'firmware_ver', units.unitFirmware),
    section('LED State', 'led_state', [
      leaf('Color', 'color', units.ledColor),
      leaf('Cause', 'cause', units.ledCause),
    ]),
    section('Temperature', 'temperature', [
      leaf('Intake', 'intake_temp', units.intakeTemperature),
      leaf('Exhaust', 'exhaust_temp', units.exhaustTemperature),
      leaf('Board', 'board_temp', units.boardTemperature),
    ]),
    section('PSU Info', 'psu_info', [leaf('State', 'psu_state', units.supplyState)]),
    fanInfo,
  ],
};
