/** `-q`: the full report of the GPUs, or of the units with -u, as text, XML or JSON, once or in a loop; `--dtd`. */
import { EXIT, UsageError } from '../../base/errors.js';
import { jsonText, plainly } from '../../base/plain-text.js';
import { PRESENT } from '../../base/release.js';
import type { AnswerSource } from '../../format/json.js';
import { Missing, statusWords } from '../../nvml/status.js';
import type { Asker } from '../../query/ask/asker.js';
import type { Subject } from '../../query/ask/subject.js';
import { releaseOf } from '../../query/driver-release.js';
import { unitsOf as findUnits } from '../../query/report/units.js';
import { compileReport } from '../../report/compile.js';
import type { Document, Tree } from '../../report/document.js';
import { dtdOf } from '../../report/dtd.js';
import { gpuTree } from '../../report/gpu.js';
import { reportJson } from '../../report/json.js';
import { treeAt } from '../../report/release.js';
import { reportText } from '../../report/text.js';
import { unitTree } from '../../report/unit.js';
import type { Context } from '../context.js';
import { loop } from '../runner/loop.js';
import { statusOf } from '../runner/lost.js';
import { machineOf } from '../runner/machine.js';
import { rehearse } from '../runner/rehearse.js';
import { chosenGpus } from '../runner/select.js';
import { type ReportRequest, refuseGroups } from './request.js';

/** Runs the report. Returns the exit status: 15 where a GPU is lost. */
export async function report(request: ReportRequest, context: Context): Promise<number> {
  const { id, filename: file } = request;
  if (request.dtd === 'alone') return dtd(request.units, file, context);
  const whole = treeOf(request.units);
  const now = (): number => context.io.now();
  const writerFor = (tree: Tree) => writerOf(request, tree, request.period !== undefined, context.source);
  const present = treeAt(whole, PRESENT, request.form);
  const writePresent = await writerFor(present);
  await rehearse(
    context,
    present.parts.map((part) => async (asker, gpus) => {
      const compiled = await compileReport({ ...present, parts: [part] }, gpus, request, { asker, now });
      await compiled.sample();
      writePresent(compiled.document());
    }),
  );
  const { session, asker } = await machineOf(context);
  const release = await asker.start(releaseOf(session, (text) => context.io.err(text)));
  refuseGroups(request, release);
  const tree = treeAt(whole, release, request.form, session.driver.onWindows);
  const write = await writerFor(tree);
  const subjects = request.units ? await unitsOf(asker, id) : await chosenGpus(session, id);
  if (file !== undefined) context.io.redirect(file);
  asker.tick();
  const compiled = await compileReport(tree, subjects, request, { asker, now });
  let isFirst = true;
  await loop(context.io, request.period, async () => {
    if (!isFirst) asker.tick();
    isFirst = false;
    await compiled.sample();
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

async function unitsOf(asker: Asker, index: string | undefined): Promise<readonly Subject[]> {
  const units = await asker.start(findUnits());
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
      const { reportXml } = await import('../../report/xml.js');
      const inside = dtd === undefined ? undefined : dtdOf(tree);
      return (document) => reportXml(document, inside);
    }
    case 'json': {
      const indent = isLoop ? undefined : 2;
      return (document) => `${jsonText({ ...(reportJson(document) as object), source }, indent)}\n`;
    }
  }
}
