// What happened to the run: created, claimed, paused, finished; and its sub-runs.
import { open } from "./address";
import { count, moment, pairs } from "./format";
import type { RunData } from "./run_data";
import { Status } from "./status";

export function History({ data }: { data: RunData }) {
  data.version.value;
  const run = data.run.value;
  const events = [...data.events.values()].sort((a, b) => a.id - b.id);
  const subruns = [...data.subruns.values()].sort((a, b) => a.created - b.created);
  return (
    <div>
      <h2>History</h2>
      <ol class="plain">
        {events.map((one) => (
          <li key={one.id}><span class="dim">{moment(one.at)}</span> {one.kind} {one.data ? <span class="dim">{pairs(one.data)}</span> : null}</li>
        ))}
      </ol>
      {subruns.length > 0 && (
        <>
          <h2>Sub-runs</h2>
          <ul class="plain">
            {subruns.map((one) => (
              <li key={one.id}>
                <a href={`?run=${encodeURIComponent(one.id)}`} onClick={(event) => { event.preventDefault(); open(one.id); }}>{one.id}</a>{" "}
                <Status status={one.status} /> <span class="dim">{one.workflow ?? one.strategy}, {count(one.tokens)} tokens</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h2>Request</h2>
      <pre>{run ? JSON.stringify(run.spec, null, 2) : ""}</pre>
      {run?.result != null && <><h2>Result</h2><pre>{JSON.stringify(run.result, null, 2)}</pre></>}
    </div>
  );
}
