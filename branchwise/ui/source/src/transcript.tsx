// Every call of the run in the order in which they began, each with its attempts.
import { useSignal } from "@preact/signals";
import { address, go } from "./address";
import { CallView, State } from "./call_view";
import { count, seconds } from "./format";
import { type Call, tokensOf } from "./records";
import type { RunData } from "./run_data";
import { Virtual } from "./virtual";

const ROW = 44;

export function Transcript({ data }: { data: RunData }) {
  data.callVersion.value;
  const only = useSignal("");
  const wanted = only.value.toLowerCase();
  const calls = [...data.calls.values()]
    .filter((call) => !wanted || `${call.key} ${call.state} ${call.kind} ${call.model}`.toLowerCase().includes(wanted))
    .sort((a, b) => a.started - b.started || (a.key < b.key ? -1 : 1) || a.attempt - b.attempt);
  const first = calls[0]?.started ?? 0;
  const chosen = address.value.get("call");
  if (!data.calls.size) return <p class="dim">No call has been made yet.</p>;
  return (
    <div class="split">
      <label class="filter">
        <span class="hidden">Filter the calls</span>
        <input type="search" placeholder="Key, state, kind or model" value={only.value} onInput={(event) => (only.value = event.currentTarget.value)} />
        <span class="dim">{count(calls.length)} attempts</span>
      </label>
      <div class="calls" role="list" aria-label="Calls">
        <Virtual items={calls} height={ROW} row={(call) => <Row call={call} first={first} on={call.key === chosen} key={`${call.key}#${call.attempt}`} />} />
      </div>
      {chosen !== null && (
        <div class="chosen" tabIndex={0}>
          <div class="inline"><h2 class="mono">{chosen}</h2><button type="button" onClick={() => go({ call: null })}>Close</button></div>
          <CallView data={data} name={chosen} />
        </div>
      )}
    </div>
  );
}

function Row({ call, first, on }: { call: Call; first: number; on: boolean }) {
  const tokens = tokensOf(call);
  return (
    <div role="listitem" class={on ? "entry on" : "entry"} style={{ height: `${ROW}px` }}>
      <button type="button" class="link mono" aria-pressed={on} onClick={() => go({ call: call.key })}>{call.key}</button>
      {call.attempt > 1 && <span class="warn"> attempt {call.attempt}</span>}
      <div class="dim">
        <State call={call} /> · {call.kind}{tokens ? ` · ${count(tokens)} tokens` : ""} · at {seconds(call.started - first)}
        {call.ended ? ` for ${seconds(Math.max(0, call.ended - call.started))}` : ""}
      </div>
    </div>
  );
}
