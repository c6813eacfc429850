/**
 * What a report tree is made of. A node has a label where it is in text and a tag where it is in XML and
 * JSON; text, XML, JSON, `-d` and the DTD are walks over the same nodes.
 */

import type { Past, Span } from '../base/release.js';
import type { Status } from '../nvml/status.js';
import type { Kind } from '../query/kind.js';
import type { Reading } from '../query/reading.js';
import type { ItemField, ProbeField, ReportField } from '../query/report/field.js';
import type { Finder } from './found.js';
import type { Group } from './groups.js';

export type { ReportField };

interface NodeHead extends Span {
  /** In text; without it the node is not there. Empty for a list that has no heading. */
  readonly label?: string;
  /** The element in XML and the key in JSON; without it the node is in neither. */
  readonly tag?: string;
  /** `-d` shows the node where one of these is asked for. A node within a section has the section's. */
  readonly groups?: readonly Group[];
  /** Text shows the node only where its group is asked for, not in the full report. */
  readonly onlyByGroup?: true;
  /** The tag is JSON's alone. */
  readonly notInXml?: true;
  /** What it was called with older drivers, the oldest first. */
  readonly past?: readonly Past<{ readonly label: string; readonly tag: string }>[];
  /** Decided once per GPU, before anything else of the node is asked. */
  readonly when?: Condition;
}

/** Whether a node applies to a GPU. The field is one that does not change. */
export interface Condition {
  readonly of: ProbeField;
  readonly holds: (reading: Reading) => boolean;
}

export interface Leaf extends NodeHead {
  readonly type: 'leaf';
  readonly of: ReportField;
  /** Another spelling in XML (PCI ids without 0x). */
  readonly inXml?: Kind;
  /** Text shows it one level deeper than its neighbours. */
  readonly deeper?: true;
  /** Statuses that are shown as N/A instead of in their own words. */
  readonly absent?: readonly Status[];
  /** Zero means none, which is shown as N/A. */
  readonly zeroIsAbsent?: true;
  /** Statuses by which an older driver says that it does not know the question: then there is no such line. */
  readonly newer?: readonly Status[];
}

export interface Section extends NodeHead {
  readonly type: 'section';
  readonly parts: readonly Node[];
  /** Where this has no value, the section shrinks to one line with the words for it. */
  readonly gate?: ReportField;
  /** Statuses of the gate that are shown as N/A instead of in their own words. */
  readonly absent?: readonly Status[];
}

/** What repeats: MIG devices, processes, clocks. */
export interface List extends NodeHead {
  readonly type: 'list';
  readonly find: Finder;
  readonly item: ListItem;
  /** Text after the label, and in XML, where there is nothing to list. */
  readonly none?: { readonly text?: string; readonly xml?: string };
  /** Text and XML have the first item alone. */
  readonly onlyFirst?: true;
  /** The tag encloses the items. Without it the items take the list's place. */
  readonly enclosed?: true;
  /** XML indents the items as deep as the tag that encloses them. */
  readonly flat?: true;
  /** Text has the values of the items in this column instead of the report's. */
  readonly column?: number;
  /** Text shows the items one level deeper than their neighbours. */
  readonly deeper?: true;
}

export type ListItem =
  | { readonly label?: string; readonly tag: string; readonly parts: readonly Node[] }
  | { readonly label?: string; readonly tag: string; readonly of: ItemField };

export type Node = Leaf | Section | List;

type NodeOptions<N extends Node, K extends keyof N> = Partial<Omit<N, 'type' | 'label' | 'tag' | K>>;

/** A value with a label and a tag. */
export const leaf = (
  label: string,
  tag: string,
  of: ReportField,
  options: NodeOptions<Leaf, 'of'> = {},
): Leaf => ({
  type: 'leaf',
  label,
  tag,
  of,
  ...options,
});

/** A value that text does not show. */
export const xmlLeaf = (tag: string, of: ReportField, options: NodeOptions<Leaf, 'of'> = {}): Leaf => ({
  type: 'leaf',
  tag,
  of,
  ...options,
});

/** A value that only text shows. */
export const textLeaf = (label: string, of: ReportField, options: NodeOptions<Leaf, 'of'> = {}): Leaf => ({
  type: 'leaf',
  label,
  of,
  ...options,
});

export const section = (
  label: string,
  tag: string,
  parts: readonly Node[],
  options: NodeOptions<Section, 'parts'> = {},
): Section => ({ type: 'section', label, tag, parts, ...options });

export const xmlSection = (
  tag: string,
  parts: readonly Node[],
  options: NodeOptions<Section, 'parts'> = {},
): Section => ({ type: 'section', tag, parts, ...options });
