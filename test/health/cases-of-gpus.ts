/** Table: checks of what a machine and its GPUs are, each with each verdict that it can have. */
import { refused } from '../commands/made-machine.js';
import {
  type Case,
  fields,
  h200s,
  kmsg,
  LOST,
  memory,
  mib,
  recorded,
  rows,
  withAnswers,
} from './made-machines.js';

export const GPU_CASES: readonly Case[] = [
  ['gpu-count', 'ok', /all GPUs: 2/, {}],
  [
    'gpu-count',
    'fail',
    /2 of 3 GPUs/,
    {
      tree: {
        '/sys/bus/pci/devices/0000:00:08.0/vendor': '0x10de\n',
        '/sys/bus/pci/devices/0000:00:08.0/class': '0x030200\n',
      },
    },
  ],
  [
    'gpu-count',
    'ok',
    /all GPUs: 1/,
    {
      machine: h200s({ nvmlDeviceGetCount_v2: { '': 1 } }),
      tree: { '/.dockerenv': '', '/proc/driver/nvidia/gpus/0000:00:07.0/information': undefined },
    },
  ],
  [
    'gpu-count',
    'ok',
    /all GPUs: 1/,
    {
      machine: h200s({ nvmlDeviceGetCount_v2: { '': 1 } }),
      tree: { '/sys/bus/pci/devices/0000:00:07.0/driver': { link: '../../drivers/vfio-pci' } },
    },
  ],
  ['gpu-count', 'fail', /counts no GPU/, { machine: 'none' }],
  ['gpu-reachable', 'ok', /It answers/, {}],
  [
    'gpu-reachable',
    'fail',
    /GPU is lost\. The kernel log has no Xid of it/,
    { machine: h200s(LOST), tree: { '/proc/driver/nvidia/gpus/0000:00:07.0/information': '' } },
  ],
  [
    'gpu-reachable',
    'fail',
    /^No answer \(0000:00:06\.0\): GPU is lost/,
    {
      machine: h200s({
        nvmlDeviceGetTemperatureV: { 'gpu0,sensorType=0': refused('GPU_IS_LOST') },
      }),
    },
  ],
  [
    'gpu-reachable',
    'fail',
    /^No answer: Unknown Error/,
    {
      machine: h200s({
        nvmlDeviceGetUUID: { gpu0: refused('UNKNOWN') },
        nvmlDeviceGetName: { gpu0: refused('UNKNOWN') },
        nvmlDeviceGetPciInfo_v3: { gpu0: refused('UNKNOWN') },
      }),
    },
  ],
  [
    'row-remap',
    'unknown',
    /remapped_rows\.histogram\.none could not be read \(Unknown Error\)/,
    { machine: h200s({ nvmlDeviceGetRowRemapperHistogram: { gpu0: refused('UNKNOWN') } }) },
  ],
  [
    'row-remap',
    'ok',
    /No row is remapped/,
    { machine: h200s({ nvmlDeviceGetRowRemapperHistogram: { gpu0: refused('FUNCTION_NOT_FOUND') } }) },
  ],
  ['driver-version', 'ok', /580\.159\.04/, {}],
  [
    'driver-version',
    'unknown',
    /unknown/,
    { machine: h200s({ nvmlSystemGetDriverVersion: { '': refused('UNKNOWN') } }) },
  ],
  ['xid', 'ok', /No Xid/, {}],
  [
    'xid',
    'fail',
    /Xid 79 since the boot: The GPU fell off the bus/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 79, pid=1, GPU has fallen off the bus.') },
  ],
  ['xid', 'warn', /Xid 94/, { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 94, pid=1, Contained') }],
  [
    'xid',
    'ok',
    /Xid 31 since the boot/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06): 31, pid=1', 'NVRM: Xid (PCI:0000:00:06): 63, Row Remapper') },
  ],
  [
    'xid',
    'fail',
    /SXid 20034/,
    { tree: kmsg('nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 20034, Fatal, Link 30 LTSSM Fault Up') },
  ],
  [
    'xid',
    'fail',
    /Xid 95 since the boot/,
    { tree: kmsg('NVRM: Xid (PCI:0000:00:06 GPU-I:05): 95, pid=1, name=a, Uncontained') },
  ],
  [
    'xid',
    'warn',
    /SXid 28006/,
    {
      tree: kmsg(
        'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Non-fatal, Link 46 MC TS crumbstore MCTO',
        'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Severity 0 Engine instance 46 Sub-engine instance 00',
        'nvidia-nvswitch3: SXid (PCI:0000:c1:00.0): 28006, Data {0x00000001, 0x10000000}',
      ),
    },
  ],
  [
    'xid',
    'ok',
    /No Xid since the boot/,
    {
      tree: kmsg(
        'NVRM: Xid (PCI:0000:00:06): 48, pid=1, name=a, DBE',
        'NVRM: loading NVIDIA UNIX Open Kernel Module for x86_64  580.159.04',
      ),
    },
  ],
  [
    'xid',
    'ok',
    /No Xid since 2 h after the boot, where the kernel log begins/,
    { tree: { '/dev/kmsg': '6,77,7200000000,-;older lines were overwritten\n' } },
  ],
  [
    'xid',
    'unknown',
    /PCI address is not known/,
    {
      machine: h200s(
        Object.fromEntries(
          ['nvmlDeviceGetPciInfo_v3', 'nvmlDeviceGetPciInfoExt'].map((fn) => [
            fn,
            { gpu0: refused('UNKNOWN') },
          ]),
        ),
      ),
    },
  ],
  ['xid', 'unknown', /\/dev\/kmsg cannot be read \(ENOENT\)/, { tree: { '/dev/kmsg': undefined } }],
  ['name', 'ok', /NVIDIA H200/, {}],
  [
    'name',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetName: { gpu0: refused('UNKNOWN') } }) },
  ],
  ['memory-size', 'ok', /143771 MiB, as for its model/, {}],
  [
    'memory-size',
    'fail',
    /; its model has 143771/,
    {
      machine: h200s({
        nvmlDeviceGetMemoryInfo_v2: { gpu0: { ...(memory(0) as object), total: mib(70000) } },
      }),
    },
  ],
  [
    'memory-size',
    'unknown',
    /Insufficient Permissions/,
    { machine: h200s({ nvmlDeviceGetMemoryInfo_v2: { gpu0: refused('NO_PERMISSION') } }) },
  ],
  ['pcie-width', 'ok', /16 lanes/, {}],
  ['pcie-width', 'warn', /8 lanes; 16/, { machine: h200s({ nvmlDeviceGetCurrPcieLinkWidth: { gpu0: 8 } }) }],
  [
    'pcie-width',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetCurrPcieLinkWidth: { gpu0: refused('UNKNOWN') } }) },
  ],
  ['pcie-generation', 'ok', /generation 5/, {}],
  ['pcie-generation', 'ok', /while the GPU is idle/, { machine: 't4' }],
  [
    'pcie-generation',
    'warn',
    /generation 3 under load/,
    {
      machine: h200s({
        nvmlDeviceGetCurrPcieLinkGeneration: { gpu0: 3 },
        nvmlDeviceGetUtilizationRates: { gpu0: { gpu: 90, memory: 1 } },
      }),
    },
  ],
  ['nvlink', 'ok', /18 NVLinks are up/, {}],
  [
    'nvlink',
    'fail',
    /17 NVLinks are up; its model has 18/,
    { machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 } }) },
  ],
  [
    'nvlink',
    'warn',
    /17 of 18 NVLinks/,
    {
      machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': 0 }, nvmlDeviceGetName: { gpu0: 'NVIDIA X' } }),
    },
  ],
  [
    'nvlink',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetNvLinkState: { 'gpu0,3': refused('UNKNOWN') } }) },
  ],
  ['modes', 'ok', /No change/, {}],
  ['modes', 'warn', /after the next reset/, { machine: h200s(fields({ 'gpu0,2': 0 })) }],
  ['ecc-uncorrected', 'ok', /No uncorrectable/, {}],
  [
    'ecc-uncorrected',
    'fail',
    /3 uncorrectable/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': 3 } }) },
  ],
  [
    'ecc-uncorrected',
    'unknown',
    /Unknown Error/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,1,0': refused('UNKNOWN') } }) },
  ],
  ['ecc-corrected', 'ok', /0 corrected/, {}],
  [
    'ecc-corrected',
    'unknown',
    /implausible/,
    { machine: h200s({ nvmlDeviceGetTotalEccErrors: { 'gpu0,0,0': 4294967295 } }) },
  ],
  ['row-remap', 'ok', /No row/, {}],
  [
    'row-remap',
    'warn',
    /pending/,
    { machine: h200s({ nvmlDeviceGetRemappedRows_v2: { gpu0: rows(1, 0) } }) },
  ],
  [
    'row-remap',
    'fail',
    /could not be remapped/,
    { machine: h200s({ nvmlDeviceGetRemappedRows_v2: { gpu0: rows(0, 1) } }) },
  ],
  [
    'row-remap',
    'warn',
    /2 banks/,
    {
      machine: h200s({
        nvmlDeviceGetRowRemapperHistogram: { gpu0: { max: 3070, high: 0, partial: 0, low: 0, none: 2 } },
      }),
    },
  ],
  ['retired-pages', 'ok', /3 pages/, { machine: 't4' }],
  ['retired-pages', 'warn', /pending/, { machine: withAnswers(recorded('t4'), fields({ 'gpu0,31': 1 })) }],
  [
    'retired-pages',
    'fail',
    /60 pages|6\d pages/,
    { machine: withAnswers(recorded('t4'), fields({ 'gpu0,30': 60 })) },
  ],
  ['inforom', 'ok', /valid/, {}],
  [
    'inforom',
    'fail',
    /corrupt/,
    { machine: h200s({ nvmlDeviceValidateInforom: { gpu0: refused('CORRUPTED_INFOROM') } }) },
  ],
  [
    'inforom',
    'unknown',
    /Timeout/,
    { machine: h200s({ nvmlDeviceValidateInforom: { gpu0: refused('TIMEOUT') } }) },
  ],
  ['recovery-action', 'ok', /no recovery/, {}],
  ['recovery-action', 'fail', /needs: Reset/, { machine: h200s(fields({ 'gpu0,230': 1 })) }],
  ['recovery-action', 'warn', /Drain P2P/, { machine: h200s(fields({ 'gpu0,230': 3 })) }],
  ['recovery-action', 'unknown', /unknown action/, { machine: h200s(fields({ 'gpu0,230': 77 })) }],
];
