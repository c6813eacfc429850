/**
 * A built machine: the answers of a recording, and the overrides of a file beside this one, applied in their order. README.md of
 * this folder describes the form.
 */
import { existsSync, readFileSync } from 'node:fs';
import type { Json } from '../../src/snapshot/answer.js';
import { parseSnapshot, type Snapshot } from '../../src/snapshot/snapshot.js';
import { type Calls, changesBetween } from '../../src/snapshot/snapshot-ticks.js';
import { type Identity, introduce } from './identity.js';
import { keysOf, resolved } from './pattern.js';

/** A step of a file: its members apply in this order. */
export interface Override {
  /** The reason, or where the values were seen. */
  readonly why?: string;
  /** Handles that are gone: every answer about them, and their mention in lists. */
  readonly forget?: readonly string[];
  /** Functions that are gone. */
  readonly drop?: readonly string[];
  /** The only functions that are left. */
  readonly keep?: readonly string[];
  /** The only functions that `gpu0` answers; it refuses all others with what they were recorded with. */
  readonly only?: readonly string[];
  /** Who the GPUs are. All answer like the first. */
  readonly gpus?: readonly Identity[];
  /** Handles that refuse what `gpu0` is asked. */
  readonly refuse?: readonly string[];
  /** Contents of /proc and /sys by path; `null` removes the file, and all that begin so where the path ends with `*`. */
  readonly files?: Readonly<Record<string, string | null>>;
  /** function → key → answer, both as in a snapshot. */
  readonly set?: Calls;
}

interface Source {
  readonly title: string;
  readonly base: string;
  readonly overrides: readonly Override[];
}

/** A table of a GPU that is longer (clocks, links, profiles) is not asked of what is refused like it. */
const SHORT = 12;
const REFUSED: Json = { error: 'NVML_ERROR_NOT_SUPPORTED' };
const FIELDS = 'nvmlDeviceGetFieldValues';

/** What members of an override do. */
const VERBS: {
  readonly [verb in keyof Override]-?: (m: Machine, what: NonNullable<Override[verb]>) => void;
} = {
  why: () => {},
  forget: (m, handles) => {
    for (const handle of handles) m.forget(handle);
  },
  drop: (m, fns) => {
    for (const fn of fns) m.answers.delete(fn);
  },
  keep: (m, fns) => {
    for (const fn of [...m.answers.keys()]) if (!fns.includes(fn)) m.answers.delete(fn);
  },
  only: (m, fns) => {
    // A field that is refused without a scope is refused with any.
    for (const key of m.keys(FIELDS)) if (key.includes(':')) m.answers.get(FIELDS)?.delete(key);
    for (const fn of m.answers.keys()) {
      if (!fns.includes(fn)) for (const key of m.keys(fn)) if (isOf(key, 'gpu0')) m.set(fn, key, REFUSED);
    }
  },
  gpus: (m, identities) => {
    m.multiply(identities.length);
    introduce(m, identities);
  },
  refuse: (m, handles) => {
    for (const handle of handles) {
      for (const fn of m.answers.keys()) {
        const keys = m.keys(fn).filter((key) => isOf(key, 'gpu0') && !key.includes('gpu0,gpu0'));
        if (fn === FIELDS || keys.length > SHORT) continue;
        for (const key of keys) m.set(fn, key.replace('gpu0', handle), REFUSED);
      }
      m.set(FIELDS, handle, REFUSED);
    }
  },
  files: (m, files) => {
    for (const [path, content] of Object.entries(files)) m.file(path, content);
  },
  set: (m, calls) => {
    for (const [fn, answers] of Object.entries(calls)) {
      // A function without answers keeps its place in the order of the snapshot.
      if (!m.answers.has(fn)) m.answers.set(fn, new Map());
      const all = Object.entries(answers).flatMap(([key, answer]) =>
        keysOf(key, m.count).map((place) => ({ ...place, answer: resolved(answer, place) })),
      );
      // GPU after GPU, as a recording lists them.
      all.sort((a, b) => a.gpu - b.gpu);
      for (const { key, answer } of all) m.set(fn, key, answer);
    }
  },
};

const fileOf = (name: string): URL => new URL(`${name}.json`, import.meta.url);
const isOf = (key: string, handle: string): boolean => key === handle || key.startsWith(`${handle},`);

/** Functions about two GPUs. */
const PAIRS = ['nvmlDeviceGetP2PStatus', 'nvmlDeviceGetTopologyCommonAncestor', 'nvmlDeviceOnSameBoard'];

