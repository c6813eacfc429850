/** PCIe counters of a GPU, set to zero. The words are those of 550.163.01, which clears errors alone. */
import { NVML_FI_DEV_PCIE_COUNT_LANE_ERROR } from '../nvml/generated/constants.js';
import type { Field } from '../query/field.js';
import { pciErrors, pciTraffic } from '../query/links/pci-counters.js';
import type { Attempt } from './acting.js';
import { changed, failed, type Target } from './action.js';
import { changeFields } from './change.js';

interface Counter {
  readonly label: string;
  readonly id: number;
}

/** The counters that `pci` shows. */
const shownBy = (fields: readonly Field[]): readonly Counter[] =>
  fields.flatMap(({ label, source }) => {
    const id = 'probe' in source ? source.probe.field?.[0] : undefined;
    return id === undefined || label === undefined ? [] : [{ label, id }];
  });

const COUNTERS = {
  clearErrorCounters: {
    counters: [...shownBy(pciErrors), { label: 'LANE_ERROR', id: NVML_FI_DEV_PCIE_COUNT_LANE_ERROR }],
    done: 'Successfully cleared all error counters',
  },
  // 580 has it; its words were not seen.
  clearCounters: { counters: shownBy(pciTraffic), done: 'Successfully cleared all counters' },
} as const satisfies Readonly<
  Record<string, { readonly counters: readonly Counter[]; readonly done: string }>
>;

export type ClearedCounters = keyof typeof COUNTERS;

export const CLEARED_COUNTERS = Object.keys(COUNTERS) as readonly ClearedCounters[];

const NAME_WIDTH = 25;

export const clearPciCounters = (target: Target, which: ClearedCounters): Attempt => ({
  action: which,
  value: null,
  target,
  needs: ['root'],
  make() {
    const { counters, done } = COUNTERS[which];
    const { status, statuses } = changeFields(
      target,
      counters.map(({ id }) => [id, 0]),
    );
    // nvidia-smi says nothing where the whole call fails.
    if (status !== 0) return failed(status);
    const wrong = counters.flatMap(({ label }, i) => {
      const status = statuses[i] ?? 0;
      return status === 0 ? [] : [{ status, line: `    ${`${label}:`.padEnd(NAME_WIDTH)}fail to clear` }];
    });
    const [first] = wrong;
    return first === undefined ? changed(done) : failed(first.status, ...wrong.map(({ line }) => line));
  },
});
