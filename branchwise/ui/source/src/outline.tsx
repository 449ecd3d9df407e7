// The tree as an outline in the document: the canvas's twin, for keyboards and screen readers.
import { useComputed } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { score } from "./format";
import type { Placed } from "./layout";
import type { Node } from "./records";
import type { TreeState } from "./tree_state";
import { Virtual } from "./virtual";

const ROW = 24;

export function Outline({ tree }: { tree: TreeState }) {
  const rows = useComputed(() => preorder(tree.placed.value));
  const chosen = tree.shown.value;
  const at = rows.value.findIndex((one) => one.item.id === chosen);
  const last = rows.value.length - 1;
  useEffect(() => {
    if (chosen !== null && document.activeElement?.id === "outline") tree.centred.value = chosen;
  }, [chosen]);
  const step = (to: number) => {
    const next = rows.value[Math.min(last, Math.max(0, to))];
    if (next) tree.choose(next.item.id);
  };
  const keys: Record<string, () => void> = {
    ArrowDown: () => step(at + 1),
    ArrowUp: () => step(at - 1),
    PageDown: () => step(at + 15),
    PageUp: () => step(at - 15),
    Home: () => step(0),
    End: () => step(last),
    ArrowRight: () => inwards(tree, rows.value, at),
    ArrowLeft: () => outwards(tree, rows.value, at),
    "*": () => tree.foldAll(false),
    b: () => tree.best.value && tree.choose(tree.best.value),
  };
  const pressed = (event: KeyboardEvent) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const attributes = {
    id: "outline", role: "tree" as const, tabIndex: 0, "aria-label": "Tree of the run", onKeyDown: pressed,
    "aria-activedescendant": at >= 0 ? `item-${at}` : undefined,
  };
  return (
    <div class="outline">
      <Virtual
        items={rows.value} height={ROW} show={at} box={attributes}
        row={(one, index) => <Row one={one} index={index} on={index === at} tree={tree} key={one.item.id} />}
      />
    </div>
  );
}

function Row({ one, index, on, tree }: { one: Placed; index: number; on: boolean; tree: TreeState }) {
  const node = one.item.node;
  const kids = one.item.children.length > 0;
  const text = one.item.id === "0" ? "start" : (node?.label.replace(/\s+/g, " ").trim() || "(empty)");
  return (
    <div
      id={`item-${index}`} role="treeitem" aria-level={one.depth + 1} aria-selected={on}
      aria-expanded={kids ? !one.folded : undefined} class={on ? "row on" : "row"} data-id={one.item.id}
      style={{ paddingLeft: `${Math.min(one.depth, 24) * 12 + 4}px` }} onClick={() => tree.choose(one.item.id)}
    >
      <span
        class="fold" aria-hidden="true"
        onClick={(event) => {
          event.stopPropagation();
          if (kids) tree.fold(one.item.id, !one.folded);
        }}
      >
        {kids ? (one.folded ? "▸" : "▾") : ""}
      </span>
      <span class={`sign ${tone(node)}`} aria-hidden="true">{sign(node)}</span>
      <span class="said">{text}</span>
      <span class="hidden">{spoken(node)}</span>
      {one.folded > 0 && <span class="dim"> +{one.folded}</span>}
      {one.left > 0 && (
        <button type="button" class="link" tabIndex={-1} onClick={() => tree.widen(one.item.id)}>
          {one.left} more
        </button>
      )}
      <span class="score" aria-hidden="true">{node?.score == null ? "" : score(node.score)}</span>
    </div>
  );
}

/** Parents before their children, as they are read. */
function preorder(placed: Placed[]): Placed[] {
  const below = new Map<Placed, Placed[]>();
  for (const one of placed) {
    if (one.parent === null) continue;
    const same = below.get(one.parent);
    if (same) same.push(one);
    else below.set(one.parent, [one]);
  }
  const found: Placed[] = [];
  const stack = placed[0] ? [placed[0]] : [];
  while (stack.length) {
    const one = stack.pop()!;
    found.push(one);
    const kids = below.get(one);
    if (kids) for (let at = kids.length - 1; at >= 0; at--) stack.push(kids[at]!);
  }
  return found;
}

function inwards(tree: TreeState, rows: Placed[], at: number): void {
  const one = rows[at];
  if (!one || !one.item.children.length) return;
  if (one.folded) tree.fold(one.item.id, false);
  else if (rows[at + 1]) tree.choose(rows[at + 1]!.item.id);
}

function outwards(tree: TreeState, rows: Placed[], at: number): void {
  const one = rows[at];
  if (!one) return;
  if (one.item.children.length && !one.folded) tree.fold(one.item.id, true);
  else if (one.parent) tree.choose(one.parent.item.id);
}

function sign(node: Node | null): string {
  if (node === null) return "○";
  if (node.accepted) return "✓";
  if (node.dead) return "✗";
  return node.verifiedBy === "none" ? "○" : node.verifiedBy === "model" ? "◆" : "●";
}

function tone(node: Node | null): string {
  if (node?.accepted) return "good";
  return node?.dead ? "bad" : "dim";
}

function spoken(node: Node | null): string {
  if (node === null) return "";
  const words = [
    node.accepted ? "accepted" : "", node.dead ? "dead" : "", node.score === null ? "" : `score ${node.score.toFixed(2)}`,
    node.verifiedBy === "none" ? "" : `verified by ${node.verifiedBy}`, node.duplicateOf ? "duplicate" : "",
  ].filter(Boolean);
  return words.length ? `, ${words.join(", ")}` : "";
}
