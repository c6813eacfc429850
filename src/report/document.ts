/** Trees, what is chosen of them, and a document: the values of a tree at one moment. Renderers write documents. */

import type { Past, Release } from '../base/release.js';
import type { Reading, Value } from '../query/reading.js';
import type { Group } from './groups.js';
import type { List, Node, ReportField, Section } from './node.js';

/** A tree for a kind of subject: what is said once, and what about each. */
export interface Tree {
  /** The element of a document about such subjects, and the name of its DTD. */
  readonly root: string;
  readonly dtd: string;
  /** With older drivers. */
  readonly past?: readonly Past<Pick<Tree, 'dtd'>>[];
  /** The driver's release that the tree is of; the present one where it is not said. */
  readonly release?: Release;
  readonly head: readonly Node[];
  /** How many subjects there are, and what else precedes them. */
  readonly counts: readonly Node[];
  /** What a subject is called in text, and its element. */
  readonly label: string;
  readonly tag: string;
  readonly id: ReportField;
  /** What text and XML say instead of a subject whose id cannot be read; the words of the status follow. */
  readonly noId?: string;
  readonly parts: readonly Node[];
}

/** What a report is written as. */
export type ReportForm = 'text' | 'xml' | 'json';

export interface Selection {
  readonly form: ReportForm;
  /** The groups of `-d`; without it the report is full. */
  readonly groups?: ReadonlySet<Group> | undefined;
}

/** A node with its values. A section or list without any is a value: the reason why. */
export type ReportPart =
  | { readonly is: 'value'; readonly node: Node; readonly reading: Reading }
  | { readonly is: 'section'; readonly node: Section; readonly parts: readonly ReportPart[] }
  | { readonly is: 'list'; readonly node: List; readonly items: readonly DocumentItem[] };

/** An item of a list: parts, or a value where the items are values. */
export type DocumentItem = readonly ReportPart[] | Reading;

/** What the report says of one subject. */
export interface Block {
  /** What identifies the subject: its own name, or else its number. */
  readonly id: Value;
  /** Why text and XML have nothing else of it. */
  readonly refusal?: string | undefined;
  readonly parts: readonly ReportPart[];
}

/** A whole report. */
export interface Document {
  readonly tree: Tree;
  readonly head: readonly ReportPart[];
  readonly counts: readonly ReportPart[];
  readonly blocks: readonly Block[];
}
