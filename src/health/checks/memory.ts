/** Checks of memory errors and of what was done about them: ECC, remapped rows, retired pages. */
import { fail, type Judged, ok, unknown, warn } from '../../base/verdict.js';
import type { CheckedGpu, GpuCheck } from '../check.js';
import { grownText, perHour } from '../rate.js';

const TEST =
  'Drain the node, reset the GPU, and test it with a diagnostic tool; replace it if errors come again.';
const UNCORRECTED = 'ecc.errors.uncorrected.volatile.total';
const CORRECTED = 'ecc.errors.corrected.volatile.total';
const THRESHOLD = 'ecc.errors.uncorrected.aggregate.sram.thresholdExceeded';

const uncorrected: GpuCheck = {
  id: 'ecc-uncorrected',
  about:
    'Memory errors that ECC could not correct since the driver was loaded, and whether those of SRAM exceed the threshold for replacing the GPU.',
  fails: 'there are errors since the driver was loaded, or the threshold is exceeded',
  needs: [UNCORRECTED],
  uses: [THRESHOLD, 'ecc.errors.uncorrected.aggregate.total'],
  judge: ({ number, word, growth }) => {
    const count = number(UNCORRECTED);
    if (word(THRESHOLD) === 'true')
      return fail(
        'Uncorrectable errors of SRAM exceed the threshold for replacing the GPU.',
        'Drain the node and have the GPU replaced.',
      );
    if (count > 0)
      return fail(
        `${count} uncorrectable memory errors since the driver was loaded${grownText([growth(UNCORRECTED)])}.`,
        TEST,
      );
    const life = number('ecc.errors.uncorrected.aggregate.total');
    return ok(
      `No uncorrectable memory error since the driver was loaded${life > 0 ? `, ${life} over the life of the GPU` : ''}.`,
    );
  },
};

const corrected: GpuCheck = {
  id: 'ecc-corrected',
  about: 'Memory errors that ECC corrected: how fast they grow since the last run, with --state.',
  warns: 'they grow faster than `ecc_corrected_per_hour`',
  needs: [CORRECTED],
  judge: (subject): Judged => {
    const count = subject.number(CORRECTED);
    const growth = subject.growth(CORRECTED);
    if (growth === undefined) return ok(`${count} corrected memory errors since the driver was loaded.`);
    return perHour('corrected memory errors', growth, subject.health.limits.ecc_corrected_per_hour, {
      action: 'Watch the remapped rows. If the rate stays, test the GPU.',
    });
  },
};

const ROWS = ['remapped_rows.uncorrectable', 'remapped_rows.correctable'];

const rowRemap: GpuCheck = {
  id: 'row-remap',
  about: 'Remapped memory rows: failed and pending remappings, and banks without a spare row.',
  warns: 'a remapping is pending, or a bank has no spare row left',
  fails: 'a remapping failed',
  needs: ['remapped_rows.failure', 'remapped_rows.pending'],
  uses: ['remapped_rows.uncorrectable', 'remapped_rows.correctable', 'remapped_rows.histogram.none'],
  judge: ({ word, number, growth }) => {
    if (word('remapped_rows.failure') === 'true')
      return fail('A row of memory could not be remapped.', 'Drain the node and have the GPU replaced.');
    if (word('remapped_rows.pending') === 'true')
      return warn(
        'A remapping of a row is pending.',
        'Reset the GPU when it is idle, so that the spare row is used.',
      );
    const banks = number('remapped_rows.histogram.none');
    if (banks > 0)
      return warn(
        `${banks} banks of memory have no spare row left.`,
        'Plan to replace the GPU: the next error in these banks cannot be repaired.',
      );
    const rows = number('remapped_rows.uncorrectable') + number('remapped_rows.correctable');
    const grown = grownText(ROWS.map(growth));
    return ok(rows > 0 ? `${rows} rows are remapped${grown}; none is pending.` : 'No row is remapped.');
  },
};

/** NVIDIA replaces boards with so many retired pages. */
const MOST_PAGES = 60;

const PAGES = ['retired_pages.single_bit_ecc.count', 'retired_pages.double_bit.count'];

const retiredPages: GpuCheck = {
  id: 'retired-pages',
  about: 'Pages of memory that were retired (GPUs before Ampere).',
  warns: 'a retirement is pending',
  fails: `${MOST_PAGES} pages or more are retired`,
  needs: ['retired_pages.pending', 'retired_pages.single_bit_ecc.count', 'retired_pages.double_bit.count'],
  judge: ({ word, number, growth }) => {
    const grown = grownText(PAGES.map(growth));
    const pages = number('retired_pages.single_bit_ecc.count') + number('retired_pages.double_bit.count');
    if (pages >= MOST_PAGES)
      return fail(`${pages} pages are retired${grown}.`, 'Drain the node and have the GPU replaced.');
    return word('retired_pages.pending') === 'true'
      ? warn('The retirement of a page is pending.', 'Reset the GPU or reboot when it is idle.')
      : ok(`${pages} pages are retired${pages > 0 ? grown : ''}, none is pending.`);
  },
};

const inforom: GpuCheck = {
  id: 'inforom',
  about: 'Whether the checksums of the infoROM are valid.',
  fails: 'they are not',
  needs: ['inforom.checksum_validation'],
  judge: ({ word }) =>
    word('inforom.checksum_validation') === 'valid'
      ? ok('The infoROM is valid.')
      : fail(
          'The infoROM is corrupt.',
          'Update the firmware of the board; replace the board if that does not help.',
        ),
};

const recovery: Readonly<Record<string, (word: string) => Judged>> = {
  None: () => ok('The GPU needs no recovery.'),
  'Drain P2P': (word) =>
    warn(
      `The GPU needs: ${word}.`,
      'Drain the node: no peer-to-peer traffic may reach the GPU. Then reset it.',
    ),
};

const recoveryAction: GpuCheck = {
  id: 'recovery-action',
  about: 'The recovery action that the driver requests for the GPU.',
  warns: 'it is Drain P2P',
  fails: 'it is a reset, a reboot, or another action',
  needs: ['gpu_recovery_action'],
  judge: ({ word }: CheckedGpu) => {
    const action = word('gpu_recovery_action');
    if (action === 'Unknown') return unknown('The driver requests an unknown action.', 'Update nvsmi.');
    return (
      recovery[action] ?? (() => fail(`The GPU needs: ${action}.`, `Drain the node, then: ${action}.`))
    )(action);
  },
};

export const memoryChecks: readonly GpuCheck[] = [
  uncorrected,
  corrected,
  rowRemap,
  retiredPages,
  inforom,
  recoveryAction,
];
