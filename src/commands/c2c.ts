/** `c2c`: the links between CPU and GPU chip. */
import { lastValue, type OptionSpec, type Token } from '../argv.js';
import { NVML_ERROR_NOT_SUPPORTED } from '../nvml/generated/constants.js';
import type { Gpu, Session } from '../nvml/session.js';
import * as c2c from '../query/c2c.js';
import { type Cells, cell } from '../query/cell.js';
import { count } from '../query/kind.js';
import { type LinkField, yes } from '../query/nvlink.js';
import { readValues } from '../query/read.js';
import { type C2cValues, c2cText, NO_C2C } from '../render/c2c.js';
import { jsonDocument } from '../render/document.js';
import type { Context } from './context.js';
import type { CommandSpec } from './index.js';
import { jsonOption } from './json-option.js';
import { lostLines, reachable, statusOf } from './lost.js';
import { identityOf, namedGpu } from './named.js';
import { refusal } from './refusal.js';
import { chosenGpus, idOption } from './select.js';
import { wholeNumber } from './whole-number.js';

interface Group extends OptionSpec {
  readonly fields: readonly LinkField[];
}

const GROUPS: readonly Group[] = [
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
];

const options: readonly OptionSpec[] = [
  { ...idOption, help: 'Only these GPUs: index, UUID, PCI bus id.' },
  { short: ['l'], long: 'link', value: 'required', argument: 'LINK', help: 'Only this link.' },
  ...GROUPS,
  jsonOption,
];

/** A link with what was asked about it, for text and for JSON. */
interface LinkAnswer extends C2cValues {
  readonly record: Cells;
}

function answersOf(
  session: Session,
  gpu: Gpu,
  fields: readonly LinkField[],
  only: number | undefined,
): readonly LinkAnswer[] {
  const links = c2c.c2cLinksOf(session, gpu).filter(({ index }) => only === undefined || index === only);
  return links.map(({ index, active }) => {
    const readings = readValues(session, gpu, active ? fields.map(({ of }) => of(index)) : []);
    const cells = fields.flatMap(({ key, label, kind }, i) => {
      const reading = readings[i];
      return reading === undefined ? [] : [{ key, label, cell: cell(kind, reading) }];
    });
    const record = {
      gpu: cell(count, gpu.index),
      link: cell(count, index),
      active: cell(yes, active ? 1 : 0),
      ...Object.fromEntries(cells.map(({ key, cell: value }) => [key, value])),
    };
    return { link: index, active, cells, record };
  });
}

async function run(tokens: readonly Token[], context: Context): Promise<number> {
  const only = wholeNumber(tokens, 'link');
  const { session } = await context.machine();
  const gpus = chosenGpus(session, lastValue(tokens, 'id'));
  const fields = GROUPS.filter(({ long }) => lastValue(tokens, long) !== undefined).flatMap(
    (group) => group.fields,
  );
  const able = reachable(gpus).filter((gpu) => c2c.c2cLinksOf(session, gpu).length > 0);
  const answers = able.map((gpu) => ({ gpu, links: answersOf(session, gpu, fields, only) }));
  if (lastValue(tokens, 'json') !== undefined) {
    context.io.out(
      jsonDocument(
        {
          gpus: able.map((gpu) => identityOf(session, gpu)),
          links: answers.flatMap(({ links }) => links.map(({ record }) => record)),
        },
        context.source,
      ),
    );
    return statusOf(gpus);
  }
  // Status 3, as on the H100 and H200 (580.159.04).
  if (able.length === 0) throw refusal(NO_C2C, NVML_ERROR_NOT_SUPPORTED, gpus);
  const text = answers.map(({ gpu, links }) => c2cText(namedGpu(session, gpu), links));
  context.io.out(text.join('') + lostLines(gpus));
  return statusOf(gpus);
}

export const spec: CommandSpec = { options, actions: options.map(({ long }) => long), run };
