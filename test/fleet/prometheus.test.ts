import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { main } from '../../src/cli/cli.js';
import { knownMetrics } from '../../src/fleet/known-metrics.js';
import type { Sample } from '../../src/fleet/prometheus.js';
import { FakeIo } from '../fake-io.js';
import { type Asked, answering, madePrometheus, sample, vector } from './made-prometheus.js';

async function fleet(...argv: readonly string[]): Promise<{ status: number; out: string; err: string }> {
  const io = new FakeIo();
  const status = await main(['fleet', ...argv], io);
  return { status, out: io.output, err: io.errors };
}

const uuid = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A host for each dialect, with GPUs that are busy, held, free and unhealthy. */
const nvsmi: readonly Sample[] = [0, 1].flatMap((n) => {
  const labels = { instance: 'node10:9835', gpu: String(n), uuid: `GPU-${uuid(n)}` };
  return [
    sample('nvsmi_gpu_info', { ...labels, name: 'NVIDIA H100', hostname: 'node10' }, 1),
    sample('nvsmi_utilization_gpu_ratio', labels, n === 0 ? 0.57 : 0),
    sample('nvsmi_memory_used_bytes', labels, n === 0 ? 70 * 2 ** 30 : 40 * 2 ** 30),
    sample('nvsmi_memory_total_bytes', labels, 80 * 2 ** 30),
    sample('nvsmi_temperature_gpu_celsius', labels, 63),
    sample('nvsmi_power_draw_watts', labels, 697.53),
    sample('nvsmi_process_info', { ...labels, pid: '1', user: n === 0 ? 'ada' : 'bob', job_id: '4711' }, 1),
  ];
});

const nvidiaSmi: readonly Sample[] = [
  sample('nvidia_smi_gpu_info', { instance: 'node9:9835', uuid: uuid(2), name: 'NVIDIA T4', index: '0' }, 1),
  sample('nvidia_smi_utilization_gpu_ratio', { instance: 'node9:9835', uuid: uuid(2) }, 0),
  sample('nvidia_smi_memory_used_bytes', { instance: 'node9:9835', uuid: uuid(2) }, 0),
  sample('nvidia_smi_memory_total_bytes', { instance: 'node9:9835', uuid: uuid(2) }, 16 * 2 ** 30),
];

const dcgmLabels = {
  instance: '10.0.0.1:9400',
  gpu: '3',
  UUID: `GPU-${uuid(3)}`,
  modelName: 'NVIDIA A100',
  hostname: 'node1',
};
const dcgm: readonly Sample[] = [
  sample('DCGM_FI_DEV_GPU_UTIL', dcgmLabels, 5),
  sample('DCGM_FI_DEV_FB_USED', dcgmLabels, 1000),
  sample('DCGM_FI_DEV_POWER_USAGE', dcgmLabels, 100.5),
  sample('DCGM_FI_DEV_ECC_DBE_VOL_TOTAL', dcgmLabels, 2),
  // A GPU instance is no GPU.
  sample('DCGM_FI_DEV_FB_USED', { ...dcgmLabels, GPU_I_ID: '1' }, 7),
];

const everything = [...nvsmi, ...nvidiaSmi, ...dcgm];

