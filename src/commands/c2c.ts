/** `c2c`: the links between CPU and GPU chip. */
import type { Given, OptionSpec } from '../argv.js';
import { EXIT } from '../errors.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import { Missing, statusReason } from '../nvml/status.js';
import * as c2c from '../query/c2c.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { isAskable, type Link, type LinkField, yes } from '../query/nvlink.js';
import { readValues } from '../query/read.js';
import { type C2cValues, c2cText, NO_C2C } from '../render/c2c.js';
import { jsonDocument } from '../render/document.js';
import { type CommandSpec, command } from './command.js';
import type { Context } from './context.js';
import { jsonOption } from './json-option.js';
import { linkOption } from './link-option.js';
import { lostLines, reachable, refusal, statusOf } from './lost.js';
import { machineOf } from './machine.js';
import { identityOf, namedGpu } from './named.js';
import { chosenGpus, idOption } from './select.js';

interface Group extends OptionSpec {
  readonly fields: readonly LinkField[];
}

const GROUPS = [
  {
    short: ['s'],
    long: 'status',
    help: 'Speed of each link, or that it is inactive.',
    fields: [c2c.c2cSpeed],
  },
  { short: ['e'], long: 'errorcounters', help: 'Errors of each link.', fields: c2c.c2cErrors },
  {
    short: ['gLowPwrInfo'],
    long: 'getLowPowerInfo',
    help: 'Power state of each link.',
    fields: [c2c.c2cPower],
  },
] as const satisfies readonly Group[];

const options = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  linkOption,
  ...GROUPS,
  jsonOption,
] as const;

/** A link with what was asked about it, for text and for JSON. */
interface LinkAnswer extends C2cValues {
  readonly record: Cells;
}

function answersOf(
  session: Session,
  gpu: Gpu,
  links: readonly Link[],
  fields: readonly LinkField[],
): readonly LinkAnswer[] {
  return links.map(({ index, active }) => {
    const isAsked = isAskable({ active });
    const readings = readValues(session, gpu, isAsked ? fields.map(({ of }) => of(index)) : []);
    const cells = fields.flatMap(({ key, label, kind }, i) => {
      const reading = readings[i];
      return reading === undefined ? [] : [{ key, label, cell: cell(kind, reading) }];
    });
    const record = {
      gpu: cell(count, gpu.index),
      link: cell(count, index),
      active: cell(yes, active),
      ...Object.fromEntries(cells.map(({ key, cell: value }) => [key, value])),
    };
    return { link: index, active: isAsked, cells, record };
  });
}

async function run({ link: only, ...given }: Given<typeof options>, context: Context): Promise<number> {
  const { session } = await machineOf(context);
  const gpus = await chosenGpus(session, given.id);
  const fields = GROUPS.filter(({ long }) => given[long]).flatMap(
    ({ fields }): readonly LinkField[] => fields,
  );
  const answers = reachable(gpus).flatMap((gpu): Answer[] => {
    const links = c2c.c2cLinksOf(session, gpu);
    if (links instanceof Missing) return [{ gpu, links }];
    if (links.length === 0) return [];
    const wanted = links.filter(({ index }) => only === undefined || index === only);
    return [{ gpu, links: answersOf(session, gpu, wanted, fields) }];
  });
  const failed = answers.map(({ links }) => links).find((links) => links instanceof Missing);
  const status = statusOf(gpus) || (failed?.status ?? EXIT.ok);
  if (given.json) {
    context.io.out(
      jsonDocument(
        {
          gpus: answers.map(({ gpu }) => identityOf(session, gpu)),
          links: answers.flatMap(({ gpu, links }) =>
            links instanceof Missing ? [unlisted(gpu, links)] : links.map(({ record }) => record),
          ),
        },
        context.source,
      ),
    );
    return status;
  }
  // Status 3, as on the H100 and H200 (580.159.04).
  if (answers.length === 0) throw refusal(NO_C2C, NVML_ERROR_NOT_SUPPORTED, gpus);
  const text = answers.map(({ gpu, links }) => {
    const named = namedGpu(session, gpu);
    if (!(links instanceof Missing)) return c2cText(named, links);
    return `${c2cText(named, [])}Unable to determine the C2C links: ${statusReason(links.status)}\n`;
  });
  context.io.out(text.join('') + lostLines(gpus));
  return status;
}

/** A GPU's links, or why they cannot be listed. */
interface Answer {
  readonly gpu: Gpu;
  readonly links: readonly LinkAnswer[] | Missing;
}

/** In the place of the links of a GPU. */
const unlisted = (gpu: Gpu, why: Missing): Cells => ({
  gpu: cell(count, gpu.index),
  link: cell(count, why),
  active: cell(yes, why),
});

export const spec: CommandSpec = command({ options, actions: options.map(({ long }) => long), run });
