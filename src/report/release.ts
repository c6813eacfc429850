/** A tree as the driver of a release has it: without what is not there, and what was otherwise as it was. */

import { at, isIn, isInJson, type Release } from '../base/release.js';
import { fieldAt } from '../query/field.js';
import type { ReportForm, Tree } from './document.js';
import type { Node, ReportField } from './node.js';

const isThere = (node: Node, release: Release, form: ReportForm, onWindows: boolean): boolean =>
  form === 'json' ? isInJson(node, release) : isIn(node, release, onWindows);

export function treeAt(tree: Tree, release: Release, form: ReportForm, onWindows = false): Tree {
  const fields = <F extends ReportField>(field: F): F => (form === 'json' ? field : fieldAt(field, release));
  const nodes = (all: readonly Node[]): readonly Node[] =>
    all.filter((node) => isThere(node, release, form, onWindows)).map(nodeAt);
  const nodeAt = (now: Node): Node => {
    const node = form === 'json' ? now : at(now, release);
    switch (node.type) {
      case 'leaf':
        return { ...node, of: fields(node.of) };
      case 'section':
        return { ...node, parts: nodes(node.parts) };
      case 'list': {
        const { item } = node;
        return {
          ...node,
          item: 'of' in item ? { ...item, of: fields(item.of) } : { ...item, parts: nodes(item.parts) },
        };
      }
    }
  };
  return {
    ...tree,
    release,
    dtd: at(tree, release).dtd,
    head: nodes(tree.head),
    counts: nodes(tree.counts),
    parts: nodes(tree.parts),
  };
}