export class Machine {
  readonly answers: Map<string, Map<string, Json>>;
  private readonly files: Map<string, string>;
  private readonly moments: { readonly ms: number; readonly calls: Calls; readonly changed: Calls }[] = [];

  private constructor(
    private readonly base: Omit<Snapshot, 'ticks'>,
    private readonly title: string,
  ) {
    this.files = new Map(Object.entries(base.files));
    this.answers = new Map(
      Object.entries(base.calls).map(([fn, answers]) => [fn, new Map(Object.entries(answers))]),
    );
  }

  /** The machine that a file of this folder describes. */
  static described(name: string): Machine {
    const { title, base, overrides } = JSON.parse(readFileSync(fileOf(name), 'utf8')) as Source;
    const machine = Machine.like(base, title);
    for (const override of overrides) machine.apply(override);
    return machine;
  }

  /** Begins with what a machine of snapshots/ answers at its first moment, or with one that is described here alone. */
  private static like(base: string, title: string): Machine {
    const file = new URL(`../../snapshots/${base}.json`, import.meta.url);
    if (!existsSync(file)) return new Machine(Machine.described(base).built(), title);
    const { ticks: _, ...first } = parseSnapshot(readFileSync(file, 'utf8'), base);
    return new Machine(first, title);
  }

  apply(override: Override): void {
    const unknown = Object.keys(override).find((verb) => !Object.hasOwn(VERBS, verb));
    if (unknown !== undefined) throw new Error(`an override has no member ${unknown}`);
    for (const verb of Object.keys(VERBS) as (keyof Override)[]) {
      const what = override[verb];
      if (what !== undefined) (VERBS[verb] as (m: Machine, what: unknown) => void)(this, what);
    }
  }

  get count(): number {
    return this.keys('nvmlDeviceGetUUID').filter((key) => /^gpu\d+$/.test(key)).length;
  }

  keys(fn: string): readonly string[] {
    return [...(this.answers.get(fn)?.keys() ?? [])];
  }

  answerOf(fn: string, key: string): Json | undefined {
    return this.answers.get(fn)?.get(key);
  }

  set(fn: string, key: string, answer: Json): void {
    this.answers.set(fn, (this.answers.get(fn) ?? new Map<string, Json>()).set(key, answer));
  }

  file(path: string, content: string | null): void {
    if (content !== null) this.files.set(path, content);
    else if (!path.endsWith('*')) this.files.delete(path);
    else
      for (const known of [...this.files.keys()])
        if (known.startsWith(path.slice(0, -1))) this.files.delete(known);
  }

  /** Drops every answer whose key or value names a handle. */
  forget(handle: string): void {
    for (const [fn, answers] of this.answers) {
      for (const [key, answer] of [...answers]) {
        if (key.split(',').includes(handle) || answer === handle) answers.delete(key);
        else if (Array.isArray(answer))
          answers.set(
            key,
            answer.filter((item: Json) => item !== handle),
          );
      }
      if (answers.size === 0) this.answers.delete(fn);
    }
  }

  /** Gives the machine so many GPUs, all like the first, and drops what was known about pairs of them. */
  multiply(count: number): void {
    if (count < 2) return;
    for (const fn of PAIRS) this.answers.delete(fn);
    for (const [fn, answers] of this.answers) {
      const ofFirst = [...answers].filter(([key]) => isOf(key, 'gpu0'));
      for (let gpu = 1; gpu < count; gpu++) {
        for (const [key, answer] of ofFirst) this.set(fn, key.replace('gpu0', `gpu${gpu}`), answer);
      }
    }
  }

  /** Ends a moment of a machine that moves, so many milliseconds after the first: what is set from here on belongs to the next. */
  moment(ms: number): void {
    const calls = callsOf(this.answers);
    const before = this.moments.at(-1)?.calls;
    this.moments.push({ ms, calls, changed: before === undefined ? {} : changesBetween(before, calls) });
  }

  built(): Snapshot {
    const [first, ...later] = this.moments;
    const ticks = later.map(({ ms, changed }) => ({ ms, calls: changed }));
    return {
      ...this.base,
      title: this.title,
      origin: 'built',
      files: Object.fromEntries(this.files),
      calls: first?.calls ?? callsOf(this.answers),
      ...(ticks.length === 0 ? {} : { ticks }),
    };
  }
}

const callsOf = (answers: Machine['answers']): Calls =>
  Object.fromEntries([...answers].map(([fn, table]) => [fn, Object.fromEntries(table)]));
