import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { main } from '../../src/cli/cli.js';
import { healthChecks } from '../../src/health/checks/index.js';
import { alerts } from '../../tools/deploy/alerts.js';
import { dashboardJson, dashboards } from '../../tools/deploy/dashboards.js';
import { metric } from '../../tools/deploy/names.js';
import { written } from '../../tools/deploy.js';
import { DASHBOARD_NAMES, DCGM_DEFAULT_COUNTERS, DCGM_UNKNOWN } from '../exporter/foreign-names.js';
import { type Exporter, startExporter } from '../exporter/program.js';
import {
  hasPrometheus,
  hasPromtool,
  type Prometheus,
  startPrometheus,
  until,
} from '../exporter/prometheus.js';
import { FakeIo } from '../fake-io.js';

const FOLDER = fileURLToPath(new URL('../../deploy/', import.meta.url));

describe('what is ready to run', () => {
  it('is what the metrics make', () => {
    for (const [path, text] of Object.entries(written())) {
      expect(readFileSync(FOLDER + path, 'utf8'), path).toBe(text);
    }
  });

  it('asks for no metric that there is not', () => {
    expect(() => metric('power.drew')).toThrow('no metric of power.drew');
    expect(new Set(alerts.map(({ name }) => name)).size).toBe(alerts.length);
  });

  it('has a DaemonSet that needs no privilege', () => {
    const { spec } = parse(readFileSync(`${FOLDER}kubernetes.yaml`, 'utf8')).spec.template;
    const [{ securityContext }] = spec.containers;
    expect(securityContext).toMatchObject({
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(JSON.stringify(spec)).not.toContain('privileged');
  });

  const analyze = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!analyze)('has a unit that systemd rates as safe', { timeout: 60_000 }, () => {
    const argv = ['security', '--offline=true', '--threshold=25', `${FOLDER}nvsmi-exporter.service`];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', argv, { encoding: 'utf8' });
    expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
  });

  it.skipIf(!hasPromtool)('has rules that promtool finds right', () => {
    const run = (...argv: readonly string[]) =>
      spawnSync('promtool', argv, { cwd: `${FOLDER}prometheus`, encoding: 'utf8' });
    const checked = run('check', 'rules', 'alerts.yml', 'recording.yml');
    expect([checked.status, checked.stderr]).toEqual([0, '']);
  });

  it('has an alert for each verdict of each health check that is not well', () => {
    const covered = new Set(alerts.flatMap(({ covers = [] }) => covers));
    const made = new Set(alerts.map(({ labels, severity }) => `${labels?.check} ${severity}`));
    const missing = healthChecks.flatMap(({ id, fails, warns }) => [
      ...(fails === undefined || covered.has(`${id} fail`) || made.has(`${id} critical`)
        ? []
        : [`${id} fail`]),
      ...(warns === undefined || covered.has(`${id} warn`) || made.has(`${id} warning`)
        ? []
        : [`${id} warn`]),
    ]);
    expect(missing).toEqual([]);
    const known = new Set(healthChecks.flatMap(({ id }) => [`${id} fail`, `${id} warn`]));
    expect([...covered].filter((each) => !known.has(each))).toEqual([]);
  });

  it.skipIf(!hasPromtool)(
    'has alerts that fire when they should, and not when they should not',
    { timeout: 60_000 },
    () => {
      const argv = ['test', 'rules', 'alerts.test.yml'];
      const { status, stdout, stderr } = spawnSync('promtool', argv, {
        cwd: `${FOLDER}prometheus`,
        encoding: 'utf8',
      });
      expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
      const { tests } = parse(readFileSync(`${FOLDER}prometheus/alerts.test.yml`, 'utf8'));
      const cases = tests.flatMap(
        ({ alert_rule_test: each }: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }) =>
          each,
      );
      for (const { name } of alerts) {
        const own = cases.filter(({ alertname }: { alertname: string }) => alertname === name);
        expect([
          name,
          own.map(({ exp_alerts: all }: { exp_alerts: unknown[] }) => all.length).sort(),
        ]).toEqual([name, [0, 1]]);
      }
    },
  );
});

/** Recordings with GPUs, each served by an exporter of its own. */
const MACHINES = ['hgx-h100-x8', 'h200-x2-load', 'a100-mig', 'rtx-4090', 'lost-gpu'];

