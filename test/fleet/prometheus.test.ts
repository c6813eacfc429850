import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { knownMetrics } from '../../src/fleet/known-metrics.js';
import { hasOpenssl, makeCertificates } from '../exporter/certificates.js';
import { everything, fleet, nvidiaSmi, nvsmi, uuid } from './made-fleet.js';
import { type Asked, answering, madePrometheus, sample, vector } from './made-prometheus.js';

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

  it('says how long ago a host was scraped, whatever it speaks', async () => {
    const scraped = [sample('', { instance: 'node9:9835' }, 200), sample('', { instance: 'node10:9835' }, 3)];
    const age = sample('nvsmi_exporter_collection_age_seconds', { instance: 'node10:9835' }, 4);
    const url = await madePrometheus(answering([...everything, age], [], scraped));
    const { out } = await fleet('--prometheus', url, '--json');
    const ages = (JSON.parse(out).gpus as { host: string; age_seconds: number; problems: string[] }[]).map(
      ({ host, age_seconds: seconds, problems }) => [host, seconds, problems],
    );
    expect(ages).toEqual([
      ['node1', null, ['2 uncorrected ECC errors']],
      ['node9', 200, ['no values for 200 s']],
      ['node10', 7, []],
      ['node10', 7, []],
    ]);
  });

  it('counts a GPU of which a health check fails as unhealthy', async () => {
    const labels = { instance: 'node10:9835', gpu: '1', uuid: `GPU-${uuid(1)}` };
    const checks = ['inforom', 'gpu-reachable'].map((check) =>
      sample('nvsmi_health_check_status', { ...labels, check }, 2),
    );
    const { out } = await fleet('--prometheus', await madePrometheus(answering([...nvsmi, ...checks])));
    expect(out).toMatch(/node10 +1 .* unhealthy .* health: inforom\n/);
    expect(out).toMatch(/1 busy, 1 unhealthy\n$/);
  });

  it.skipIf(!hasOpenssl)(
    'is asked over TLS, with a certificate of our own where the file says so',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'nvsmi-fleet-'));
      onTestFinished(() => rmSync(folder, { recursive: true }));
      makeCertificates(folder, ['server', 'client']);
      const at = (name: string): Buffer => readFileSync(join(folder, name));
      const server = createServer(
        {
          cert: at('server.pem'),
          key: at('server.key'),
          ca: at('ca.pem'),
          requestCert: true,
          rejectUnauthorized: true,
        },
        (request, response) => {
          let body = '';
          request.setEncoding('utf8').on('data', (piece: string) => {
            body += piece;
          });
          request.on('end', () => {
            const isValues = request.url === '/prometheus/api/v1/query' && body.includes('query=%7B__name__');
            response.end(vector(isValues ? nvidiaSmi : []));
          });
        },
      );
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      onTestFinished(() => {
        server.close();
      });
      const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/prometheus`;
      const path = join(folder, 'http.yml');
      const config = (text: string) => {
        writeFileSync(path, `tls_config:\n${text}`);
        return fleet('--prometheus', url, '--http.config.file', path);
      };
      const own = '  cert_file: client.pem\n  key_file: client.key\n';
      expect((await config(`  ca_file: ca.pem\n${own}`)).out).toContain('1 GPU on 1 host: 1 free');
      expect((await config(`  insecure_skip_verify: true\n${own}`)).status).toBe(0);
      const unknown = await config(own);
      expect([unknown.status, unknown.out]).toEqual([
        2,
        expect.stringMatching(/^--prometheus: cannot reach /),
      ]);
      const uncertified = await config('  ca_file: ca.pem\n');
      expect([uncertified.status, uncertified.out]).toEqual([
        2,
        expect.stringMatching(/^--prometheus: cannot reach /),
      ]);
    },
  );

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
    expect(all).toHaveLength(3);
    for (const each of all) {
      expect(each).toMatchObject({
        time: String(Date.UTC(2026, 10, 23, 9) / 1000),
        authorization: 'Bearer a-token',
      });
    }
    writeFileSync(path, 'basic_auth:\n  username: ada\n  password: secret\n');
    await fleet('--prometheus', url, '--http.config.file', path);
    expect(all[3]?.authorization).toBe(`Basic ${Buffer.from('ada:secret').toString('base64')}`);
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
