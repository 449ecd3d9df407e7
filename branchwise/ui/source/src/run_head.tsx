// The head of a run: what was asked, how it is going, what came out.
import { open } from "./address";
import { clock, count, line, money, pairs, score, seconds } from "./format";
import { record } from "./record";
import { type Call, isSearch, type Run, type Subrun, tokensOf } from "./records";
import type { RunData } from "./run_data";
import { Status } from "./status";

export function RunHead({ data }: { data: RunData }) {
  data.version.value;
  const run = data.run.value;
  if (run === null && data.fault.value) return <header class="head"><p class="fault" role="alert">{data.fault.value}</p></header>;
  if (run === null) {
    const said = data.gone.value ? "This run cannot be read any more." : "Reading the run; the key may not see it, or it does not exist.";
    return <header class="head"><p class="dim" role="status">{said}</p></header>;
  }
  const calls = [...data.calls.values()];
  return (
    <header class="head">
      <div class="title">
        {record === null && <a href="?" onClick={(event) => { event.preventDefault(); open(null); }}>Runs</a>}
        <h1>{run.id}</h1>
        <Status status={run.status} />
        {record === null && (
          <span class={data.live.value ? "live" : "live lost"} role="status">
            {data.live.value ? "live" : "connecting"}
          </span>
        )}
      </div>
      {data.fault.value && <p class="fault" role="alert">{data.fault.value}</p>}
      {data.gone.value && <p class="fault" role="alert">This run was deleted; what is shown is what it was.</p>}
      <p class="problem">{pairs(asked(run)) || <span class="dim">no problem text</span>}</p>
      <Outcome run={run} />
      <dl class="facts">
        {facts(run, calls, data.nodes.size, [...data.subruns.values()]).map(([name, value]) => (
          <div key={name}><dt>{name}</dt><dd>{value}</dd></div>
        ))}
      </dl>
    </header>
  );
}

/** What the run was asked: a problem, a goal, or a workflow's input. */
export function asked(run: Run): unknown {
  const spec = run.spec;
  const input = spec.input as Record<string, unknown> | undefined;
  return spec.problem ?? spec.goal ?? input?.problem ?? input?.goal ?? input ?? "";
}

function Outcome({ run }: { run: Run }) {
  if (run.error) return <p class="bad outcome">{run.error}</p>;
  const result = run.result;
  if (run.status !== "done" || result === null) return null;
  if (!isSearch(run)) return <p class="outcome">Output: <strong>{line(result.output ?? result)}</strong></p>;
  const solved = result.solved === true;
  const by = result.verified_by === "program" ? "checked by a program" : result.verified_by === "model" ? "judged by a model" : "not checked";
  return (
    <p class="outcome">
      <span class={solved ? "good" : "dim"}>{solved ? "✓ accepted" : "○ not accepted"}</span>{" "}
      <strong>{line(result.answer) || "no answer"}</strong>{" "}
      <span class="dim">({by}{typeof result.score === "number" ? `, score ${score(result.score)}` : ""}{line(result.reason) && `; stopped: ${line(result.reason)}`})</span>
    </p>
  );
}

function facts(run: Run, calls: Call[], nodes: number, subruns: Subrun[]): [string, string][] {
  let tokens = 0;
  let cost = 0;
  let unpriced = false;
  for (const call of calls) {
    tokens += tokensOf(call);
    cost += call.cost;
    unpriced ||= call.unpriced;
  }
  for (const one of subruns) {
    tokens += one.tokens;
    cost += one.cost ?? 0;
    unpriced ||= one.cost === null;
  }
  const budget = run.spec.budget as Record<string, number | null> | undefined;
  const limit = budget?.tokens;
  const what: [string, string][] = isSearch(run)
    ? [["task", run.task], ["strategy", run.strategy]]
    : [["workflow", run.workflow ?? ""]];
  return [
    ...what,
    ["model", run.model],
    ["tokens", limit ? `${count(tokens)} of ${count(limit)}` : count(tokens)],
    ["cost", money(unpriced ? null : cost)],
    ["calls", count(calls.length)],
    ...(subruns.length ? ([["sub-runs", count(subruns.length)]] as [string, string][]) : []),
    ...(nodes ? ([["nodes", count(nodes)]] as [string, string][]) : []),
    ["work", seconds(run.elapsed)],
    ["began", clock(run.created)],
    ...(run.forked_from ? ([["fork of", run.forked_from]] as [string, string][]) : []),
  ];
}
