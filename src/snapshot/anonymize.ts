/**
 * Makes up what identifies a machine in a recording: UUIDs, serial numbers, PDIs, ids of units, fabrics and platforms, virtual
 * machines, host names, programs. What is kept is listed in kept-texts.ts and kept-files.ts; all other text is left out. The GPUs
 * of every anonymized machine have the same identities, so that recordings compare well.
 */
import { own } from '../base/form.js';
import * as layouts from '../nvml/generated/layouts.js';
import { prototypes } from '../nvml/generated/prototypes.js';
import type { Layout } from '../nvml/layout.js';
import type { Prototype } from '../nvml/prototype.js';
import { statusReason } from '../nvml/status.js';
import type { Json } from './answer.js';
import { keptFiles } from './kept-files.js';
import { ERROR_STRINGS, KEPT_BYTES, KEPT_TEXTS } from './kept-texts.js';
import { type Identities, identitiesOf } from './made-up-identities.js';
import { madeUpProgram } from './made-up-program.js';
import type { Snapshot } from './snapshot.js';

export function anonymize(snapshot: Snapshot): Snapshot {
  const identities = identitiesOf(snapshot.calls);
  const renamed = new Map<string, string>();
  const calls = Object.fromEntries(
    Object.entries(snapshot.calls).map(([fn, answers]) => [
      fn,
      Object.fromEntries(
        Object.entries(answers).flatMap(([key, answer]): [string, Json][] => {
          const made = keyOf(fn, key, identities);
          return made === undefined
            ? []
            : [[made, new MadeUpAnswer(fn, key, identities, renamed).made(answer)]];
        }),
      ),
    ]),
  );
  return {
    ...snapshot,
    title: titleOf(snapshot.title, renamed),
    identities: 'made-up',
    files: keptFiles(snapshot.files),
    calls,
  };
}

/** A title is made of names and versions: those that were not kept are replaced there, too. */
const titleOf = (title: string, renamed: ReadonlyMap<string, string>): string =>
  [...renamed].reduce(
    (text, [old, made]) => (old === '' ? text : text.replaceAll(old, made || 'unknown')),
    title,
  );

/** A handle, a number, or nothing. The sample of GPM metrics has a handle too. */
const HANDLE_OR_NUMBER = /^(?:(?:gpu|unit)\d+(?:\/(?:mig|gi|ci)\d+)*|gpmSample|-?\d+|NaN|-?Infinity|)$/;
/** Of a question: a number or a handle, which may follow a member's name. */
const PART = /^(?:\w+=)?(?:(?:gpu|unit)\d+(?:\/(?:mig|gi|ci)\d+)*|gpmSample|-?\d+(?::\d+)?|)$/;
const BUS_ID = /^(?:busId=)?[0-9A-F]{4,8}:[0-9A-F]{2}:[0-9A-F]{2}\.[0-7]$/i;

/** The inputs that an answer is found by; undefined where they hold what is not known. */
function keyOf(fn: string, key: string, { named }: Identities): string | undefined {
  if (fn === 'nvmlDeviceGetHandleBySerial') return named('serial', key);
  const parts = key.split(',').map((part) => {
    if (PART.test(part) || BUS_ID.test(part)) return part;
    const [, member = '', value = ''] = /^((?:[\w.]+=)?)(.*)$/s.exec(part) ?? [];
    const made = named('uuid', value);
    return made === undefined ? undefined : member + made;
  });
  return parts.includes(undefined) ? undefined : parts.join(',');
}

/** Members of structs that are texts. `value` is one of a host's name alone, which is made up as a whole. */
const TEXT_MEMBERS: ReadonlySet<string> = new Set(
  Object.values(layouts as unknown as Readonly<Record<string, Layout>>).flatMap(({ fields }) =>
    Object.entries(fields).flatMap(([name, [type]]) => (type === 'text' && name !== 'value' ? [name] : [])),
  ),
);