describe.skipIf(!hasPrometheus)('a real Prometheus that scrapes recordings', { timeout: 120_000 }, () => {
  let prometheus: Prometheus;
  const exporters: Exporter[] = [];

  beforeAll(async () => {
    const names = ['--names', 'nvsmi,nvidia_smi,dcgm', '--processes', '-l', '2'];
    const starting = MACHINES.map((machine) => startExporter(['--snapshot', machine, ...names]));
    exporters.push(...(await Promise.all(starting)));
    const rules = ['alerts.yml', 'recording.yml'].map((name) => `${FOLDER}prometheus/${name}`);
    prometheus = await startPrometheus({ gpu: exporters.map(({ port }) => port) }, rules);
    const count = async (): Promise<number> =>
      (await prometheus.query('count by (instance) (nvsmi_gpu_info)')).length;
    await until('values of all', async () => (await count()) === MACHINES.length, 60_000);
    // Rates need two scrapes, and GPM metrics two collections.
    for (const each of ['rate(nvsmi_energy_joules_total[1m])', 'nvsmi_gpm_sm_util_ratio']) {
      await until(each, async () => (await prometheus.query(each)).length > 0, 60_000);
    }
  }, 120_000);
  afterAll(() => {
    prometheus?.stop();
    for (const one of exporters) one.child.kill('SIGKILL');
  });

  it('has data for every query of our dashboards', async () => {
    const empty: string[] = [];
    for (const dashboard of dashboards) {
      for (const { targets, title } of JSON.parse(dashboardJson(dashboard)).panels) {
        for (const { expr } of targets as { expr: string }[]) {
          const asked = expr
            .replaceAll('$instance', '.*')
            .replaceAll('$gpu', '.*')
            .replaceAll('$__rate_interval', '1m');
          if ((await prometheus.query(asked)).length === 0) empty.push(`${title}: ${asked}`);
        }
      }
    }
    expect(empty).toEqual([]);
  });

  it('has every name that the dashboards of nvidia_gpu_exporter ask for, joined to the info of its GPU', async () => {
    const empty: string[] = [];
    for (const name of DASHBOARD_NAMES) {
      const joined = /mig_info|gpu_info|apps_last/.test(name)
        ? name
        : `(${name}{instance=~".+", job="gpu"}) * on (instance, uuid) group_left (index, name) nvidia_smi_gpu_info`;
      if ((await prometheus.query(joined)).length === 0) empty.push(name);
    }
    expect(empty).toEqual([
      'nvidia_smi_mig_sm_activity_ratio',
      'nvidia_smi_mig_tensor_activity_ratio',
      'nvidia_smi_xid_errors_total',
      'nvidia_smi_xid_last_timestamp_seconds',
    ]);
  });

  it('has the counters of dcgm-exporter by gpu and instance, as its dashboard asks for them', async () => {
    const empty: string[] = [];
    for (const name of DCGM_DEFAULT_COUNTERS) {
      if ((await prometheus.query(`${name}{instance=~".+", gpu=~".+"}`)).length === 0) empty.push(name);
    }
    expect(empty).toEqual(DCGM_UNKNOWN);
  });

  it('says the same in all three dialects', async () => {
    for (const differs of [
      'nvsmi_power_draw_watts != on (instance, gpu) DCGM_FI_DEV_POWER_USAGE{GPU_I_ID=""}',
      'nvsmi_utilization_gpu_ratio * 100 != on (instance, gpu) DCGM_FI_DEV_GPU_UTIL{GPU_I_ID=""}',
      'sum by (instance) (nvsmi_memory_used_bytes) != sum by (instance) (nvidia_smi_memory_used_bytes)',
    ]) {
      expect(await prometheus.query(differs), differs).toEqual([]);
    }
  });

  it('knows the sums of the fleet, and the alerts that pend or fire', async () => {
    const numberOf = async (expression: string): Promise<string | undefined> =>
      (await prometheus.query(expression))[0]?.value[1];
    await until('the sums', async () => {
      const sum = await numberOf('job:nvsmi_gpus:count');
      return sum !== undefined && sum === (await numberOf('count(nvsmi_gpu_info)'));
    });
    await until('the lost GPU', async () =>
      (await prometheus.query('ALERTS')).some(({ metric: { alertname } }) => alertname === 'GpuLost'),
    );
  });

  it('is where the fleet comes from', async () => {
    const io = new FakeIo();
    expect(await main(['fleet', '--prometheus', prometheus.url, '--json'], io)).toBe(0);
    const { gpus } = JSON.parse(io.output) as { gpus: { host: string; state: string; problems: string[] }[] };
    expect(new Set(gpus.map(({ host }) => host)).size).toBe(MACHINES.length);
    expect(gpus.filter(({ problems }) => problems.includes('lost'))).toHaveLength(1);
    const csv = new FakeIo();
    await main(
      ['fleet', '--prometheus', prometheus.url, '--query-gpu=name,power.draw', '--format=csv,noheader'],
      csv,
    );
    expect(csv.output.trimEnd().split('\n')).toHaveLength(gpus.length);
    const since = new FakeIo();
    expect(await main(['fleet', '--prometheus', prometheus.url, '--since', '1m'], since)).toBe(0);
    expect(since.output).toMatch(/\n127\.0\.0\.1:\d+ +0 +\d+\/\d+\/\d+ /);
  });

  it('shows a host that stopped as one without values', async () => {
    const [first, ...rest] = exporters;
    first?.child.kill('SIGKILL');
    await until('its end', async () => (await prometheus.query('up == 0')).length === 1);
    const io = new FakeIo();
    expect(await main(['fleet', '--prometheus', prometheus.url], io)).toBe(5);
    expect(io.output).toContain(`127.0.0.1:${first?.port}: has no values now, but had some within 1h\n`);
    expect(io.output).toContain(` on ${rest.length} hosts: `);
  });
});
