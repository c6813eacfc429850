import {
  NVML_ERROR_CORRUPTED_INFOROM,
  NVML_INFOROM_ECC,
  NVML_INFOROM_OEM,
  NVML_INFOROM_POWER,
} from '../../nvml/generated/constants.js';
import {
  nvmlDeviceGetBBXTimeData_v1,
  nvmlDeviceGetInforomImageVersion,
  nvmlDeviceGetInforomVersion,
  nvmlDeviceGetVbiosVersion,
  nvmlDeviceValidateInforom,
} from '../../nvml/generated/entries.js';
import { from, type Row } from '../field.js';
import { number, text } from '../kind.js';
import { fixed, type Probe, sample, waiting } from '../probe.js';

const vbios = fixed(nvmlDeviceGetVbiosVersion);
const image = fixed(nvmlDeviceGetInforomImageVersion);
const object = (which: number): Probe => fixed(nvmlDeviceGetInforomVersion, { object: which });
/** Reads the whole flash; its sibling nvmlDeviceGetInforomConfigurationChecksum takes 69 ms on an H100. */
const validation = waiting(sample(nvmlDeviceValidateInforom));

export const inforom: readonly Row[] = [
  {
    id: 25,
    names: ['vbios_version'],
    help: 'Version of the BIOS of the board.',
    kind: text,
    source: from(vbios),
  },
  {
    id: 190,
    names: ['inforom.img', 'inforom.image'],
    help: 'Version of the infoROM image, the storage on the board for settings and error counts.',
    kind: text,
    source: from(image),
  },
  {
    id: 191,
    names: ['inforom.oem'],
    help: 'Version of the OEM object of the infoROM.',
    kind: text,
    source: from(object(NVML_INFOROM_OEM)),
  },
  {
    id: 192,
    names: ['inforom.ecc'],
    help: 'Version of the ECC object of the infoROM.',
    kind: text,
    source: from(object(NVML_INFOROM_ECC)),
  },
  {
    id: 193,
    names: ['inforom.pwr', 'inforom.power'],
    help: 'Version of the power management object of the infoROM.',
    kind: text,
    source: from(object(NVML_INFOROM_POWER)),
  },
  {
    id: 1014,
    names: ['inforom.checksum_validation'],
    since: 580,
    help: 'Whether the checksums of the infoROM are valid. Reading the flash takes tens of milliseconds.',
    kind: text,
    source: from(validation, () => 'valid', { [NVML_ERROR_CORRUPTED_INFOROM]: 'invalid' }),
  },
];

/** The black box recorder of the infoROM counts how long the GPU has run. */
export const runTime: readonly Row[] = [
  {
    id: 1141,
    names: ['bbx.time_run'],
    since: 610,
    help: 'Total run time of the GPU, from its black box recorder (BBX).',
    // 610 spells the unit out.
    kind: { ...number('s'), csvUnit: 'seconds' },
    source: from(sample(nvmlDeviceGetBBXTimeData_v1), 'timeRun'),
  },
];