describe('the fleet of a Prometheus', () => {
  it('is a table of all GPUs, whatever exporter their metrics are from', async () => {
    const { status, out, err } = await fleet('--prometheus', await madePrometheus(answering(everything)));
    expect(err).toBe('');
    expect(out.split('\n')).toEqual([
      'HOST    GPU  NAME         STATE      UTIL          MEMORY  TEMP  POWER  USER  JOB   PROBLEM',
      'node1     3  NVIDIA A100  unhealthy    5%       1000/-MiB     -   101W  -     -     2 uncorrected ECC errors',
      'node9     0  NVIDIA T4    free         0%      0/16384MiB     -      -  -     -     -',
      'node10    0  NVIDIA H100  busy        57%  71680/81920MiB   63C   698W  ada   4711  -',
      'node10    1  NVIDIA H100  held         0%  40960/81920MiB   63C   698W  bob   4711  -',
      '',
      '4 GPUs on 3 hosts: 1 free, 1 busy, 1 held, 1 unhealthy',
      '',
    ]);
    expect(status).toBe(0);
  });

  it('prefers our own names where a GPU has several', async () => {
    const twice = sample(
      'DCGM_FI_DEV_GPU_UTIL',
      { instance: 'node10:9835', gpu: '0', UUID: `GPU-${uuid(0)}` },
      1,
    );
    for (const samples of [
      [...nvsmi, twice],
      [twice, ...nvsmi],
    ]) {
      const { out } = await fleet('--prometheus', await madePrometheus(answering(samples)), '--json');
      expect(JSON.parse(out).gpus[0]).toMatchObject({ gpu: 0, 'utilization.gpu': 57 });
    }
  });

  it('is filtered and sorted', async () => {
    const url = await madePrometheus(answering(everything));
    const hosts = async (...argv: readonly string[]): Promise<readonly string[]> => {
      const { out } = await fleet('--prometheus', url, '--json', ...argv);
      return (JSON.parse(out).gpus as { host: string; gpu: number }[]).map(
        ({ host, gpu }) => `${host}/${gpu}`,
      );
    };
    expect(await hosts('--filter', 'state=free')).toEqual(['node9/0']);
    expect(await hosts('--filter', 'host=node1*')).toEqual(['node1/3', 'node10/0', 'node10/1']);
    expect(await hosts('--filter', 'user=ada,job=4711')).toEqual(['node10/0']);
    expect(await hosts('--sort', '-memory')).toEqual(['node10/0', 'node10/1', 'node1/3', 'node9/0']);
  });

  it('answers --query-gpu with a column for the host, and what is not exported as N/A', async () => {
    const url = await madePrometheus(answering(everything));
    const asked = ['--prometheus', url, '--query-gpu=index,gpu_name,memory.used,power.draw,clocks.sm'];
    expect((await fleet(...asked, '--format=csv')).out).toBe(
      [
        'host, index, name, memory.used [MiB], power.draw [W], clocks.current.sm [MHz]',
        'node1, 3, NVIDIA A100, 1000 MiB, 100.50 W, [N/A]',
        'node9, 0, NVIDIA T4, 0 MiB, [N/A], [N/A]',
        'node10, 0, NVIDIA H100, 71680 MiB, 697.53 W, [N/A]',
        'node10, 1, NVIDIA H100, 40960 MiB, 697.53 W, [N/A]',
        '',
      ].join('\n'),
    );
    const json = JSON.parse((await fleet(...asked, '--format=json')).out);
    expect(json.gpus[1]).toEqual({
      host: 'node9',
      index: 0,
      gpu_name: 'NVIDIA T4',
      'memory.used': 0,
      'power.draw': null,
      'clocks.sm': null,
      reasons: { 'power.draw': 'Not Supported', 'clocks.sm': 'Not Supported' },
    });
  });

  it('names hosts that had values within the hour and have none now, and ends with 5', async () => {
    const gone = sample('', { instance: 'node7:9835' }, 1);
    const known = sample('', { instance: 'node9:9835' }, 1);
    const url = await madePrometheus(answering(nvidiaSmi, [gone, known]));
    const { status, out } = await fleet('--prometheus', url);
    expect(out).toContain(
      '\nnode7:9835: has no values now, but had some within 1h\n\n1 GPU on 1 host: 1 free; 1 host without',
    );
    expect(status).toBe(5);
    const list = await fleet('--prometheus', url, '-L');
    expect(list).toEqual({
      status: 5,
      out: `node9: GPU 0: NVIDIA T4 (UUID: GPU-${uuid(2)})\n`,
      err: 'node7:9835: has no values now, but had some within 1h\n',
    });
  });

  it('says how old values are that an exporter could not renew', async () => {
    const age = sample('nvsmi_exporter_collection_age_seconds', { instance: 'node10:9835' }, 120.4);
    const lost = sample(
      'nvsmi_gpu_reachable',
      { instance: 'node10:9835', gpu: '1', uuid: `GPU-${uuid(1)}` },
      0,
    );
    const { out } = await fleet('--prometheus', await madePrometheus(answering([...nvsmi, age, lost])));
    expect(out).toMatch(/ unhealthy .* no values for 120 s\n.* unhealthy .* lost,no values for 120 s\n/);
  });

  it('asks as of a time, and with what the file says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'nvsmi-fleet-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'http.yml');
    writeFileSync(path, 'authorization:\n  credentials_file: token\n');
    writeFileSync(join(folder, 'token'), 'a-token\n');
    const all: Asked[] = [];
    const url = await madePrometheus((asked, response) => {
      all.push(asked);
      response.end(vector([]));
    });
    await fleet('--prometheus', url, '--at', '2026-11-23T09:00:00Z', '--http.config.file', path);
    expect(all).toHaveLength(2);
    for (const each of all) {
      expect(each).toMatchObject({
        time: String(Date.UTC(2026, 10, 23, 9) / 1000),
        authorization: 'Bearer a-token',
      });
    }
    writeFileSync(path, 'basic_auth:\n  username: ada\n  password: secret\n');
    await fleet('--prometheus', url, '--http.config.file', path);
    expect(all[2]?.authorization).toBe(`Basic ${Buffer.from('ada:secret').toString('base64')}`);
  });

  it('shows least, mean and most since a time', async () => {
    const labels = { instance: 'node10:9835', gpu: '0', uuid: `GPU-${uuid(0)}` };
    const values = { min: 0.1, avg: 0.5, max: 0.9 };
    const url = await madePrometheus(({ query }, response) => {
      const which = /\((min|avg|max)_over_time\(nvsmi_utilization_gpu_ratio\[1h\]\)/.exec(query)?.[1];
      const found = values[which as keyof typeof values];
      const samples =
        found === undefined
          ? []
          : [sample('', { ...labels, nvsmi_field: 'nvsmi_utilization_gpu_ratio' }, found)];
      response.end(vector(samples));
    });
    const { out } = await fleet('--prometheus', url, '--since', '1h');
    expect(out).toMatch(/\nnode10:9835 +0 +10\/50\/90 +-\/-\/- +-\/-\/- +-\/-\/-\n/);
    expect(
      JSON.parse((await fleet('--prometheus', url, '--since', '1h', '--json')).out).gpus[0],
    ).toMatchObject({
      'utilization.gpu': { min: 10, mean: 50, max: 90 },
      'power.draw': { min: null, mean: null, max: null },
    });
  });
});

