// What is open, folded, found and chosen in the tree of a run; the canvas and its outline share it.
import { computed, signal } from "@preact/signals";
import { address, go } from "./address";
import { bestPath, folds, grow, type Item, place } from "./layout";
import { isSearch, type Node } from "./records";
import type { RunData } from "./run_data";
import { workflowNodes } from "./workflow_tree";

export class TreeState {
  /** Folded nodes; null until the tree decides by its size. */
  folded = signal<ReadonlySet<string> | null>(null);
  /** Nodes all of whose many children are shown. */
  wide = signal<ReadonlySet<string>>(new Set());
  wanted = signal("");
  /** The node that the canvas must show. */
  centred = signal<string | null>(null);
  /** Width by height of the canvas. */
  aspect = signal(1.5);
  /** How often the tree was enlarged, less how often it was made smaller, by the buttons. */
  zooms = signal(0);
  /** Counts the wishes to see the whole tree. */
  fits = signal(0);

  constructor(readonly data: RunData) {}

  search = computed(() => this.data.run.value === null || isSearch(this.data.run.value));
  /** The nodes by their ids: those of a search, or the places and calls of a workflow. */
  nodes = computed<ReadonlyMap<string, Node>>(() => {
    this.data.nodeVersion.value;
    if (this.data.nodes.size || this.search.value) return new Map(this.data.nodes);
    this.data.version.value;
    return workflowNodes(this.data.calls.values(), this.data.decisions.values());
  });
  /** The last place in the run's own order. */
  end = computed(() => {
    let last = 0;
    for (const node of this.nodes.value.values()) last = Math.max(last, node.ord);
    return last;
  });
  /** The place up to which the run is shown; null for its end. */
  until = computed(() => {
    const said = address.value.get("at");
    return said !== null && /^\d{1,9}$/.test(said) ? Math.min(Number(said), this.end.value) : null;
  });
  root = computed<Item>(() => grow(this.nodes.value.values(), this.until.value ?? Infinity));
  closed = computed<ReadonlySet<string>>(() => this.folded.value ?? folds(this.root.value, this.path.value));
  placed = computed(() => place(this.root.value, this.closed.value, this.wide.value, this.aspect.value));
  chosen = computed(() => address.value.get("node"));
  /** The node of the answer, or of the best score so far. */
  best = computed<string | null>(() => {
    const result = this.data.run.value?.result;
    const named = result && typeof result.node === "string" ? result.node : null;
    if (named !== null && this.nodes.value.has(named)) return named;
    let found: Node | null = null;
    for (const node of this.nodes.value.values()) {
      if (node.id === "0" || node.dead || node.score === null) continue;
      if (found === null || rank(node) > rank(found)) found = node;
    }
    return found?.id ?? null;
  });
  /** The node that is looked at: the chosen one, else the best. */
  shown = computed(() => this.chosen.value ?? this.best.value ?? "0");
  path = computed(() => bestPath(this.nodes.value, this.best.value));
  hits = computed<ReadonlySet<string>>(() => {
    const wanted = this.wanted.value.toLowerCase();
    if (!wanted) return new Set();
    const found = new Set<string>();
    for (const node of this.nodes.value.values()) {
      if (node.id === wanted || node.label.toLowerCase().includes(wanted)) found.add(node.id);
    }
    return found;
  });

  choose(id: string): void {
    this.reveal(id);
    go({ node: id }, this.chosen.value !== null);
  }

  /** Unfold whatever hides a node. */
  reveal(id: string): void {
    const closed = this.closed.value;
    const open = new Set(closed);
    const wide = new Set(this.wide.value);
    let at = this.nodes.value.get(id);
    while (at && at.parent !== null) {
      open.delete(at.parent);
      const known = this.placed.value.some((one) => one.item.id === at!.id);
      if (!known) wide.add(at.parent);
      at = this.nodes.value.get(at.parent);
    }
    if (open.size !== closed.size) this.folded.value = open;
    if (wide.size !== this.wide.value.size) this.wide.value = wide;
  }

  fold(id: string, yes: boolean): void {
    const next = new Set(this.closed.value);
    if (yes) next.add(id);
    else next.delete(id);
    this.folded.value = next;
  }

  foldAll(yes: boolean): void {
    const next = new Set<string>();
    if (yes) for (const child of this.root.value.children) if (child.children.length) next.add(child.id);
    this.folded.value = next;
    this.wide.value = yes ? new Set() : new Set(this.nodes.value.keys());
  }

  widen(id: string): void {
    this.wide.value = new Set([...this.wide.value, id]);
  }
}

function rank(node: Node): number {
  return (node.accepted ? 4 : 0) + (node.complete ? 2 : 0) + (node.score ?? 0);
}
