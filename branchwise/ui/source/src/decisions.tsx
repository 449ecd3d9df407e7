// The decisions of the run with all their terms: selections as bars, allocations as counts.
import { go } from "./address";
import { count, line, pairs } from "./format";
import type { Decision } from "./records";
import type { RunData } from "./run_data";
import type { TreeState } from "./tree_state";
import { Virtual } from "./virtual";

type Terms = Record<string, Record<string, number>>;

const PARTS = ["exploitation", "exploration", "prior", "diversity", "recovery"];
const QUIET = new Set(["engine", "budget", "arrival", "offer", "inherited"]);
const ROW = 30;

export function Decisions({ data, tree }: { data: RunData; tree: TreeState }) {
  data.version.value;
  const until = tree.until.value;
  const last = until === null ? Infinity : roundAt(tree, until);
  const all = [...data.decisions.values()].filter((one) => roundOf(one) <= last);
  if (!all.length) return <p class="dim">No decision has been made yet.</p>;
  const selects = all.filter((one) => one.kind === "select");
  const rest = all.filter((one) => one.kind !== "select" && !QUIET.has(one.kind)).sort((a, b) => b.ord - a.ord);
  return (
    <div class="split">
      {selects.length > 0 && <Selections all={selects} judged={all} />}
      <h2>Decisions, newest first</h2>
      <div class="calls" role="list" aria-label="Decisions">
        <Virtual items={rest} height={ROW} row={(one) => <Row one={one} key={one.key} />} />
      </div>
    </div>
  );
}

function Selections({ all, judged }: { all: Decision[]; judged: Decision[] }) {
  return (
    <section class="selections" tabIndex={0} aria-label="Selections">
      <h2>Which strategy, and why</h2>
      <Legend />
      {all.slice(-12).reverse().map((one) => {
        const payload = one.payload as { strategy: string; mode: string; terms: Terms };
        const trial = one.key.split("/")[0]!;
        const end = judged.find((two) => two.kind === "judge" && two.key.startsWith(`${trial}/`))?.payload as
          | { reward?: number; tokens?: number } | undefined;
        return (
          <div key={one.key} class="selection">
            <h3>
              {trial}: {payload.strategy}{" "}
              {end && <span class="dim">brought {line(end.reward)} for {count(end.tokens ?? 0)} tokens</span>}
            </h3>
            <Bars terms={payload.terms} chosen={payload.strategy} />
          </div>
        );
      })}
    </section>
  );
}

function Legend() {
  return (
    <p class="legend">
      {PARTS.map((part, at) => <span key={part}><i class={`part part-${at}`} aria-hidden="true" /> {part}</span>)}
    </p>
  );
}

function Bars({ terms, chosen }: { terms: Terms; chosen: string }) {
  const rows = Object.entries(terms).sort(([, a], [, b]) => (b.total ?? 0) - (a.total ?? 0));
  const widest = Math.max(...rows.map(([, one]) => PARTS.reduce((sum, part) => sum + Math.max(0, one[part] ?? 0), 0)), 1e-9);
  return (
    <table class="bars">
      <thead class="hidden"><tr><th>strategy</th><th>terms</th><th>total</th></tr></thead>
      <tbody>
        {rows.map(([name, one]) => (
          <tr key={name} class={name === chosen ? "on" : ""}>
            <th scope="row">{name === chosen ? "✓ " : ""}{name}</th>
            <td>
              <div class="bar-line">
                {PARTS.map((part, at) => (
                  <span
                    key={part} class={`part part-${at}`} title={`${part} ${(one[part] ?? 0).toFixed(3)}`}
                    style={{ width: `${(100 * Math.max(0, one[part] ?? 0)) / widest}%` }}
                  />
                ))}
              </div>
              <span class="hidden">{PARTS.map((part) => `${part} ${(one[part] ?? 0).toFixed(3)}`).join(", ")}</span>
            </td>
            <td class="number">{(one.total ?? 0).toFixed(3)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Row({ one }: { one: Decision }) {
  return (
    <div role="listitem" class="entry one" style={{ height: `${ROW}px` }}>
      <span class="mono">{one.key}</span> <Told one={one} />
    </div>
  );
}

function Told({ one }: { one: Decision }) {
  if (one.kind === "allocate" && one.payload && typeof one.payload === "object") {
    const asked = Object.entries(one.payload as Record<string, unknown>);
    if (!asked.length) return <span class="dim">no more samples</span>;
    return (
      <span>
        {asked.slice(0, 8).map(([node, samples]) => (
          <button type="button" class="link" key={node} onClick={() => go({ node })}>{line(samples)} at {node}</button>
        ))}
        {asked.length > 8 && <span class="dim"> and {asked.length - 8} more nodes</span>}
      </span>
    );
  }
  return <span class="dim">{pairs(one.payload)}</span>;
}

/** The round that a key names, r3/...; other decisions count from the start. */
function roundOf(one: Decision): number {
  const found = /(?:^|\/)r(\d+)\//.exec(one.key);
  return found ? Number(found[1]) : 0;
}

function roundAt(tree: TreeState, ord: number): number {
  let round = 0;
  for (const node of tree.nodes.value.values()) if (node.ord <= ord) round = Math.max(round, node.round);
  return round;
}
