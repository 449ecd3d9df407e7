// The web page that a node reached: its screenshot, and what changed since its parent.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { key, picture } from "./api";
import { Difference } from "./difference";
import { runPath } from "./fetched";
import { line } from "./format";

export interface Visit {
  url?: string;
  title?: string;
  observation?: string;
  screenshot?: string | null;
  restored?: string;
  effect?: string;
  writes?: string[];
  reached?: boolean;
  failed?: string | null;
  [name: string]: unknown;
}

const SHOWN = new Set(["url", "title", "observation", "screenshot", "fingerprint", "failed"]);

interface Props {
  run: string;
  node: string;
  pages: Record<string, Visit>;
  before: Record<string, Visit>;
}

export function PageView({ run, node, pages, before }: Props) {
  const page = pages.commit ?? pages.arrival;
  if (!page) return null;
  const earlier = before.commit ?? before.arrival;
  const facts = Object.entries(page).filter(([name, value]) => !SHOWN.has(name) && !empty(value));
  return (
    <>
      <h3>Page</h3>
      <p class="outcome"><strong>{line(page.title) || "no title"}</strong> <span class="mono">{page.url}</span></p>
      {page.failed && <p class="bad">{page.failed}</p>}
      {page.screenshot && <Shot run={run} node={node} />}
      <dl class="facts">
        {facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{line(value)}</dd></div>)}
      </dl>
      {page.observation && (
        <details>
          <summary>What the agent saw{earlier?.observation ? ", and what changed since the parent's page" : ""}</summary>
          {earlier?.observation ? <Difference from={earlier.observation} to={page.observation} /> : <pre>{page.observation}</pre>}
        </details>
      )}
    </>
  );
}

function empty(value: unknown): boolean {
  return value === "" || value === null || value === false || value === 0 || (Array.isArray(value) && !value.length);
}

export function Shot({ run, node, small }: { run: string; node: string; small?: boolean }) {
  const source = useSignal("");
  const fault = useSignal(false);
  useEffect(() => {
    const stop = new AbortController();
    let made = "";
    picture(runPath(run, "screenshot", { node }), stop.signal).then(
      (url) => {
        if (stop.signal.aborted) return URL.revokeObjectURL(url);
        source.value = made = url;
      },
      () => (fault.value = !stop.signal.aborted),
    );
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
      source.value = "";
    };
  }, [run, node, key.value]);
  if (fault.value) return <p class="dim">The screenshot is not on this machine.</p>;
  if (!source.value) return null;
  return <img class={small ? "shot small" : "shot"} src={source.value} alt={`Screenshot of node ${node}`} />;
}
