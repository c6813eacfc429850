/**
 * Two H200s joined by 18 NVLinks, built from what nvidia-smi 580.159.04 printed about them: the machine that the
 * recordings of test/golden/h200-x2 were made on, as far as topology and links go.
 */
import type { Json } from '../../src/snapshot/answer.js';
import type { Snapshot } from '../../src/snapshot/snapshot.js';

const GPUS = [
  { uuid: 'GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000', device: 6 },
  { uuid: 'GPU-a0b1c2d1-2222-4a4a-8b8b-5eed00000001', device: 7 },
];
const LINKS = Array.from({ length: 18 }, (_, i) => i);
const CPUS = 32;

type Table = Record<string, Json>;

/** Answers of each GPU, by what follows its name in the key. */
function ofEach(answer: (gpu: number) => Readonly<Record<string, Json>>): Table {
  return Object.fromEntries(
    GPUS.flatMap((_, gpu) =>
      Object.entries(answer(gpu)).map(([rest, value]) => [
        `gpu${gpu}${rest === '' ? '' : `,${rest}`}`,
        value,
      ]),
    ),
  );
}

const ofEachLink = (answer: (gpu: number, link: number) => Json): Table =>
  ofEach((gpu) => Object.fromEntries(LINKS.map((link) => [String(link), answer(gpu, link)])));

const refused = { error: 'NVML_ERROR_NOT_SUPPORTED' };
const u32 = (value: number): Json => ({ type: 1, value });
const u64 = (value: number): Json => ({ type: 3, value });

/** Received protocol bytes differ between links by a few. */
const RAW_RX: Readonly<Record<string, number>> = { '0,4': 406, '1,0': 406 };
/** Links that were awake when the recording looked. */
const AWAKE: ReadonlySet<string> = new Set(['0,3', '1,17']);

function fieldsOf(gpu: number): Readonly<Record<string, Json>> {
  const fields: Table = {
    91: u32(18),
    147: u32(18),
    170: refused,
    201: refused,
    224: u32(0),
    223: u32(1),
    200: u32(8191),
    94: u32(0),
    95: u32(0),
    169: u32(gpu === 0 ? 290 : 390),
    197: u32(gpu === 0 ? 3817651328 : 460199360),
    198: u32(gpu === 0 ? 3977381612 : 2866946556),
  };
  const errors = gpu === 0 ? [0, 0, 19, 23, 17, 0, 0, 0, 0, 0] : [0, 0, 4, 2, 2, 0, 0, 0, 0, 0];
  errors.forEach((value, i) => {
    fields[173 + i] = u32(value);
  });
  const lanes =
    gpu === 0 ? [12, 53, 28, 11, 22, 0, 49, 0, 18, 0, 39, 0, 22] : [11, 0, 0, 0, 36, 0, 0, 0, 0, 0, 26, 0, 0];
  const scoped = (id: number, scope: number): string => (scope === 0 ? String(id) : `${id}:${scope}`);
  Array.from({ length: 16 }, (_, lane) => lane).forEach((lane) => {
    fields[scoped(183, lane)] = u32(lanes[lane] ?? 0);
  });
  for (const link of LINKS) {
    const key = `${gpu},${link}`;
    fields[scoped(138, link)] = u64(0);
    fields[scoped(139, link)] = u64(0);
    fields[scoped(140, link)] = u64(271);
    fields[scoped(141, link)] = u64(RAW_RX[key] ?? (gpu === 0 ? 385 : 384));
    fields[scoped(146, link)] = u32(0);
    for (const id of [161, 162, 163]) fields[scoped(id, link)] = u64(0);
    fields[scoped(164, link)] = u32(26562);
    fields[scoped(167, link)] = u32(AWAKE.has(key) ? 0 : 1);
    fields[scoped(168, link)] = u32(500);
  }
  return fields;
}

