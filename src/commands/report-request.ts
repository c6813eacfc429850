/** What a `-q` command line asks for: read, or refused, before NVML is opened. */
import { lastValue, type Token } from '../argv.js';
import { UsageError } from '../errors.js';
import { loopPeriod } from '../period.js';
import type { Form } from '../report/document.js';
import { type Group, readGroups } from '../report/groups.js';

export interface ReportRequest {
  readonly form: Form;
  readonly units: boolean;
  /** The DTD is inside the XML, or alone. */
  readonly dtd: 'inside' | 'alone' | undefined;
  readonly groups: ReadonlySet<Group> | undefined;
  /** Milliseconds; undefined for one run. */
  readonly period: number | undefined;
}

const HELP = "Please run 'nvidia-smi -h' for help.\n";

const without = (options: string, query: string): UsageError =>
  new UsageError(
    `Invalid combination of input arguments. Specify -q/--query and ${options} to run ${query}.  ${HELP}`,
  );

/** Understands the options, or refuses them as nvidia-smi 580.159.04 does on the H100 and H200. */
export function readReport(tokens: readonly Token[]): ReportRequest {
  const has = (long: string): boolean => lastValue(tokens, long) !== undefined;
  const isQuery = has('query') || has('all');
  const xml = has('xml-format');
  const units = has('unit');
  if (!isQuery && has('dtd') && !xml) {
    return { form: 'xml', units, dtd: 'alone', groups: undefined, period: undefined };
  }
  if (!isQuery) {
    if (xml) throw without('-x/--xml-format', 'an XML query');
    if (has('display')) throw without('-d/--display', 'a filtered query');
    throw without('-u/--unit', 'a unit query');
  }
  // Before the groups: `-q -l 0 -d BOGUS` is refused for the loop (H100, 580.159.04).
  const period = loopPeriod(tokens);
  if (has('display') && xml) {
    throw new UsageError(
      'Invalid combination of input arguments: --display/-d flags can not be combined with -x/--xml-format flags.',
    );
  }
  if (has('json') && xml) {
    throw new UsageError(
      'Invalid combination of input arguments: --json can not be combined with -x/--xml-format.',
    );
  }
  if (has('dtd') && !xml) {
    throw new UsageError('Invalid combination of input arguments: with -q, --dtd needs -x/--xml-format.');
  }
  const list = lastValue(tokens, 'display');
  const groups = list === undefined ? undefined : readGroups(list);
  if (list !== undefined && groups === undefined) {
    throw new UsageError('Failed to parse --display/-d flags');
  }
  const form = xml ? 'xml' : has('json') ? 'json' : 'text';
  return { form, units, dtd: has('dtd') ? 'inside' : undefined, groups, period };
}
