/** Command lines that show all there is to know of a machine, once in text and once as JSON. */

/** Each is a command and what makes it JSON; where that is missing there is no JSON. */
const COMMANDS: readonly (readonly [text: string, json?: string])[] = [
  ['', '--json'],
  ['-L', '--json'],
  ['-B', '--json'],
  ['--version', '--json'],
  ['--get-hostname', '--json'],
  ['-q', '--json'],
  ['-q -u', '--json'],
  ['-i GPU-a0b1c2d0-1111-4a4a-8b8b-5eed00000000'],
  ['-i 00000000:18:00.0'],
  [
    '--query-compute-apps=timestamp,gpu_name,gpu_bus_id,gpu_serial,gpu_uuid,pid,name,used_memory --format=csv',
    '--format=json',
  ],
  [
    '--query-accounted-apps=gpu_name,pid,gpu_util,mem_util,max_memory_usage,time --format=csv',
    '--format=json',
  ],
  [
    '--query-supported-clocks=gpu_name,gpu_bus_id,gpu_serial,gpu_uuid,memory,graphics --format=csv',
    '--format=json',
  ],
  [
    '--query-retired-pages=gpu_name,gpu_uuid,retired_pages.address,retired_pages.cause --format=csv',
    '--format=json',
  ],
  [
    '--query-remapped-rows=gpu_name,gpu_uuid,gpu_bus_id,remapped_rows.correctable --format=csv',
    '--format=json',
  ],
  ['dmon -c 1', '--format json'],
  ['pmon -c 1 -s um', '--format json'],
  ['topo -m', '--json'],
  ['topo -mp'],
  ['topo -p2p r', '--json'],
  ['topo -nvme', '--json'],
  ['topo -C', '--json'],
  ['topo -n 2 -i 0'],
  ['topo -c 0'],
  ['nvlink -s', '--json'],
  ['nvlink -c'],
  ['nvlink -R'],
  ['nvlink -info -cBridge'],
  ['pci -gCnt -gErrCnt', '--json'],
  ['c2c -s', '--json'],
  ['clocks --synced-boost', '--json'],
  ['drain -q -p 0:6:0.0', '--json'],
  ['mig -lgip', '--json'],
  ['mig -lgi', '--json'],
  ['mig -lcip', '--json'],
  ['mig -lci', '--json'],
  ['mig -lgipp', '--json'],
  ['vgpu', '--json'],
  ['vgpu -q', '--json'],
  ['vgpu -s -v', '--json'],
  ['vgpu -c', '--json'],
  ['vgpu -ss', '--json'],
  ['vgpu -u', '--json'],
  ['vgpu -p', '--json'],
  ['conf-compute -q', '--json'],
  ['conf-compute -gm'],
  ['power-hint -l', '--json'],
  ['power-profiles -l', '--json'],
  ['power-profiles -ld'],
  ['power-smoothing -gpp', '--json'],
  ['encodersessions -i 0', '--json'],
  ['fbcsessions -i 0', '--json'],
  ['gpm -g', '--json'],
  ['compute-policy -l', '--json'],
  ['boost-slider -l', '--json'],
  ['base-clocks', '--json'],
  ['doctor', '--json'],
  ['health -v', '--json'],
  ['health --nagios'],
  ['events', '--json'],
  ['prm -i 0 -c plr_rcv_codes -p local_port=1', '--json'],
];

const split = (line: string): readonly string[] => line.split(' ').filter((word) => word !== '');

export const TEXT_COMMANDS: readonly (readonly string[])[] = COMMANDS.map(([text]) => split(text));

export const JSON_COMMANDS: readonly (readonly string[])[] = COMMANDS.flatMap(([text, json]) =>
  json === undefined ? [] : [[...split(text.replace(' --format=csv', '')), ...split(json)]],
);
