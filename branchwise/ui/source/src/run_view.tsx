// One run: its head, its tree, and what is known of the chosen node.
import { useEffect, useMemo } from "preact/hooks";
import { address, go } from "./address";
import { key } from "./api";
import { Acts } from "./acts";
import { Announcer } from "./announcer";
import { TreeCanvas } from "./canvas";
import { Costs } from "./costs";
import { Decisions } from "./decisions";
import { History } from "./history";
import { NodePanel } from "./node_panel";
import { Outline } from "./outline";
import { Questions, questionsOf } from "./questions";
import { record } from "./record";
import { RunData } from "./run_data";
import { RunHead } from "./run_head";
import { Transcript } from "./transcript";
import { TreeState } from "./tree_state";
import { TreeTools } from "./tree_tools";

interface Tab {
  name: string;
  title: string;
  body: () => preact.ComponentChildren;
}

export function RunView({ id }: { id: string }) {
  const mine = key.value;
  const data = useMemo(() => new RunData(id), [id, mine]);
  const tree = useMemo(() => new TreeState(data), [data]);
  useEffect(() => () => data.close(), [data]);
  useEffect(() => {
    document.title = `branchwise ${id}`;
  }, [id]);
  const asked = questionsOf(data.run.value).length;
  const tabs: Tab[] = [
    ...(asked ? [{ name: "questions", title: `Questions (${asked})`, body: () => <Questions data={data} /> }] : []),
    { name: "node", title: "Node", body: () => <NodePanel data={data} tree={tree} /> },
    { name: "decisions", title: "Decisions", body: () => <Decisions data={data} tree={tree} /> },
    { name: "calls", title: "Calls", body: () => <Transcript data={data} /> },
    { name: "budget", title: "Budget", body: () => <Costs data={data} /> },
    ...(record === null ? [{ name: "acts", title: "Act", body: () => <Acts data={data} tree={tree} /> }] : []),
    { name: "history", title: "History", body: () => <History data={data} /> },
  ];
  const chosen = tabs.find((one) => one.name === address.value.get("view")) ?? tabs[0]!;
  return (
    <main class="run">
      <RunHead data={data} />
      <Announcer data={data} tree={tree} />
      <section class="tree" aria-label="Tree">
        <TreeTools tree={tree} />
        <TreeCanvas tree={tree} />
        <Outline tree={tree} />
      </section>
      <section class="side" aria-label="Details">
        <div role="tablist" class="tabs" aria-label="Details" onKeyDown={(event) => arrow(event, tabs, chosen)}>
          {tabs.map((one) => (
            <button
              type="button" role="tab" id={`tab-${one.name}`} key={one.name} aria-controls="panel"
              aria-selected={one === chosen} tabIndex={one === chosen ? 0 : -1}
              onClick={() => go({ view: one.name })}
            >
              {one.title}
            </button>
          ))}
        </div>
        <div role="tabpanel" id="panel" class="panel" aria-labelledby={`tab-${chosen.name}`} tabIndex={0}>
          {chosen.body()}
        </div>
      </section>
    </main>
  );
}

function arrow(event: KeyboardEvent, tabs: Tab[], chosen: Tab): void {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (by === undefined) return;
  event.preventDefault();
  const next = tabs[(tabs.indexOf(chosen) + by + tabs.length) % tabs.length]!;
  go({ view: next.name });
  document.getElementById(`tab-${next.name}`)?.focus();
}
