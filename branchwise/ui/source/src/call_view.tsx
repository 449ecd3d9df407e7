// One call: every attempt with its prompt, its reply and its bill.
import { runPath, useFetched } from "./fetched";
import { count, line, money, seconds } from "./format";
import { type Call, readCall, tokensOf } from "./records";
import type { RunData } from "./run_data";

interface Message {
  role: string;
  content: unknown;
}

interface Attempt {
  request: { messages?: Message[]; prefix?: string; [name: string]: unknown } | null;
  response: { samples?: { text: string; finish?: string; logprob?: number | null }[] } | null;
  error: string | null;
  [name: string]: unknown;
}

const COLUMNS = [
  "key", "attempt", "state", "kind", "model", "strategy", "round", "node", "prompt_tokens", "cached_tokens",
  "completion_tokens", "seconds", "cost", "unpriced", "estimated", "started", "ended", "error",
];

export function CallView({ data, name }: { data: RunData; name: string }) {
  data.callVersion.value;
  const rows = [...data.calls.values()].filter((call) => call.key === name);
  const changes = rows.map((call) => call.state).join();
  const { value, fault } = useFetched<{ attempts: Attempt[] }>(runPath(data.id, "call", { key: name }), changes);
  if (fault) return <p class="bad">{fault}</p>;
  if (value === null) return <p class="dim">Reading the call.</p>;
  return (
    <div class="call">
      {value.attempts.map((attempt, at) => <AttemptView attempt={attempt} of={value.attempts.length} key={at} />)}
    </div>
  );
}

function AttemptView({ attempt, of }: { attempt: Attempt; of: number }) {
  const call = readCall(COLUMNS.map((column) => attempt[column]));
  const request = attempt.request ?? {};
  const { messages, prefix, ...options } = request;
  const samples = attempt.response?.samples;
  return (
    <section aria-label={`Attempt ${call.attempt}`}>
      <p class="outcome">
        {of > 1 && <strong>Attempt {call.attempt}: </strong>}
        <State call={call} /> <span class="dim">{bill(call)}</span>
      </p>
      {call.error && <pre class="bad">{call.error}</pre>}
      {messages?.map((message, at) => (
        <div class="message" key={at}><span class="role">{message.role}</span><pre>{content(message.content)}</pre></div>
      ))}
      {!messages && <pre>{JSON.stringify(request, null, 2)}</pre>}
      {prefix && <div class="message"><span class="role">begun reply</span><pre>{prefix}</pre></div>}
      {samples?.map((sample, at) => (
        <div class="message reply" key={at}>
          <span class="role">reply{samples.length > 1 ? ` ${at + 1}` : ""}</span><pre>{sample.text || "(empty)"}</pre>
        </div>
      ))}
      {attempt.response && !samples && <div class="message reply"><span class="role">result</span><pre>{content(attempt.response)}</pre></div>}
      {messages && <details><summary>Options of the request</summary><pre>{JSON.stringify(options, null, 2)}</pre></details>}
    </section>
  );
}

/** The state of a call in words: what is not known about its bill is said. */
export function State({ call }: { call: Call }) {
  if (call.state === "ambiguous") return <span class="warn">? ambiguous: may have been billed</span>;
  if (call.state === "started") return <span class="dim">▶ started, no reply yet</span>;
  if (call.state === "failed") return <span class="bad">✗ failed</span>;
  return <span class="good">✓ {call.state}</span>;
}

function bill(call: Call): string {
  const parts = [call.model || call.kind];
  const tokens = tokensOf(call);
  if (tokens) parts.push(`${call.estimated ? "about " : ""}${count(tokens)} tokens`);
  if (call.cachedTokens) parts.push(`${count(call.cachedTokens)} cached`);
  if (call.cost || call.unpriced) parts.push(money(call.unpriced ? null : call.cost));
  if (call.ended) parts.push(seconds(Math.max(0, call.ended - call.started)));
  return parts.map(line).join(", ");
}

function content(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    return value.map((part) => (part && typeof part === "object" && "text" in part ? String(part.text) : JSON.stringify(part))).join("\n");
  }
  return JSON.stringify(value, null, 2);
}
