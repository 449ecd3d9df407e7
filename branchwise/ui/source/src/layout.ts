// Where the nodes of a tree lie: parents left, children right; big trees open folded.
import { hierarchy, tree } from "d3-hierarchy";
import type { Node } from "./records";

/** Above so many nodes a tree opens folded. */
export const FOLD_ABOVE = 500;
/** Nodes that a folded tree shows at first. */
const SHOWN = 300;
/** Children of one node that are shown before the rest is asked for. */
export const SIBLINGS = 60;
const ROW = 22;
/** A column is so wide at least, and wider if the tree is tall for the place it is drawn in. */
const COLUMN = 190;
const WIDEST = 60_000;

export interface Item {
  id: string;
  node: Node | null;
  children: Item[];
  /** Nodes below, shown or not. */
  below: number;
}

export interface Placed {
  item: Item;
  x: number;
  y: number;
  depth: number;
  parent: Placed | null;
  /** Nodes that are folded into this one. */
  folded: number;
  /** Children that this node leaves out because it has very many. */
  left: number;
}

/** The tree of nodes up to a place in the run's order; orphans hang on the root. */
export function grow(nodes: Iterable<Node>, until = Infinity): Item {
  const items = new Map<string, Item>();
  const list: Node[] = [];
  for (const node of nodes) {
    if (node.ord > until) continue;
    list.push(node);
    items.set(node.id, { id: node.id, node, children: [], below: 0 });
  }
  let root = items.get("0");
  if (!root) {
    root = { id: "0", node: null, children: [], below: 0 };
    items.set("0", root);
  }
  for (const node of list) {
    if (node.id === "0") continue;
    const parent = (node.parent !== null && items.get(node.parent)) || root;
    parent.children.push(items.get(node.id)!);
  }
  measure(root);
  return root;
}

function measure(root: Item): void {
  const order: Item[] = [root];
  for (let at = 0; at < order.length; at++) order.push(...order[at]!.children);
  for (const item of order.reverse()) {
    item.below = item.children.reduce((sum, child) => sum + child.below + 1, 0);
  }
}

/** The nodes that a large tree folds at first: all but the first levels and the path that is kept open. */
export function folds(root: Item, kept: ReadonlySet<string>): Set<string> {
  const folded = new Set<string>();
  if (root.below <= FOLD_ABOVE) return folded;
  const queue: Item[] = [root];
  let shown = 1;
  for (let at = 0; at < queue.length; at++) {
    const item = queue[at]!;
    const children = visible(item, false);
    if (item !== root && !kept.has(item.id) && shown + children.length > SHOWN) {
      if (item.children.length) folded.add(item.id);
      continue;
    }
    shown += children.length;
    queue.push(...children);
  }
  return folded;
}

/** The children that are shown: all, or the most telling of very many. */
export function visible(item: Item, all: boolean): Item[] {
  if (all || item.children.length <= SIBLINGS) return item.children;
  const best = [...item.children].sort((a, b) => worth(b) - worth(a)).slice(0, SIBLINGS);
  const kept = new Set(best);
  return item.children.filter((child) => kept.has(child));
}

function worth(item: Item): number {
  const node = item.node;
  const own = node === null ? 0 : (node.accepted ? 10 : 0) + (node.score ?? 0);
  return own + (item.below > 0 ? 2 : 0);
}

/** Place the shown nodes. */
export function place(
  root: Item, folded: ReadonlySet<string>, wide: ReadonlySet<string>, aspect: number,
): Placed[] {
  const shown = hierarchy(root, (item) => (folded.has(item.id) ? [] : visible(item, wide.has(item.id))));
  const laid = tree<Item>().nodeSize([ROW, COLUMN]).separation((a, b) => (a.parent === b.parent ? 1 : 1.3))(shown);
  let top = 0;
  let bottom = 0;
  laid.each((one) => {
    top = Math.min(top, one.x);
    bottom = Math.max(bottom, one.x);
  });
  const room = ((bottom - top) * aspect * 0.85) / Math.max(1, laid.height);
  const stretch = Math.min(WIDEST, Math.max(COLUMN, room)) / COLUMN;
  const by = new Map<unknown, Placed>();
  const placed: Placed[] = [];
  laid.each((one) => {
    const item = one.data;
    const hidden = folded.has(item.id) ? item.below : 0;
    const kids = one.children?.length ?? 0;
    const made: Placed = {
      item, x: one.y * stretch, y: one.x, depth: one.depth, parent: one.parent ? by.get(one.parent)! : null,
      folded: hidden, left: hidden ? 0 : item.children.length - kids,
    };
    by.set(one, made);
    placed.push(made);
  });
  return placed;
}

/** The node that the run would answer with, and its ancestors. */
export function bestPath(nodes: ReadonlyMap<string, Node>, answer: string | null): Set<string> {
  const path = new Set<string>();
  let at = answer === null ? undefined : nodes.get(answer);
  while (at && !path.has(at.id)) {
    path.add(at.id);
    at = at.parent === null ? undefined : nodes.get(at.parent);
  }
  return path;
}
