/**
 * A report tree compiled for a session: nodes that are not shown are left out with their questions, and the rest
 * is resolved to readers once. A sample asks what is due and gives the values in the order of the tree.
 */
import { Missing, NOT_SUPPORTED, type Status } from '../nvml/status.js';
import type { Reader, Reading, Value } from '../query/bound-probe.js';
import { type PlanContext, Questions, rowReader, type Subject, SYSTEM } from '../query/plan.js';
import type { Document, Item, Part, Selection, Tree } from './document.js';
import type { Entry, Found, Search } from './found.js';
import type { Condition, Field, Leaf, List, Node, Section } from './node.js';
import { ProbeCache } from './probe-cache.js';

export interface CompiledReport {
  sample(): void | Promise<void>;
  /** The values of the last sample. */
  document(): Document;
}

type Write = (into: Part[], entry?: Entry) => void;

export function compileReport(
  tree: Tree,
  subjects: readonly Subject[],
  selection: Selection,
  context: PlanContext,
): CompiledReport {
  const compiler = new Compiler(selection, context);
  const head = compiler.nodes(tree.head, SYSTEM, true);
  const counts = compiler.nodes(tree.counts, SYSTEM, true);
  const blocks = subjects.map((subject) => ({
    subject,
    id: compiler.reader(tree.id, subject),
    write: compiler.nodes(tree.parts, subject, selection.groups === undefined),
  }));
  compiler.questions.seal();
  const collect = (writes: readonly Write[]): readonly Part[] => {
    const parts: Part[] = [];
    for (const write of writes) write(parts);
    return parts;
  };
  return {
    sample: () => {
      // The lists are asked before the questions are.
      context.session.driver.beginSample?.(compiler);
      compiler.cache.tick();
      for (const gather of compiler.gathering) gather();
      return compiler.questions.run();
    },
    document: () => ({
      tree,
      head: collect(head),
      counts: collect(counts),
      blocks: blocks.map(({ subject, id, write }) => ({ id: idOf(id(), subject), parts: collect(write) })),
    }),
  };
}

/** What cannot tell its name goes by its number. */
const idOf = (id: Reading, { index }: Subject): Value => (id instanceof Missing ? index : id);

class Compiler {
  readonly questions: Questions;
  readonly cache: ProbeCache;
  /** Looks for the items of each list. */
  readonly gathering: (() => void)[] = [];

  constructor(
    private readonly selection: Selection,
    private readonly context: PlanContext,
  ) {
    this.questions = new Questions(context.session);
    this.cache = new ProbeCache(context.session.driver);
  }

  /** `inside` tells that the nodes stand in one that is shown. */
  nodes(nodes: readonly Node[], subject: Subject, inside: boolean): readonly Write[] {
    return nodes
      .filter((node) => isShown(node, this.selection, inside))
      .filter((node) => node.when === undefined || this.holds(node.when, subject))
      .map((node) => this.node(node, subject));
  }

  private node(node: Node, subject: Subject): Write {
    switch (node.type) {
      case 'leaf':
        return this.leaf(node, subject);
      case 'section':
        return this.section(node, subject);
      case 'list':
        return this.list(node, subject);
    }
  }

  reader(field: Field, subject: Subject): Reader {
    return rowReader(field, subject, this.questions, this.context);
  }

  /** Conditions hold for the whole run, so they are asked at once. */
  private holds({ of, holds }: Condition, subject: Subject): boolean {
    const { probe, pick } = of.source;
    return holds(this.cache.about(subject)(probe).pick(pick)());
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

  private section(node: Section, subject: Subject): Write {
    const writes = this.nodes(node.parts, subject, true);
    const gate = node.gate === undefined ? undefined : this.reader(node.gate, subject);
    return (into, of) => {
      const reading = gate?.();
      if (reading instanceof Missing) {
        into.push({ is: 'value', node, reading: isStatus(reading, node.absent) ? NOT_SUPPORTED : reading });
        return;
      }
      const parts: Part[] = [];
      for (const write of writes) write(parts, of);
      into.push({ is: 'section', node, parts });
    };
  }

  private list(node: List, subject: Subject): Write {
    const { find, item } = node;
    const found = typeof find === 'function' ? this.gather(find, subject) : within(find.within);
    const writeItem = this.item(item, subject);
    return (into, entry) => {
      const entries = found(entry);
      if (entries instanceof Missing) into.push({ is: 'value', node, reading: entries });
      else into.push({ is: 'list', node, items: entries.map(writeItem) });
    };
  }

  private gather(find: Search, subject: Subject): () => Found {
    const ask = this.cache.about(subject);
    let found: Found = [];
    this.gathering.push(() => {
      found = find(subject, ask);
    });
    return () => found;
  }

  private item(item: List['item'], subject: Subject): (entry: Entry) => Item {
    if ('of' in item) {
      const { item: name } = item.of.source;
      return (entry) => valueIn(entry, name);
    }
    const writes = this.nodes(item.parts, subject, true);
    return (entry) => {
      const parts: Part[] = [];
      for (const write of writes) write(parts, entry);
      return parts;
    };
  }
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

function valueIn(entry: Entry | undefined, name: string): Reading {
  const value = entry?.[name];
  return value === undefined || Array.isArray(value) ? NOT_SUPPORTED : (value as Reading);
}

const within =
  (name: string) =>
  (entry?: Entry): Found => {
    const value = entry?.[name];
    return Array.isArray(value) || value instanceof Missing ? (value as Found) : NOT_SUPPORTED;
  };