/** Members that are bytes. */
const BYTE_MEMBERS: ReadonlySet<string> = new Set(
  Object.values(layouts as unknown as Readonly<Record<string, Layout>>).flatMap(({ fields }) =>
    Object.entries(fields).flatMap(([name, [type, , length]]) =>
      type === 'u8' && length !== undefined && !KEPT_BYTES.has(name) ? [name] : [],
    ),
  ),
);

/** Whether a string is a text, and not a handle or a number that JSON has no room for. */
const isText = (fn: string, member: string | undefined): boolean =>
  member === undefined
    ? (own(prototypes as Readonly<Record<string, Prototype>>, fn)?.some(([kind]) => kind === 'text') ?? true)
    : TEXT_MEMBERS.has(member);

/** An answer being made up. */
class MadeUpAnswer {
  constructor(
    private readonly fn: string,
    private readonly key: string,
    private readonly identities: Identities,
    private readonly renamed: Map<string, string>,
  ) {}

  made(answer: Json): Json {
    const whole = this.ownWay(answer);
    return whole ?? this.walk(answer, undefined);
  }

  /** Answers that are made up as a whole. */
  private ownWay(answer: Json): Json | undefined {
    const { fn, key, identities } = this;
    if (fn === 'nvmlSystemGetProcessName' && typeof answer === 'string') return madeUpProgram(answer);
    if (fn === 'nvmlErrorString' && typeof answer === 'string') {
      return ERROR_STRINGS.has(answer) ? answer : statusReason(Number(key));
    }
    if (typeof answer !== 'object' || answer === null || !('value' in answer)) return undefined;
    if (fn === 'nvmlDeviceGetHostname_v1') return { ...answer, value: identities.host(String(answer.value)) };
    if (fn === 'nvmlDeviceGetPdi') return { ...answer, value: identities.pdi(key) };
    return undefined;
  }

  private walk(json: Json, member: string | undefined): Json {
    if (typeof json === 'string') return this.text(json, member);
    if (Array.isArray(json)) {
      return member !== undefined && BYTE_MEMBERS.has(member)
        ? json.map((_: Json, i: number) => (0xa0 + i) & 0xff)
        : json.map((item: Json) => this.walk(item, member));
    }
    // The number of a host interface card.
    if (member === 'hwbcId') return 0;
    if (typeof json !== 'object' || json === null) return json;
    const members = Object.entries(json as Readonly<Record<string, Json>>);
    return Object.fromEntries(
      members.map(([name, value]) => [name, name === 'error' ? value : this.walk(value, name)]),
    );
  }

  private text(text: string, member: string | undefined): string {
    const { fn } = this;
    const kind = IDENTITIES[member === undefined ? fn : `${fn}.${member}`];
    if (kind !== undefined) return this.identities.named(kind, text) ?? '';
    const kept =
      own(KEPT_TEXTS, member === undefined ? fn : `${fn}.${member}`) ?? own(KEPT_TEXTS, member ?? '');
    if (kept === undefined) return !isText(fn, member) && HANDLE_OR_NUMBER.test(text) ? text : '';
    if (text === '' || kept.form.test(text)) return text;
    if (member === undefined) this.renamed.set(text, kept.otherwise);
    return kept.otherwise;
  }
}

/** The texts that are identities, by function or by function and member. */
const IDENTITIES: Readonly<Record<string, Parameters<Identities['named']>[0]>> = {
  nvmlDeviceGetUUID: 'uuid',
  nvmlDeviceGetSerial: 'serial',
  'nvmlGetExcludedDeviceInfoByIndex.uuid': 'uuid',
  'nvmlUnitGetUnitInfo.serial': 'unit serial',
  'nvmlUnitGetUnitInfo.id': 'unit id',
  nvmlVgpuInstanceGetUUID: 'uuid',
  nvmlVgpuInstanceGetMdevUUID: 'uuid',
  nvmlVgpuInstanceGetVmID: 'vm',
};
