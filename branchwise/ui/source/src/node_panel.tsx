// The chosen node: what it changes, who judged it, what was asked for it.
import { address, go } from "./address";
import { CallView } from "./call_view";
import { Difference } from "./difference";
import { runPath, useFetched } from "./fetched";
import { count, line, score } from "./format";
import { PageView, type Visit } from "./page_view";
import { isSearch } from "./records";
import type { RunData } from "./run_data";
import type { TreeState } from "./tree_state";

interface Named {
  key: string;
  attempt: number;
  state: string;
  kind: string;
  why: string;
}

interface Verdict {
  verifier: string;
  score: number | null;
  accepted: boolean;
  feedback: string;
  verified_by: string;
}

interface Details {
  id: string;
  text: string;
  complete: boolean;
  answer: string | null;
  score: number | null;
  accepted: boolean;
  verified_by: string;
  feedback: string;
  failed: string | null;
  strategy: string;
  state: string;
  round: number;
  tokens: number;
  logprob: number | null;
  duplicate_of: string | null;
  path: { id: string; text: string; complete: boolean }[];
  verdicts: Verdict[];
  calls: Named[];
  pages: Record<string, Visit>;
  parent_pages: Record<string, Visit>;
}

export function NodePanel({ data, tree }: { data: RunData; tree: TreeState }) {
  const chosen = tree.shown.value;
  const run = data.run.value;
  const known = tree.nodes.value.get(chosen);
  const stored = run !== null && isSearch(run) && data.nodes.has(chosen);
  const changes = stored && known ? JSON.stringify(known) : "";
  const { value, fault } = useFetched<Details>(stored ? runPath(data.id, "node", { id: chosen }) : null, changes);
  if (run !== null && !stored) return <Place data={data} place={chosen} />;
  if (fault) return <p class="bad">{fault}</p>;
  if (value === null) return <p class="dim">{known ? "Reading the node." : "Choose a node of the tree."}</p>;
  const best = tree.best.value;
  const answers = run?.result?.node === value.id && (run.result.solved === true || run.result.answer != null);
  return (
    <article>
      <h2>Node {value.id}{value.id === best && <span class="good"> {answers ? "the answer" : "the best so far"}</span>}</h2>
      <Facts node={value} />
      <Texts node={value} />
      <PageView run={data.id} node={value.id} pages={value.pages} before={value.parent_pages} />
      <Verdicts node={value} />
      <Calls data={data} calls={value.calls} />
    </article>
  );
}

function Facts({ node }: { node: Details }) {
  const told: [string, string][] = [
    ["score", score(node.score)],
    ["verified by", node.verified_by],
    ["state", node.accepted ? `${node.state}, accepted` : node.state],
    ["asked by", node.strategy],
    ["round", String(node.round)],
    ["tokens", count(node.tokens)],
    ["log-probability", node.logprob === null ? "" : node.logprob.toFixed(2)],
    ["same as", node.duplicate_of ?? ""],
    ["answer", line(node.answer)],
  ];
  return (
    <dl class="facts">
      {told.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  );
}

function Texts({ node }: { node: Details }) {
  const parent = node.path.at(-1);
  const revises = parent?.complete === true;
  let begun = 0;
  node.path.forEach((one, at) => { if (one.complete) begun = at + 1; });
  const before = node.path.slice(begun).map((one) => one.text).join("");
  return (
    <>
      {node.failed && <p class="bad">Dead: {node.failed}</p>}
      <h3>{revises ? "What it changes in its parent" : "What it adds to its parent"}</h3>
      {revises ? <Difference from={parent.text} to={node.text} /> : <pre class="difference">{before && <span class="dim">{before}</span>}<ins>{node.text || "(nothing)"}</ins></pre>}
      {node.feedback && <><h3>Feedback</h3><pre>{node.feedback}</pre></>}
    </>
  );
}

function Verdicts({ node }: { node: Details }) {
  if (!node.verdicts.length) return null;
  return (
    <>
      <h3>Verdicts</h3>
      <table>
        <thead><tr><th>verifier</th><th>score</th><th>accepted</th><th>evidence</th></tr></thead>
        <tbody>
          {node.verdicts.map((one) => (
            <tr key={one.verifier}>
              <td>{one.verifier}</td>
              <td class="number">{one.score ?? "none"}</td>
              <td>{one.accepted ? <span class="good">✓ yes</span> : "no"}</td>
              <td>{one.verified_by}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {node.verdicts.filter((one) => one.feedback && one.feedback !== node.feedback).map((one) => <pre key={one.verifier}>{one.feedback}</pre>)}
    </>
  );
}

function Calls({ data, calls }: { data: RunData; calls: Named[] }) {
  if (!calls.length) return null;
  const open = address.value.get("prompt");
  return (
    <>
      <h3>Prompts and replies</h3>
      {calls.map((one) => (
        <details key={`${one.key}#${one.attempt}`} open={open === one.key}>
          <summary onClick={(event) => { event.preventDefault(); go({ prompt: open === one.key ? null : one.key }, true); }}>
            {one.why}: <code>{one.key}</code>{one.state === "done" ? "" : ` (${one.state})`}
          </summary>
          {open === one.key && <CallView data={data} name={one.key} />}
        </details>
      ))}
    </>
  );
}

/** A place of a workflow: its calls, or one call. */
function Place({ data, place }: { data: RunData; place: string }) {
  data.callVersion.value;
  if ([...data.calls.values()].some((call) => call.key === place)) {
    return <article><h2><code>{place}</code></h2><CallView data={data} name={place} /></article>;
  }
  const question = data.decisions.get(`${place}/question`);
  const answer = data.decisions.get(place);
  if (question || answer) {
    return (
      <article>
        <h2><code>{place}</code></h2>
        {question && <><h3>Question</h3><pre>{JSON.stringify(question.payload, null, 2)}</pre></>}
        <h3>Answer</h3>
        {answer ? <pre>{JSON.stringify(answer.payload, null, 2)}</pre> : <p class="dim">none yet</p>}
      </article>
    );
  }
  const below = [...data.calls.values()].filter((call) => place === "0" || call.key.startsWith(`${place}/`));
  return (
    <article>
      <h2>{place === "0" ? "The whole run" : <code>{place}</code>}</h2>
      <p class="dim">{count(below.length)} calls{place === "0" ? "" : " here"}.</p>
      <ul class="plain">
        {below.slice(0, 200).map((call) => (
          <li key={`${call.key}#${call.attempt}`}>
            <button type="button" class="link" onClick={() => go({ node: call.key })}>{call.key}</button> {call.state}
          </li>
        ))}
      </ul>
    </article>
  );
}
