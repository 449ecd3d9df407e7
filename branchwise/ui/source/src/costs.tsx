// What the run has spent over time, beside its budget, and on what.
import { useSignal } from "@preact/signals";
import { count, money, seconds } from "./format";
import { type Call, tokensOf } from "./records";
import type { RunData } from "./run_data";

const WIDTH = 560;
const HEIGHT = 200;
const LEFT = 64;
const BOTTOM = 24;

export function Costs({ data }: { data: RunData }) {
  data.callVersion.value;
  const by = useSignal<"kind" | "strategy" | "model" | "round">("kind");
  const calls = [...data.calls.values()].sort((a, b) => (a.ended ?? a.started) - (b.ended ?? b.started));
  if (!calls.length) return <p class="dim">Nothing has been spent yet.</p>;
  const budget = (data.run.value?.spec.budget ?? {}) as Record<string, number | null>;
  const priced = calls.some((call) => call.cost > 0);
  return (
    <div>
      <h2>Tokens over time</h2>
      <Chart calls={calls} of={tokensOf} limit={budget.tokens ?? null} name="tokens" say={count} />
      {priced && <><h2>Cost over time</h2><Chart calls={calls} of={(call) => call.cost} limit={budget.cost ?? null} name="US dollars" say={(value) => money(value)} /></>}
      <Limits budget={budget} calls={calls} elapsed={data.run.value?.elapsed ?? 0} />
      <div class="inline">
        <h2>Spent by</h2>
        <select aria-label="Group by" value={by.value} onChange={(event) => (by.value = event.currentTarget.value as "kind")}>
          <option value="kind">step</option><option value="strategy">strategy</option><option value="model">model</option><option value="round">round</option>
        </select>
      </div>
      <Groups calls={calls} by={by.value} />
    </div>
  );
}

interface ChartProps {
  calls: Call[];
  of: (call: Call) => number;
  limit: number | null;
  name: string;
  say: (value: number) => string;
}

function Chart({ calls, of, limit, name, say }: ChartProps) {
  const from = Math.min(...calls.map((call) => call.started));
  const to = Math.max(from + 0.001, ...calls.map((call) => call.ended ?? call.started));
  let sum = 0;
  const points = calls.map((call) => [(call.ended ?? call.started) - from, (sum += of(call))] as const);
  const top = Math.max(sum, limit !== null && limit < sum * 4 ? limit : 0, 1e-9) * 1.06;
  const x = (at: number) => LEFT + (at / (to - from)) * (WIDTH - LEFT - 8);
  const y = (value: number) => HEIGHT - BOTTOM - (value / top) * (HEIGHT - BOTTOM - 10);
  let path = `M${x(0)} ${y(0)}`;
  for (const [at, value] of points) path += `H${x(at).toFixed(1)}V${y(value).toFixed(1)}`;
  const said = `${say(sum)} ${name} in ${seconds(to - from)}${limit === null ? ", no limit" : ` of ${say(limit)}`}`;
  return (
    <figure>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={said}>
        <line class="axis" x1={LEFT} x2={WIDTH - 8} y1={y(0)} y2={y(0)} />
        <text class="tick" x={LEFT - 6} y={y(sum) + 4} text-anchor="end">{say(sum)}</text>
        {limit !== null && limit <= top && (
          <>
            <line class="limit" x1={LEFT} x2={WIDTH - 8} y1={y(limit)} y2={y(limit)} />
            <text class="tick" x={LEFT + 4} y={y(limit) - 4}>budget {say(limit)}</text>
          </>
        )}
        <path class="spent" d={`${path}V${y(0)}Z`} />
        <text class="tick" x={LEFT} y={HEIGHT - 6}>0</text>
        <text class="tick" x={WIDTH - 8} y={HEIGHT - 6} text-anchor="end">{seconds(to - from)}</text>
      </svg>
      <figcaption class="dim">{said}</figcaption>
    </figure>
  );
}

function Limits({ budget, calls, elapsed }: { budget: Record<string, number | null>; calls: Call[]; elapsed: number }) {
  const spent: Record<string, number> = {
    tokens: calls.reduce((sum, call) => sum + tokensOf(call), 0),
    completion_tokens: calls.reduce((sum, call) => sum + call.completionTokens, 0),
    calls: calls.length,
    seconds: elapsed,
    cost: calls.reduce((sum, call) => sum + call.cost, 0),
  };
  const rows = Object.entries(budget).filter(([name, limit]) => typeof limit === "number" && name in spent);
  if (!rows.length) return <p class="dim">The run has no budget.</p>;
  return (
    <>
      <h2>Budget</h2>
      <table class="bars">
        <thead class="hidden"><tr><th>limit</th><th>share</th><th>spent</th></tr></thead>
        <tbody>
          {rows.map(([name, limit]) => (
            <tr key={name}>
              <th scope="row">{name.replace("_", " ")}</th>
              <td><div class="bar-line track"><span class="part part-0" style={{ width: `${Math.min(100, (100 * spent[name]!) / limit!)}%` }} /></div></td>
              <td class="number">{say(name, spent[name]!)} of {say(name, limit!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}

function say(name: string, value: number): string {
  if (name === "cost") return money(value);
  return name === "seconds" ? seconds(value) : count(value);
}

function Groups({ calls, by }: { calls: Call[]; by: "kind" | "strategy" | "model" | "round" }) {
  const groups = new Map<string, { tokens: number; cost: number; calls: number }>();
  for (const call of calls) {
    const name = by === "kind" ? (call.key.split("/").at(-1) || call.kind) : String(call[by] ?? "none") || "none";
    const group = groups.get(name) ?? { tokens: 0, cost: 0, calls: 0 };
    groups.set(name, group);
    group.tokens += tokensOf(call);
    group.cost += call.cost;
    group.calls += 1;
  }
  const rows = [...groups].sort(([, a], [, b]) => b.tokens - a.tokens).slice(0, 30);
  const most = Math.max(...rows.map(([, group]) => group.tokens), 1);
  return (
    <table class="bars">
      <thead class="hidden"><tr><th>{by}</th><th>share</th><th>tokens</th><th>calls</th></tr></thead>
      <tbody>
        {rows.map(([name, group]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td><div class="bar-line"><span class="part part-0" style={{ width: `${(100 * group.tokens) / most}%` }} /></div></td>
            <td class="number">{count(group.tokens)}</td>
            <td class="number dim">{count(group.calls)} calls</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
