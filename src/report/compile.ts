/**
 * A report tree compiled for a session: nodes that are not shown are left out with their questions, and the rest
 * is resolved to readers once. A sample asks what is due and gives the values in the order of the tree.
 */
import { isNotSupported, Missing, NOT_SUPPORTED, type Status, statusWords } from '../nvml/status.js';
import type { Asker } from '../query/ask/asker.js';
import { type Asking, together } from '../query/ask/asking.js';
import { fieldReader, type Surroundings } from '../query/ask/field-reader.js';
import { Gathering } from '../query/ask/gathering.js';
import type { Outcome } from '../query/ask/outcome.js';
import { readFields } from '../query/ask/records.js';
import { type Subject, SYSTEM } from '../query/ask/subject.js';
import type { Reader, Reading, Value } from '../query/reading.js';
import type { Document, DocumentItem, ReportPart, Selection, Tree } from './document.js';
import type { FoundItem, FoundItems, Search } from './found.js';
import type { Condition, Leaf, List, Node, ReportField, Section } from './node.js';

export interface CompiledReport {
  /** Asks what is due: first which items the lists have, then the values. */
  sample(): Promise<void>;
  /** The values of the last sample. */
  document(): Document;
}

type Write = (into: ReportPart[], entry?: FoundItem) => void;

/** `now` gives milliseconds since the epoch. */
export async function compileReport(
  tree: Tree,
  subjects: readonly Subject[],
  selection: Selection,
  { asker, now }: { readonly asker: Asker; readonly now: () => number },
): Promise<CompiledReport> {
  const compiler = new Compiler(selection, { gpuCount: asker.session.gpus.length, now });
  const { head, counts, blocks } = await asker.start(compiler.tree(tree, subjects));
  const { gathering, searches } = compiler;
  const { answers, start } = asker.prepare(gathering.questions);
  gathering.answers = answers;
  const collect = (writes: readonly Write[]): readonly ReportPart[] => {
    const parts: ReportPart[] = [];
    for (const write of writes) write(parts);
    return parts;
  };
  return {
    sample: async () => {
      await asker.start(together(searches.map((search) => search())));
      await start();
    },
    document: () => ({
      tree,
      head: collect(head),
      counts: collect(counts),
      blocks: blocks.map(({ subject, id, write }) => ({
        id: idOf(id(), subject),
        refusal: refusalOf(tree, id(), subject, asker.outcome),
        parts: collect(write),
      })),
    }),
  };
}

/** A subject without a name is identified by its number. */
const idOf = (id: Reading, { index }: Subject): Value => (id instanceof Missing ? index : id);

/** A lost subject is shown by its number; so is one that has no id (550.163.01 on the fake prints what the memory held). */
function refusalOf({ noId }: Tree, id: Reading, { status }: Subject, outcome: Outcome): string | undefined {
  if (noId === undefined || !(id instanceof Missing) || isNotSupported(id) || status !== 0) return undefined;
  outcome.refused(id.status);
  return `${noId}: ${statusWords(id.status)}`;
}

interface CompiledBlock {
  readonly subject: Subject;
  readonly id: Reader;
  readonly write: readonly Write[];
}

interface CompiledTree {
  readonly head: readonly Write[];
  readonly counts: readonly Write[];
  readonly blocks: readonly CompiledBlock[];
}

class Compiler {
  readonly gathering = new Gathering();
  /** Looks for the items of each list. */
  readonly searches: (() => Asking<void>)[] = [];

  constructor(
    private readonly selection: Selection,
    private readonly around: Surroundings,
  ) {}

  *tree(tree: Tree, subjects: readonly Subject[]): Asking<CompiledTree> {
    return {
      head: yield* this.nodes(tree.head, SYSTEM, true),
      counts: yield* this.nodes(tree.counts, SYSTEM, true),
      blocks: yield* together(subjects.map((subject) => this.block(tree, subject))),
    };
  }

  private *block(tree: Tree, subject: Subject): Asking<CompiledBlock> {
    const id = this.reader(tree.id, subject);
    const isWhole = this.selection.groups === undefined;
    return { subject, id, write: yield* this.nodes(tree.parts, subject, isWhole) };
  }

