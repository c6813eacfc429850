/** What a `-q` command line asks for: read, or refused, before NVML is opened. */
import { UsageError } from '../../base/errors.js';
import { type LoopOptions, loopPeriod } from '../../base/period.js';
import type { Release } from '../../base/release.js';
import type { ReportForm } from '../../report/document.js';
import { type Group, isGroupOf, readGroups } from '../../report/groups.js';

export interface ReportRequest {
  readonly form: ReportForm;
  readonly units: boolean;
  /** The DTD is inside the XML, or alone. */
  readonly dtd: 'inside' | 'alone' | undefined;
  readonly groups: ReadonlySet<Group> | undefined;
  /** Milliseconds; undefined for one run. */
  readonly period: number | undefined;
  /** The GPUs or the unit. */
  readonly id: string | undefined;
  /** The file to write to. */
  readonly filename: string | undefined;
}

/** The options of the report. */
export interface ReportGiven extends LoopOptions {
  readonly query?: true;
  readonly all?: true;
  readonly unit?: true;
  readonly 'xml-format'?: true;
  readonly dtd?: true;
  readonly display?: string;
  readonly json?: true;
  readonly id?: string;
  readonly filename?: string;
}

const HELP = "Please run 'nvidia-smi -h' for help.\n";

const without = (options: string, query: string): UsageError =>
  new UsageError(
    `Invalid combination of input arguments. Specify -q/--query and ${options} to run ${query}.  ${HELP}`,
  );

const unknownGroup = (): UsageError => new UsageError('Failed to parse --display/-d flags');

/** Groups that the driver in use does not have are refused once it is known. */
export function refuseGroups({ groups = new Set() }: ReportRequest, release: Release): void {
  if ([...groups].some((group) => !isGroupOf(release, group))) throw unknownGroup();
}

/** Understands the options, or refuses them as nvidia-smi 580.159.04 does on the H100 and H200. */
export function readReport(given: ReportGiven): ReportRequest {
  const isQuery = given.query === true || given.all === true;
  const { id, filename } = given;
  const xml = given['xml-format'] === true;
  const units = given.unit === true;
  if (!isQuery && given.dtd) {
    return { form: 'xml', units, dtd: 'alone', groups: undefined, period: undefined, id, filename };
  }
  if (!isQuery) {
    if (units) throw without('-u/--unit', 'a unit query');
    if (xml) throw without('-x/--xml-format', 'an XML query');
    throw without('-d/--display', 'a filtered query');
  }
  // Before the groups: `-q -l 0 -d BOGUS` is refused for the loop (H100, 580.159.04).
  const period = loopPeriod(given);
  const other = xml ? '-x/--xml-format' : units ? '-u/--unit' : undefined;
  if (given.display !== undefined && other !== undefined) {
    throw new UsageError(
      `Invalid combination of input arguments: --display/-d flags can not be combined with ${other} flags.`,
    );
  }
  if (given.json && xml) {
    throw new UsageError(
      'Invalid combination of input arguments: --json can not be combined with -x/--xml-format.',
    );
  }
  if (given.dtd && !xml) {
    throw new UsageError('Invalid combination of input arguments: with -q, --dtd needs -x/--xml-format.');
  }
  const list = given.display;
  const groups = list === undefined ? undefined : readGroups(list);
  if (list !== undefined && groups === undefined) {
    throw unknownGroup();
  }
  const form = xml ? 'xml' : given.json ? 'json' : 'text';
  return { form, units, dtd: given.dtd ? 'inside' : undefined, groups, period, id, filename };
}
