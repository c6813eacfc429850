/** `-q`: the full report of the GPUs, or of the units with -u, as text, XML or JSON, once or in a loop; `--dtd`. */
import { lastValue, type Token } from '../argv.js';
import { EXIT, UsageError } from '../errors.js';
import type { Session } from '../nvml/session.js';
import { loopPeriod } from '../options.js';
import type { Subject } from '../query/plan.js';
import type { Document, Form, Tree } from '../report/document.js';
import { type Group, readGroups } from '../report/groups.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { statusOf } from './lost.js';
import { rehearse } from './rehearse.js';
import { chosenGpus } from './select.js';

/** What a command line asks for. */
interface Request {
  readonly form: Form;
  readonly units: boolean;
  /** The DTD stands in the XML, or alone. */
  readonly dtd: 'inside' | 'alone' | undefined;
  readonly groups: ReadonlySet<Group> | undefined;
}

const HELP = "Please run 'nvidia-smi -h' for help.\n";

const without = (options: string, query: string): UsageError =>
  new UsageError(
    `Invalid combination of input arguments. Specify -q/--query and ${options} to run ${query}.  ${HELP}`,
  );

/** Understands the options, or refuses them as nvidia-smi 580.159.04 does on the H100 and H200. */
function readRequest(tokens: readonly Token[]): Request {
  const has = (long: string): boolean => lastValue(tokens, long) !== undefined;
  const isQuery = has('query') || has('all');
  const xml = has('xml-format');
  const units = has('unit');
  if (!isQuery && has('dtd') && !xml) return { form: 'xml', units, dtd: 'alone', groups: undefined };
  if (!isQuery) {
    if (xml) throw without('-x/--xml-format', 'an XML query');
    if (has('display')) throw without('-d/--display', 'a filtered query');
    throw without('-u/--unit', 'a unit query');
  }
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
  return { form, units, dtd: has('dtd') ? 'inside' : undefined, groups };
}

/** Runs the report. Returns the exit status: 15 where a GPU is lost. */
export async function report(tokens: readonly Token[], context: Context): Promise<number> {
  const request = readRequest(tokens);
  const file = lastValue(tokens, 'filename');
  if (request.dtd === 'alone') return dtd(request.units, file, context);
  const period = loopPeriod(tokens);
  // NVML opens while the tree is loaded; what goes wrong with it is met below.
  const opening = context.machine();
  opening.catch(() => undefined);
  const [tree, { compileReport }] = await Promise.all([
    treeOf(request.units),
    import('../report/compile.js'),
  ]);
  const write = await writerOf(request, tree, period !== undefined);
  const now = (): number => context.io.now();
  await rehearse(
    context,
    tree.parts.map((part) => (session) => {
      compileReport({ ...tree, parts: [part] }, session.gpus, request, { session, now });
    }),
  );
  const { session } = await opening;
  const id = lastValue(tokens, 'id');
  const subjects = request.units ? await unitsOf(session, id) : chosenGpus(session, id);
  if (file !== undefined) context.io.redirect(file);
  const compiled = compileReport(tree, subjects, request, { session, now });
  let isFirst = true;
  await loop(context.io, period, async () => {
    const pending = compiled.sample();
    // While the first sample of one GPU waits, its text is made for nothing: it takes a third of the time when it is made
    // again. Of several GPUs one is asked while the other waits.
    if (isFirst && pending !== undefined && subjects.length === 1) write(compiled.document());
    isFirst = false;
    await pending;
    context.io.out(write(compiled.document()));
  });
  return statusOf(subjects);
}

async function dtd(units: boolean, file: string | undefined, context: Context): Promise<number> {
  const [tree, { dtdOf }] = await Promise.all([treeOf(units), import('../report/dtd.js')]);
  if (file !== undefined) context.io.redirect(file);
  context.io.out(`<!-- ${tree.dtd} -->\n${dtdOf(tree)}`);
  return EXIT.ok;
}

async function treeOf(units: boolean): Promise<Tree> {
  return units ? (await import('../report/unit.js')).unitTree : (await import('../report/gpu.js')).gpuTree;
}

async function unitsOf(session: Session, index: string | undefined): Promise<readonly Subject[]> {
  const { unitsOf: find } = await import('../query/report/units.js');
  const { SYSTEM } = await import('../query/plan.js');
  const { ProbeCache } = await import('../report/probe-cache.js');
  const units = find(new ProbeCache(session.driver).about(SYSTEM));
  if (index === undefined) return units;
  const unit = units.find((each) => String(each.index) === index);
  if (unit === undefined) throw new UsageError(`Specified unit index ${index} is not valid`);
  return [unit];
}

/** Makes the text of a document. In a loop JSON takes one line per document. */
async function writerOf(
  { form, dtd }: Request,
  tree: Tree,
  isLoop: boolean,
): Promise<(document: Document) => string> {
  switch (form) {
    case 'text':
      return (await import('../render/report-text.js')).reportText;
    case 'xml': {
      const { reportXml } = await import('../render/report-xml.js');
      const inside = dtd === undefined ? undefined : (await import('../report/dtd.js')).dtdOf(tree);
      return (document) => reportXml(document, inside);
    }
    case 'json': {
      const { reportJson } = await import('../render/report-json.js');
      const indent = isLoop ? undefined : 2;
      return (document) => `${JSON.stringify(reportJson(document), null, indent)}\n`;
    }
  }
}