  /** `inside` says that the nodes are in one that is shown. Conditions hold for the whole run, so they are asked at once. */
  private *nodes(nodes: readonly Node[], subject: Subject, inside: boolean): Asking<readonly Write[]> {
    const writes: Write[] = [];
    for (const node of nodes) {
      if (!isShown(node, this.selection, inside)) continue;
      if (node.when !== undefined && !(yield* holdsFor(node.when, subject))) continue;
      writes.push(yield* this.node(node, subject));
    }
    return writes;
  }

  private *node(node: Node, subject: Subject): Asking<Write> {
    switch (node.type) {
      case 'leaf':
        return this.leaf(node, subject);
      case 'section':
        return yield* this.section(node, subject);
      case 'list':
        return yield* this.list(node, subject);
    }
  }

  private reader(field: ReportField, subject: Subject): Reader {
    return fieldReader(field, subject, {}, this.gathering, this.around);
  }

  private leaf(node: Leaf, subject: Subject): Write {
    if ('item' in node.of.source) {
      const { item } = node.of.source;
      return (into, entry) => into.push({ is: 'value', node, reading: valueIn(entry, item) });
    }
    const read = this.reader(node.of, subject);
    if (node.absent === undefined && node.newer === undefined && !node.zeroIsAbsent) {
      return (into) => into.push({ is: 'value', node, reading: read() });
    }
    return (into) => {
      const reading = read();
      if (isStatus(reading, node.newer)) return;
      const isAbsent = isStatus(reading, node.absent) || (node.zeroIsAbsent && reading === 0);
      into.push({ is: 'value', node, reading: isAbsent ? NOT_SUPPORTED : reading });
    };
  }

  private *section(node: Section, subject: Subject): Asking<Write> {
    const writes = yield* this.nodes(node.parts, subject, true);
    const gate = node.gate === undefined ? undefined : this.reader(node.gate, subject);
    return (into, of) => {
      const reading = gate?.();
      if (reading instanceof Missing) {
        into.push({ is: 'value', node, reading: isStatus(reading, node.absent) ? NOT_SUPPORTED : reading });
        return;
      }
      const parts: ReportPart[] = [];
      for (const write of writes) write(parts, of);
      into.push({ is: 'section', node, parts });
    };
  }

  private *list(node: List, subject: Subject): Asking<Write> {
    const { find, item } = node;
    const found = typeof find === 'function' ? this.search(find, subject) : within(find.within);
    const writeItem = yield* this.item(item, subject);
    return (into, entry) => {
      const entries = found(entry);
      if (entries instanceof Missing) into.push({ is: 'value', node, reading: entries });
      else into.push({ is: 'list', node, items: entries.map(writeItem) });
    };
  }

  private search(find: Search, subject: Subject): () => FoundItems {
    let found: FoundItems = [];
    this.searches.push(function* () {
      found = yield* find(subject);
    });
    return () => found;
  }

  private *item(item: List['item'], subject: Subject): Asking<(entry: FoundItem) => DocumentItem> {
    if ('of' in item) {
      const { item: name } = item.of.source;
      return (entry) => valueIn(entry, name);
    }
    const writes = yield* this.nodes(item.parts, subject, true);
    return (entry) => {
      const parts: ReportPart[] = [];
      for (const write of writes) write(parts, entry);
      return parts;
    };
  }
}

function* holdsFor({ of, holds }: Condition, subject: Subject): Asking<boolean> {
  const [reading] = yield* readFields([of], subject);
  return holds(reading as Reading);
}

function isShown(node: Node, { form, groups }: Selection, inside: boolean): boolean {
  if (form === 'text' ? node.label === undefined : node.tag === undefined) return false;
  if (form === 'xml' && node.notInXml) return false;
  if (inside && node.groups === undefined) return true;
  if (groups !== undefined) return inside || (node.groups?.some((group) => groups.has(group)) ?? false);
  return !(node.onlyByGroup && (form === 'text' || node.notInXml));
}

const isStatus = (reading: Reading, statuses: readonly Status[] | undefined): boolean =>
  statuses !== undefined && reading instanceof Missing && statuses.includes(reading.status);

function valueIn(entry: FoundItem | undefined, name: string): Reading {
  const value = entry?.[name];
  return value === undefined || Array.isArray(value) ? NOT_SUPPORTED : (value as Reading);
}

const within =
  (name: string) =>
  (entry?: FoundItem): FoundItems => {
    const value = entry?.[name];
    return Array.isArray(value) || value instanceof Missing ? (value as FoundItems) : NOT_SUPPORTED;
  };
