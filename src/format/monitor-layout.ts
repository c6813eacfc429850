/** How the tables of `dmon` and `pmon` were laid out in each release: 470, 525, 535 and 550 on the fake NVML, 580.159.04 on the H200. */
import { at, type Past, PRESENT, type Release } from '../base/release.js';

export interface MonitorLayout {
  /** Of the date, and of the time. */
  readonly stampWidth: number;
  /** Of a value's cell: 6, unless it was narrower. */
  readonly cellWidth: number;
  readonly headingWidth: number;
  /** Of the first value of pmon. */
  readonly firstHeadingWidth: number;
  readonly pidWidth: number;
  readonly pidHeadingWidth: number;
  readonly typeHeadingWidth: number;
  /** What is between the values of pmon and the command, in headings and in rows. */
  readonly commandHeading: string;
  readonly command: string;
  /** After the last heading of dmon, and of pmon. */
  readonly headingEnd: string;
  readonly commandHeadingEnd: string;
  /** After the last value of dmon. */
  readonly rowEnd: string;
}

interface Dated extends MonitorLayout {
  readonly past: readonly Past<MonitorLayout>[];
}

const BEFORE_550 = { stampWidth: 11, typeHeadingWidth: 5, firstHeadingWidth: 5, commandHeadingEnd: '' };

const BEFORE_535 = {
  ...BEFORE_550,
  headingWidth: 5,
  pidWidth: 10,
  pidHeadingWidth: 10,
  commandHeading: '  ',
  headingEnd: '',
};

const LAYOUT: Dated = {
  stampWidth: 12,
  cellWidth: 6,
  headingWidth: 6,
  firstHeadingWidth: 6,
  pidWidth: 10,
  pidHeadingWidth: 11,
  typeHeadingWidth: 6,
  commandHeading: '   ',
  command: '   ',
  headingEnd: ' ',
  commandHeadingEnd: ' ',
  rowEnd: ' ',
  past: [
    { until: 525, ...BEFORE_535, cellWidth: 5, command: '  ', rowEnd: '' },
    { until: 535, ...BEFORE_535 },
    { until: 550, ...BEFORE_550 },
  ],
};

export const monitorLayout = (release: Release = PRESENT): MonitorLayout => at(LAYOUT, release);
