// Says to a screen reader how the run is going, at most every five seconds.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { count, score } from "./format";
import type { RunData } from "./run_data";
import type { TreeState } from "./tree_state";

const EVERY = 5000;

export function Announcer({ data, tree }: { data: RunData; tree: TreeState }) {
  const said = useSignal("");
  useEffect(() => {
    const say = () => {
      const run = data.run.peek();
      if (run === null) return;
      const best = tree.nodes.peek().get(tree.best.peek() ?? "");
      const words = [run.status, `${count(tree.nodes.peek().size)} nodes`, best ? `best score ${score(best.score)}` : ""];
      said.value = words.filter(Boolean).join(", ");
    };
    const timer = setInterval(say, EVERY);
    return () => clearInterval(timer);
  }, [data, tree]);
  return <p class="hidden" role="status">{said.value}</p>;
}
