/** `-q`: the full report of the GPUs, or of the units with -u, as text, XML or JSON, once or in a loop; `--dtd`. */
import { EXIT, UsageError } from '../errors.js';
import type { Session } from '../nvml/session.js';
import { Missing, statusWords } from '../nvml/status.js';
import { jsonText, plainly } from '../plain-text.js';
import { releaseOf } from '../query/driver-release.js';
import { type Subject, SYSTEM } from '../query/plan.js';
import { unitsOf as findUnits } from '../query/report/units.js';
import { PRESENT } from '../release.js';
import type { AnswerSource } from '../render/json.js';
import { reportJson } from '../render/report-json.js';
import { reportText } from '../render/report-text.js';
import { compileReport } from '../report/compile.js';
import type { Document, Tree } from '../report/document.js';
import { dtdOf } from '../report/dtd.js';
import { gpuTree } from '../report/gpu.js';
import { ProbeCache } from '../report/probe-cache.js';
import { treeAt } from '../report/release.js';
import { unitTree } from '../report/unit.js';
import type { Context } from './context.js';
import { loop } from './loop.js';
import { statusOf } from './lost.js';
import { rehearse } from './rehearse.js';
import { type ReportRequest, refuseGroups } from './report-request.js';
import { chosenGpus } from './select.js';

/** Runs the report. Returns the exit status: 15 where a GPU is lost. */
export async function report(request: ReportRequest, context: Context): Promise<number> {
  const { id, filename: file } = request;
  if (request.dtd === 'alone') return dtd(request.units, file, context);
  const whole = treeOf(request.units);
  const now = (): number => context.io.now();
  await rehearse(
    context,
    whole.parts.map((part) => (session) => {
      compileReport({ ...whole, parts: [part] }, session.gpus, request, { session, now });
    }),
  );
  const { session } = await context.machine();
  const release = releaseOf(session, (text) => context.io.err(text));
  refuseGroups(request, release);
  const tree = treeAt(whole, release, request.form);
  const write = await writerOf(request, tree, request.period !== undefined, context.source);
  const subjects = request.units ? unitsOf(session, id) : chosenGpus(session, id);
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

function dtd(units: boolean, file: string | undefined, context: Context): number {
  const tree = treeAt(treeOf(units), PRESENT, 'xml');
  if (file !== undefined) context.io.redirect(file);
  context.io.out(`<!-- ${tree.dtd} -->\n${dtdOf(tree)}`);
  return EXIT.ok;
}

const treeOf = (units: boolean): Tree => (units ? unitTree : gpuTree);

function unitsOf(session: Session, index: string | undefined): readonly Subject[] {
  const units = findUnits(new ProbeCache(session.driver).about(SYSTEM));
  if (units instanceof Missing) {
    // Words and status, also for NOT_SUPPORTED: 550.163.01 with failing calls.
    throw new UsageError(
      `Unable to determine number of available units: ${statusWords(units.status)}`,
      units.status,
    );
  }
  if (index === undefined) return units;
  const unit = units.find((each) => String(each.index) === index);
  if (unit === undefined) throw new UsageError(plainly`Specified unit index ${index} is not valid`);
  return [unit];
}

/** Makes the text of a document. In a loop JSON takes one line per document. The XML builder is loaded for XML alone. */
async function writerOf(
  { form, dtd }: ReportRequest,
  tree: Tree,
  isLoop: boolean,
  source: AnswerSource | undefined,
): Promise<(document: Document) => string> {
  switch (form) {
    case 'text':
      return reportText;
    case 'xml': {
      const { reportXml } = await import('../render/report-xml.js');
      const inside = dtd === undefined ? undefined : dtdOf(tree);
      return (document) => reportXml(document, inside);
    }
    case 'json': {
      const indent = isLoop ? undefined : 2;
      return (document) => `${jsonText({ ...(reportJson(document) as object), source }, indent)}\n`;
    }
  }
}