describe('a Prometheus that answers badly', () => {
  const refusal = async (answer: Parameters<typeof madePrometheus>[0], ...argv: readonly string[]) => {
    const { status, out } = await fleet('--prometheus', await madePrometheus(answer), ...argv);
    return [status, out.replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')];
  };

  it('that is away is a line', async () => {
    const { status, out } = await fleet('--prometheus', 'http://127.0.0.1:1');
    expect([status, out]).toEqual([
      2,
      expect.stringMatching(/^--prometheus: cannot reach 127\.0\.0\.1:1: connect ECONNREFUSED.*\n$/),
    ]);
  });

  it('that is slow is a line, and ends with 124', async () => {
    expect(await refusal(() => undefined, '--host-timeout', '0.3')).toEqual([
      124,
      '--prometheus: HOST did not answer within 0.3 s\n',
    ]);
    const trickle = refusal(
      (_, response) => {
        response.write('{');
        const timer = setInterval(() => response.write(' '), 50);
        response.on('close', () => clearInterval(timer));
      },
      '--host-timeout',
      '0.3',
    );
    expect(await trickle).toEqual([124, '--prometheus: HOST did not answer within 0.3 s\n']);
  });

  it.each([
    [
      'an error of its own',
      422,
      '{"status":"error","errorType":"execution","error":"too many\\nsamples"}',
      [2, 'HOST refuses: too many?samples'],
    ],
    [
      'a time-out of its own',
      503,
      '{"status":"error","errorType":"timeout","error":"query timed out"}',
      [124, 'HOST refuses: query timed out'],
    ],
    [
      'a user that it does not know',
      401,
      'Unauthorized',
      [2, 'HOST answers with HTTP status 401: it asks who you are (--http.config.file)'],
    ],
    ['another page', 200, '<html>', [2, 'HOST does not answer as Prometheus does']],
    ['another JSON', 200, '[]', [2, 'HOST does not answer as Prometheus does']],
    [
      'a matrix',
      200,
      '{"status":"success","data":{"resultType":"matrix","result":[]}}',
      [2, 'HOST does not answer as Prometheus does'],
    ],
    ['another place', 302, '', [2, 'HOST answers with HTTP status 302']],
  ])('with %s is a line', async (_, code, body, [status, message]) => {
    const answer = refusal((__, response) => response.writeHead(code).end(body));
    expect(await answer).toEqual([status, `--prometheus: ${message}\n`]);
  });

  it('with samples of other forms shows what it knows', async () => {
    const odd = [
      null,
      7,
      {},
      { metric: null },
      { metric: { __name__: 'nvsmi_power_draw_watts' }, value: 'x' },
      { metric: {}, value: [0, 'NaN'] },
    ];
    const url = await madePrometheus(({ query }, response) => {
      const whole = JSON.parse(vector(query.startsWith('group') ? [] : nvidiaSmi));
      whole.data.result.push(...odd);
      response.end(JSON.stringify(whole));
    });
    expect((await fleet('--prometheus', url)).out).toContain('1 GPU on 1 host: 1 free');
  });

  it('with hostile labels prints them plain', async () => {
    const labels = { instance: 'a\u001b[31mb\nc:1', uuid: uuid(5) };
    const info = sample('nvidia_smi_gpu_info', { ...labels, name: 'x\u202ey\u0007', index: '0' }, 1);
    const { out } = await fleet('--prometheus', await madePrometheus(answering([info])));
    expect(out).toContain('a?[31mb?c');
    expect(out).toContain('x?y?');
  });

  it('with 100,000 series answers within seconds', { timeout: 60_000 }, async () => {
    const many = Array.from({ length: 100_000 }, (_, i) =>
      sample(
        'nvsmi_utilization_gpu_ratio',
        { instance: `n${i >> 3}:1`, gpu: String(i & 7), uuid: `GPU-${uuid(i)}` },
        0,
      ),
    );
    const { status, out } = await fleet(
      '--prometheus',
      await madePrometheus(answering(many)),
      '--host-timeout',
      '30',
    );
    expect([status, out.trimEnd().split('\n').at(-1)]).toEqual([
      0,
      '100000 GPUs on 12500 hosts: 100000 free',
    ]);
  });
});

describe('a fleet command line', () => {
  it.each([
    [[], 'Where are the hosts? Give --prometheus URL or --ssh HOSTS.'],
    [
      ['--prometheus', 'http://a', '--ssh', 'b'],
      'Where are the hosts? Give --prometheus URL or --ssh HOSTS.',
    ],
    [['--prometheus', 'ftp://a'], '--prometheus is a URL, such as http://prometheus:9090, not ftp://a'],
    [['--prometheus', 'nonsense'], '--prometheus is a URL, such as http://prometheus:9090, not nonsense'],
    [
      ['--prometheus', 'http://u:p@a'],
      '--prometheus: everyone can read a command line. --http.config.file has the password.',
    ],
    [['--ssh', 'a', '--since', '1h'], '--at, --since and --http.config.file go with --prometheus.'],
    [['--ssh', '-oProxyCommand=x'], '--ssh: -oProxyCommand=x is not a host'],
    [['--ssh', 'a;b'], '--ssh: a;b is not a host'],
    [['--ssh', '@/nowhere'], /^--ssh: cannot read it: ENOENT/],
    [['--ssh', 'a', '--query-gpu=power.drew'], 'Field "power.drew" is not a valid field to query.'],
    [['--ssh', 'a', '--sort', 'powr'], '--sort: powr is no column. Did you mean power?'],
    [['--ssh', 'a', '--filter', 'state=fre'], '--filter: fre is no state. Did you mean free?'],
    [
      ['--ssh', 'a', '--filter', 'color=red'],
      '--filter is NAME=TEXT with host, name, state, user, pod, job, not color=red',
    ],
    [
      ['--prometheus', 'http://a', '--since', 'soon'],
      '--since is a duration such as 30m, 1h or 7d, not soon',
    ],
    [['--prometheus', 'http://a', '--at', 'noon'], '--at is a time such as 2026-11-23T09:00:00Z, not noon'],
    [['--prometheus', 'http://a', '--host-timeout', '0'], '--host-timeout is a time of up to 600 seconds.'],
    [
      ['--prometheus', 'http://a', '--http.config.file', '/nowhere'],
      /^--http\.config\.file: \/nowhere: ENOENT/,
    ],
  ] as const)('%j is refused in a line', async (argv, message) => {
    const { status, out } = await fleet(...argv);
    expect(status).toBe(2);
    expect(out.trimEnd()).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });
});

describe('the metrics that a fleet knows', () => {
  it('turn back into the readings that they were made of', () => {
    const of = (name: string, value: number): number | undefined =>
      knownMetrics.find((metric) => metric.name === name)?.raw(value);
    expect(of('nvsmi_power_draw_watts', 697.533)).toBe(697_533);
    expect(of('nvidia_smi_power_draw_watts', 697.533)).toBe(697_533);
    expect(of('DCGM_FI_DEV_POWER_USAGE', 697.533)).toBe(697_533);
    expect(of('nvsmi_utilization_gpu_ratio', 0.57)).toBe(57);
    expect(of('nvsmi_clocks_current_sm_hertz', 1.62e9)).toBe(1620);
    expect(of('DCGM_FI_DEV_FB_USED', 71_253)).toBe(71_253 * 2 ** 20);
    expect(of('nvsmi_persistence_mode', 1)).toBe(1);
  });
});
