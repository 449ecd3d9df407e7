// A workflow's nodes, visits, calls and questions as a tree; their keys are NODE[.i]/VISIT/NAME.
import type { Call, Decision, Node } from "./records";

const KINDS = new Set(["question", "answer", "effect"]);

export function workflowNodes(calls: Iterable<Call>, decisions: Iterable<Decision>): Map<string, Node> {
  const made = new Map<string, Node>();
  let ord = 0;
  const add = (id: string, parent: string | null, label: string, more: Partial<Node> = {}): Node => {
    const known = made.get(id);
    if (known) return Object.assign(known, more);
    const node: Node = {
      id, parent, ord: ord++, depth: 0, round: 0, strategy: "", state: "", complete: false, accepted: false,
      score: null, verifiedBy: "none", tokens: 0, logprob: null, duplicateOf: null, dead: false, label, ...more,
    };
    made.set(id, node);
    return node;
  };
  add("0", null, "start");
  const under = (key: string): string => {
    const parts = key.split("/");
    let parent = "0";
    for (let at = 1; at < Math.min(parts.length, 3); at++) {
      const id = parts.slice(0, at).join("/");
      add(id, parent, at === 1 ? id : `visit ${parts[1]}`);
      parent = id;
    }
    return parent;
  };
  for (const call of [...calls].sort((a, b) => a.started - b.started || (a.key < b.key ? -1 : 1))) {
    const tokens = call.completionTokens;
    const name = call.key.split("/").slice(2).join("/") || call.key;
    const label = `${name} (${call.kind})`;
    add(call.key, under(call.key), label, {
      tokens, state: call.state, strategy: call.kind, dead: call.state === "failed",
      complete: call.state === "done", verifiedBy: call.state === "done" ? "program" : "none",
    });
  }
  for (const one of decisions) {
    if (!KINDS.has(one.kind)) continue;
    // A question is kept as KEY/question, its answer as KEY.
    const key = one.key.replace(/\/question$/, "");
    const name = key.split("/").slice(2).join("/") || key;
    const answered = one.kind === "answer" || made.get(key)?.complete === true;
    add(key, under(key), `${name} (${answered ? "answered" : "waits"})`, {
      state: answered ? "answered" : "open", strategy: "question", complete: answered,
      verifiedBy: answered ? "program" : "none",
    });
  }
  return made;
}
