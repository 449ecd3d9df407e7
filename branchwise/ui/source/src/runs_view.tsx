// The list of runs: filtered by the address, looked at again every second.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { address, go, open } from "./address";
import { get, key, Refused } from "./api";
import { ago, count, line, money, pairs, score } from "./format";
import { Status } from "./status";
import { Virtual } from "./virtual";

const EVERY = 700;
const ROW = 34;
const STATUSES = ["queued", "running", "paused", "waiting", "done", "failed", "cancelled"];
const COLUMNS = ["status", "problem", "task", "strategy", "model", "answer", "score", "tokens", "cost", "began"];

interface Listed {
  id: string;
  status: string;
  task: string;
  strategy: string;
  model: string;
  workflow: string | null;
  created: number;
  problem: unknown;
  answer: unknown;
  solved: boolean | null;
  score: number | null;
  verified_by: string | null;
  error: string | null;
  questions: number;
  tokens: number;
  cost: number | null;
}

export function RunsView() {
  const runs = useSignal<Listed[] | null>(null);
  const fault = useSignal("");
  const asked = address.value.toString();
  const mine = key.value;
  useEffect(() => {
    const stop = new AbortController();
    const look = async () => {
      while (!stop.signal.aborted) {
        try {
          if (!document.hidden) runs.value = (await get<{ runs: Listed[] }>(`/ui/runs?limit=500&${asked}`, stop.signal)).runs;
          fault.value = "";
        } catch (error) {
          if (stop.signal.aborted) return;
          fault.value = error instanceof Refused ? error.message : "The server does not answer; trying again.";
        }
        await new Promise((done) => setTimeout(done, EVERY));
      }
    };
    void look();
    return () => stop.abort();
  }, [asked, mine]);
  const list = runs.value;
  return (
    <main class="runs">
      <Filters />
      {fault.value && <p class="fault" role="alert">{fault.value}</p>}
      {list !== null && !list.length && <Nothing />}
      {list !== null && list.length > 0 && (
        <div class="table" role="table" aria-label="Runs" aria-rowcount={list.length + 1}>
          <div class="line heading" role="row">
            {COLUMNS.map((name) => <span role="columnheader" class={`cell ${name}`} key={name}>{name}</span>)}
          </div>
          <Virtual items={list} height={ROW} row={(run, index) => <Line run={run} index={index} key={run.id} />} />
        </div>
      )}
      <p class="dim foot" aria-live="polite">{list === null ? "reading" : `${count(list.length)} runs`}</p>
    </main>
  );
}

function Line({ run, index }: { run: Listed; index: number }) {
  const cells: Record<string, unknown> = {
    status: <Status status={run.status} />,
    problem: (
      <a href={`?run=${encodeURIComponent(run.id)}`} onClick={(event) => follow(event, run.id)}>
        {pairs(run.problem) || run.id}
      </a>
    ),
    task: run.workflow === null || ["solve", "web"].includes(run.workflow) ? run.task : run.workflow,
    strategy: run.strategy,
    model: run.model,
    answer: run.error ? <span class="bad">{run.error}</span> : <Answer run={run} />,
    score: run.score === null ? "" : score(run.score),
    tokens: count(run.tokens),
    cost: money(run.cost),
    began: ago(run.created),
  };
  return (
    <div class="line" role="row" aria-rowindex={index + 2}>
      {COLUMNS.map((name) => (
        <span role="cell" class={`cell ${name}`} key={name}>{cells[name] as never}</span>
      ))}
    </div>
  );
}

function Answer({ run }: { run: Listed }) {
  if (run.questions) return <span>{run.questions === 1 ? "asks a question" : `asks ${run.questions} questions`}</span>;
  if (run.solved === null) return <span>{line(run.answer)}</span>;
  return (
    <span title={run.solved ? "accepted" : "not accepted"}>
      <span class={run.solved ? "good" : "dim"}>{run.solved ? "✓ " : "○ "}</span>
      {line(run.answer) || "none"}
    </span>
  );
}

function follow(event: MouseEvent, id: string): void {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open(id);
}

function Filters() {
  const value = (name: string) => address.value.get(name) ?? "";
  const text = (name: string, label: string) => (
    <label>
      {label}
      <input
        type="search" name={name} value={value(name)} size={name === "text" ? 26 : 12}
        onInput={(event) => go({ [name]: event.currentTarget.value }, true)}
      />
    </label>
  );
  return (
    <form class="filters" role="search" aria-label="Filter the runs" onSubmit={(event) => event.preventDefault()}>
      <label>
        Status
        <select name="status" value={value("status")} onChange={(event) => go({ status: event.currentTarget.value })}>
          <option value="">any</option>
          {STATUSES.map((one) => <option value={one} key={one}>{one}</option>)}
        </select>
      </label>
      {text("text", "Problem or id has")}
      {text("task", "Task")}
      {text("strategy", "Strategy")}
      {text("model", "Model")}
      {text("workflow", "Workflow")}
    </form>
  );
}

function Nothing() {
  return (
    <div class="nothing">
      <p>No runs to show.</p>
      <p class="dim">
        Start one with <code>branchwise solve "..."</code>, or change the filter.
      </p>
    </div>
  );
}
