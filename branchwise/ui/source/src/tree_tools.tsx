// Above the tree: find, fold, fit, the legend, and the slider over the run's own order.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { go } from "./address";
import { count } from "./format";
import type { TreeState } from "./tree_state";

/** Steps of a whole replay, and milliseconds of each. */
const STEPS = 80;
const EVERY = 150;

export function TreeTools({ tree }: { tree: TreeState }) {
  const hits = tree.hits.value;
  const next = () => {
    const list = [...hits];
    const at = list.indexOf(tree.chosen.value ?? "");
    const to = list[(at + 1) % list.length];
    if (to === undefined) return;
    tree.choose(to);
    tree.centred.value = to;
  };
  const best = tree.best.value;
  const pick = () => {
    if (best === null) return;
    tree.choose(best);
    tree.centred.value = best;
  };
  return (
    <div class="tools">
      <form class="inline" role="search" onSubmit={(event) => { event.preventDefault(); next(); }}>
        <label>
          <span class="hidden">Find in the tree</span>
          <input
            type="search" placeholder="Find in the tree" value={tree.wanted.value}
            onInput={(event) => (tree.wanted.value = event.currentTarget.value)}
          />
        </label>
        {tree.wanted.value && <span class="dim" role="status">{count(hits.size)} found, Enter for the next</span>}
      </form>
      <button type="button" onClick={pick} disabled={best === null}>Best</button>
      <button type="button" onClick={() => (tree.fits.value += 1)}>Fit</button>
      <button type="button" aria-label="Enlarge the tree" onClick={() => (tree.zooms.value += 1)}>+</button>
      <button type="button" aria-label="Make the tree smaller" onClick={() => (tree.zooms.value -= 1)}>−</button>
      <button type="button" onClick={() => tree.foldAll(true)}>Fold</button>
      <button type="button" onClick={() => tree.foldAll(false)}>Unfold</button>
      <Slider tree={tree} />
    </div>
  );
}

function Slider({ tree }: { tree: TreeState }) {
  const playing = useSignal(false);
  const end = tree.end.value;
  const at = tree.until.value ?? end;
  const move = (to: number) => go({ at: to >= end ? null : String(to) }, true);
  useEffect(() => {
    if (!playing.value) return;
    const timer = setTimeout(() => {
      const next = at + Math.max(1, Math.ceil(end / STEPS));
      if (next >= end) playing.value = false;
      move(next);
    }, EVERY);
    return () => clearTimeout(timer);
  }, [playing.value, at, end]);
  if (end < 1) return null;
  const play = () => {
    if (!playing.value && at === end) move(0);
    playing.value = !playing.value;
  };
  return (
    <div class="slider">
      <button type="button" onClick={play}>{playing.value ? "Stop" : "Play"}</button>
      <label>
        Order
        <input
          type="range" min={0} max={end} value={at} aria-valuetext={`${at} of ${end}`}
          onInput={(event) => move(Number(event.currentTarget.value))}
        />
      </label>
      <output>{at === end ? "now" : `${count(at)} of ${count(end)}`}</output>
    </div>
  );
}
