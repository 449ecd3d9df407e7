// What a person can do with the run: cancel, resume, fork from here, check it against its record.
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { act, mayAct, runActs } from "./act";
import { open } from "./address";
import { CommandLine } from "./command_line";
import { runPath, useFetched } from "./fetched";
import { count, line } from "./format";
import { isSearch, type Run } from "./records";
import type { RunData } from "./run_data";
import type { TreeState } from "./tree_state";

const OVER = new Set(["done", "failed", "cancelled"]);
const RESUMABLE = new Set(["paused", "failed", "cancelled"]);

export function Acts({ data, tree }: { data: RunData; tree: TreeState }) {
  data.version.value;
  const run = data.run.value;
  if (run === null) return null;
  return (
    <div>
      {!mayAct() && <p class="dim">Without a key this page is for looking. Enter one above, or use the command lines.</p>}
      {!OVER.has(run.status) && <Simple run={run} name="cancel" title="Cancel" about="Its worker stops at its next write; what it has is kept." />}
      {RESUMABLE.has(run.status) && <Simple run={run} name="resume" title="Resume" about="It is queued for the workers of this server; no completed call is repeated." />}
      <Fork run={run} tree={tree} />
      {run.status === "done" && <Replay run={run} />}
    </div>
  );
}

function Simple({ run, name, title, about }: { run: Run; name: string; title: string; about: string }) {
  const doing = useMemo(() => act<unknown>(), [run.id, name]);
  const go = async () => {
    if ((await doing.go(runActs(run.id, name), {})) !== null) doing.said.value = `${title}: done.`;
  };
  return (
    <section class="act">
      <h2>{title}</h2>
      <p class="dim">{about}</p>
      <div class="inline">
        <button type="button" disabled={!mayAct() || doing.busy.value} onClick={() => void go()}>{title}</button>
        <CommandLine words={[name, run.id]} />
      </div>
      <Said doing={doing} />
    </section>
  );
}

function Fork({ run, tree }: { run: Run; tree: TreeState }) {
  const doing = useMemo(() => act<{ id: string }>(), [run.id]);
  const strategy = useSignal("");
  const tokens = useSignal("");
  const search = isSearch(run);
  const place = forkPlace(tree.chosen.value, search);
  const free = useFetched<{ calls: number }>(runPath(run.id, "reusable", place ? { at: place } : {}), run.status);
  const go = async (event: Event) => {
    event.preventDefault();
    const body: Record<string, unknown> = {};
    if (place) body.at = place;
    if (strategy.value.trim()) body.strategy = strategy.value.trim();
    if (Number(tokens.value) > 0) body.budget = { tokens: Number(tokens.value) };
    const made = await doing.go(runActs(run.id, "fork"), body);
    if (made !== null) open(made.id);
  };
  const words = [
    "fork", run.id, ...(place ? ["--at", place] : []),
    ...(strategy.value.trim() ? ["--strategy", strategy.value.trim()] : []),
    ...(Number(tokens.value) > 0 ? ["--tokens", String(Number(tokens.value))] : []),
  ];
  return (
    <section class="act">
      <h2>Fork {place ? <>from <code>{place}</code></> : "the whole run"}</h2>
      <p class="dim">
        A new run that starts {place ? "here" : "from the beginning"}. {free.value
          ? `Up to ${count(free.value.calls)} recorded calls come free: those that it makes again unchanged.` : ""}
      </p>
      <form class="inline" onSubmit={(event) => void go(event)}>
        {search && (
          <label>Strategy <input type="text" name="strategy" size={14} placeholder={run.strategy} value={strategy.value} onInput={(event) => (strategy.value = event.currentTarget.value)} /></label>
        )}
        <label>Tokens <input type="number" name="tokens" min={1} step={1} placeholder="as before" value={tokens.value} onInput={(event) => (tokens.value = event.currentTarget.value)} /></label>
        <button type="submit" disabled={!mayAct() || doing.busy.value}>Fork</button>
      </form>
      <CommandLine words={words} />
      <Said doing={doing} />
    </section>
  );
}

/** Where a fork may begin: a node of a search, or NODE/VISIT of a workflow. */
function forkPlace(chosen: string | null, search: boolean): string | null {
  if (chosen === null || chosen === "0") return null;
  if (search) return chosen;
  const parts = chosen.split("/");
  return parts.length >= 2 ? parts.slice(0, 2).join("/") : null;
}

interface Checked {
  exact: boolean;
  calls: number;
  nodes: number;
  decisions: number;
  differences: { what: string; key: string; recorded: string; replayed: string }[];
}

function Replay({ run }: { run: Run }) {
  const doing = useMemo(() => act<Checked>(), [run.id]);
  const found = useSignal<Checked | null>(null);
  const go = async () => (found.value = await doing.go(runActs(run.id, "replay"), {}));
  return (
    <section class="act">
      <h2>Check against the record</h2>
      <p class="dim">Recomputes the run from its recorded calls; no model is called.</p>
      <div class="inline">
        <button type="button" disabled={!mayAct() || doing.busy.value} onClick={() => void go()}>{doing.busy.value ? "Checking" : "Check"}</button>
        <CommandLine words={["replay", run.id]} />
      </div>
      {found.value && (
        <p role="status" class={found.value.exact ? "good" : "bad"}>
          {found.value.exact
            ? `✓ Exact: ${count(found.value.calls)} calls, ${count(found.value.nodes)} nodes and ${count(found.value.decisions)} decisions are as recorded.`
            : `✗ It differs: ${found.value.differences.map((one) => `${one.what} ${one.key}: ${line(one.recorded).slice(0, 80)} became ${line(one.replayed).slice(0, 80)}`).join("; ")}`}
        </p>
      )}
      <Said doing={doing} />
    </section>
  );
}

function Said({ doing }: { doing: { said: { value: string }; failed: { value: string } } }) {
  return (
    <p role="status">
      {doing.said.value && <span class="good">{doing.said.value}</span>}
      {doing.failed.value && <span class="bad">{doing.failed.value}</span>}
    </p>
  );
}
