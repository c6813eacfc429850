/** What a report is, and what it can be asked for. */
import type { Group } from '../report/groups.js';
import type { Report, ReportGpu } from './generated/report.js';
import type { GpuOptions } from './gpus.js';

export type { Group, Report, ReportGpu };

export interface ReportOptions extends GpuOptions {
  /** Only these groups of `-d`: `['MEMORY', 'ECC']`. Default: all. */
  readonly groups?: readonly Group[] | undefined;
}