const files: Record<string, string> = { '/sys/devices/system/node/node0/cpulist': `0-${CPUS - 1}\n` };
for (const { device } of GPUS) {
  const folder = `/sys/bus/pci/devices/0000:00:0${device}.0`;
  files[`${folder}@`] = `/sys/devices/pci0000:00/0000:00:0${device}.0`;
  files[`${folder}/numa_node`] = '-1\n';
}

const PHB = 30;
const SYSTEM = 50;

export const h200Pair: Pick<Snapshot, 'calls' | 'files'> = {
  files,
  calls: {
    nvmlInit_v2: { '': [] },
    nvmlDeviceGetCount_v2: { '': 2 },
    nvmlDeviceGetHandleByIndex_v2: { 0: 'gpu0', 1: 'gpu1' },
    nvmlDeviceGetName: ofEach(() => ({ '': 'NVIDIA H200' })),
    nvmlDeviceGetUUID: ofEach((gpu) => ({ '': GPUS[gpu]?.uuid ?? '' })),
    nvmlDeviceGetSerial: ofEach((gpu) => ({ '': `165000000000${gpu + 1}` })),
    nvmlDeviceGetPciInfo_v3: ofEach((gpu) => ({
      '': { domain: 0, bus: 0, device: GPUS[gpu]?.device ?? 0, busId: `00000000:00:0${GPUS[gpu]?.device}.0` },
    })),
    nvmlDeviceGetMigMode: ofEach(() => ({ '': [0, 0] })),
    nvmlDeviceGetCpuAffinity: ofEach(() => ({ '': [0xffffffff] })),
    nvmlDeviceGetMemoryAffinity: ofEach(() => ({ 0: [1] })),
    nvmlDeviceGetNumaNodeId: ofEach(() => ({ '': refused })),
    nvmlSystemGetTopologyGpuSet: Object.fromEntries(
      Array.from({ length: CPUS }, (_, cpu) => [String(cpu), ['gpu0', 'gpu1']]),
    ),
    nvmlDeviceGetTopologyCommonAncestor: { 'gpu0,gpu1': PHB, 'gpu1,gpu0': PHB },
    nvmlDeviceGetTopologyNearestGpus: ofEach((gpu) =>
      Object.fromEntries(
        [0, 10, 20, 30, 40, 50].map((level) => [level, level === SYSTEM ? [`gpu${1 - gpu}`] : []]),
      ),
    ),
    nvmlDeviceGetP2PStatus: Object.fromEntries(
      ['gpu0,gpu1', 'gpu1,gpu0'].flatMap((pair) =>
        [0, 0, 0, 0, 5].map((status, i) => [`${pair},${i}`, status]),
      ),
    ),
    nvmlDeviceGetNvLinkState: ofEachLink(() => 1),
    nvmlDeviceGetNvLinkRemotePciInfo_v2: ofEachLink(() => ({ busId: 'FFFFFFFF:FF:FF.0' })),
    nvmlDeviceGetNvLinkRemoteDeviceType: ofEachLink(() => 2),
    nvmlDeviceGetNvLinkCapability: ofEach(() =>
      Object.fromEntries(LINKS.flatMap((link) => [0, 1, 2, 3, 4, 5].map((which) => [`${link},${which}`, 1]))),
    ),
    nvmlDeviceGetNvLinkErrorCounter: ofEach(() =>
      Object.fromEntries(LINKS.map((link) => [`${link},4`, 10 + link])),
    ),
    nvmlDeviceGetNvLinkInfo: ofEach(() => ({
      '': { version: 33556044, isNvleEnabled: 0, firmwareInfo: { numValidEntries: 0 } },
    })),
    nvmlSystemGetNvlinkBwMode: { '': 0 },
    nvmlDeviceGetFieldValues: ofEach(fieldsOf),
    nvmlDeviceGetHostname_v1: ofEach(() => ({ '': refused })),
    nvmlDeviceGetCurrentClocksEventReasons: ofEach(() => ({ '': 0 })),
    nvmlDeviceQueryDrainState: { 'domain=0,bus=0,device=6,busId=00000000:00:06.0': 0 },
  },
};
