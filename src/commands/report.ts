/** `-q`: the full report of the GPUs, or of the units with -u, as text, XML or JSON, once or in a loop; `--dtd`. */
import { lastValue, type Token } from '../argv.js';
import { EXIT, UsageError } from '../errors.js';
import type { Session } from '../nvml/session.js';
import type { Subject } from '../query/plan.js';
import type { Document, Tree } from '../report/document.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { statusOf } from './lost.js';
import { rehearse } from './rehearse.js';
import type { ReportRequest } from './report-request.js';
import { chosenGpus } from './select.js';

/** Runs the report. Returns the exit status: 15 where a GPU is lost. */
export async function report(
  request: ReportRequest,
  tokens: readonly Token[],
  context: Context,
): Promise<number> {
  const file = lastValue(tokens, 'filename');
  if (request.dtd === 'alone') return dtd(request.units, file, context);
  const [tree, { compileReport }] = await Promise.all([
    treeOf(request.units),
    import('../report/compile.js'),
  ]);
  const write = await writerOf(request, tree, request.period !== undefined);
  const now = (): number => context.io.now();
  await rehearse(
    context,
    tree.parts.map((part) => (session) => {
      compileReport({ ...tree, parts: [part] }, session.gpus, request, { session, now });
    }),
  );
  const { session } = await context.machine();
  const id = lastValue(tokens, 'id');
  const subjects = request.units ? await unitsOf(session, id) : chosenGpus(session, id);
  if (file !== undefined) context.io.redirect(file);
  const compiled = compileReport(tree, subjects, request, { session, now });
  let isFirst = true;
  await loop(context.io, request.period, async () => {
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
  { form, dtd }: ReportRequest,
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
