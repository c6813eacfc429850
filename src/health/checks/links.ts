/** Checks of errors on the links: PCIe and NVLink. */
import { fail, type Judged, ok, warn } from '../../base/verdict.js';
import type { GpuCheck } from '../check.js';
import { backwards, perHour, span } from '../rate.js';

const SEAT = 'Check seating, risers and cables of the GPU; drain the node if the rate stays.';
const REPLAYS = 'pcie.replay_counter';
const MINUTES = 60;

const replays: GpuCheck = {
  id: 'pcie-replays',
  about: 'PCIe replays per minute since the last run, with --state.',
  warns: 'there are more than `pcie_replays_per_minute`',
  needs: [REPLAYS],
  judge: ({ number, growth, health }): Judged => {
    const grown = growth(REPLAYS);
    if (grown === undefined) return ok(`${number(REPLAYS)} PCIe replays since the driver was loaded.`);
    if (grown.by < 0) return backwards('PCIe replays');
    const most = health.limits.pcie_replays_per_minute;
    const text = `${grown.by} PCIe replays in the last ${span(grown.hours)}`;
    return grown.by / Math.max(grown.hours * MINUTES, 1) > most
      ? warn(`${text}, more than ${most} a minute.`, SEAT)
      : ok(`${text}.`);
  },
};

const pcieErrors: GpuCheck = {
  id: 'pcie-errors',
  about: 'PCIe link errors that the GPU counts, fatal and non-fatal.',
  warns: 'there are uncorrectable non-fatal errors',
  fails: 'there are fatal errors',
  needs: ['pcie.fatal_error', 'pcie.non_fatal_error'],
  uses: ['pcie.correctable_errors'],
  judge: ({ number }) => {
    const [fatal, other] = [number('pcie.fatal_error'), number('pcie.non_fatal_error')];
    if (fatal > 0) return fail(`${fatal} fatal PCIe errors.`, `Drain the node and reboot it. ${SEAT}`);
    return other > 0
      ? warn(`${other} uncorrectable PCIe errors that are not fatal.`, SEAT)
      : ok('No uncorrectable PCIe error.');
  },
};

const LINK = 'Check bridges, cables and switches of NVLink; reset the GPUs of the links.';

const nvlinkErrors: GpuCheck = {
  id: 'nvlink-errors',
  about:
    'Errors of the NVLinks up to version 4: replays, recoveries and CRC errors, since the last run with --state.',
  warns: 'links had to recover, or replays and CRC errors grow faster than `nvlink_errors_per_hour`',
  needs: ['nvlink.errors.replay', 'nvlink.errors.recovery', 'nvlink.errors.crc'],
  judge: ({ number, growth, health }): Judged => {
    const names = ['nvlink.errors.replay', 'nvlink.errors.crc'];
    const recoveries = growth('nvlink.errors.recovery');
    if (recoveries !== undefined && recoveries.by < 0) return backwards('NVLink recoveries');
    const recovered = recoveries?.by ?? number('nvlink.errors.recovery');
    if (recovered > 0) return warn(`NVLinks recovered ${recovered} times from errors.`, LINK);
    for (const name of names) {
      const grown = growth(name);
      if (grown === undefined) continue;
      const judged = perHour(
        `NVLink ${name.endsWith('crc') ? 'CRC errors' : 'replays'}`,
        grown,
        health.limits.nvlink_errors_per_hour,
        { action: LINK },
      );
      if (judged.verdict !== 'ok') return judged;
    }
    return ok(
      `${number('nvlink.errors.replay')} replays and ${number('nvlink.errors.crc')} CRC errors of NVLinks in all.`,
    );
  },
};

const nvlinkRecoveries: GpuCheck = {
  id: 'nvlink-recoveries',
  about:
    'NVLink 5: links that failed to recover, and errors that links received since the last run, with --state.',
  warns: 'errors grow faster than `nvlink_errors_per_hour`',
  fails: 'a link failed to recover',
  needs: ['nvlink.recoveries.failed'],
  uses: ['nvlink.errors.rx'],
  judge: ({ number, growth, health }): Judged => {
    const failed = number('nvlink.recoveries.failed');
    if (failed > 0) return fail(`NVLinks failed to recover ${failed} times.`, LINK);
    const grown = growth('nvlink.errors.rx');
    return grown === undefined
      ? ok('No NVLink failed to recover.')
      : perHour('errors received over NVLink', grown, health.limits.nvlink_errors_per_hour, { action: LINK });
  },
};

const HEALTHY: readonly string[] = ['', 'Healthy'];

const fabric: GpuCheck = {
  id: 'fabric',
  about: 'State, status and health of the NVLink fabric.',
  warns: 'the GPU waits for its fabric, or the fabric has limited capacity or degraded bandwidth',
  fails: 'the fabric has an error or is unhealthy',
  needs: ['fabric.state'],
  uses: [
    'fabric.status',
    'fabric.health.summary',
    'fabric.health.bandwidth',
    'fabric.health.route_unhealthy',
  ],
  judge: ({ word }) => {
    const [state, status, summary] = [
      word('fabric.state'),
      word('fabric.status'),
      word('fabric.health.summary'),
    ];
    const manager = "Check that nv-fabricmanager runs, that its version is the driver's, and its log.";
    if (state !== 'Completed') return warn(`The state of the fabric is ${state}.`, manager);
    if (status !== 'Success' && status !== '') return fail(`The fabric has the status ${status}.`, manager);
    if (summary === 'Unhealthy') return fail('The fabric is unhealthy.', manager);
    if (!HEALTHY.includes(summary)) return warn(`The health of the fabric is: ${summary}.`, manager);
    if (word('fabric.health.bandwidth') === 'Degraded')
      return warn('The bandwidth of the fabric is degraded.', LINK);
    return ok('The fabric is complete.');
  },
};

export const linkChecks: readonly GpuCheck[] = [replays, pcieErrors, nvlinkErrors, nvlinkRecoveries, fabric];
