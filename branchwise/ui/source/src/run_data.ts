// Everything known of the run that is looked at, kept up to date by its stream.
import { signal } from "@preact/signals";
import { follow, type Stream, type Told } from "./events";
import { record } from "./record";
import {
  type Call, type Decision, type Node, readCall, readNode, type Run, type RunEvent, type Subrun,
} from "./records";

interface Rows {
  run?: Run[];
  node?: unknown[];
  call?: unknown[];
  decision?: Decision[];
  event?: RunEvent[];
  subrun?: Subrun[];
}

export class RunData {
  nodes = new Map<string, Node>();
  calls = new Map<string, Call>();
  decisions = new Map<string, Decision>();
  events = new Map<number, RunEvent>();
  subruns = new Map<string, Subrun>();
  run = signal<Run | null>(null);
  /** Counts the changes; whatever is drawn reads it. */
  version = signal(0);
  /** Counts the changes of nodes, and of calls. */
  nodeVersion = signal(0);
  callVersion = signal(0);
  live = signal(false);
  gone = signal(false);
  /** Why the run cannot be read now. */
  fault = signal("");
  #stream: Stream | null = null;

  constructor(readonly id: string) {
    if (record !== null) {
      this.#add(record.rows as Rows);
      return;
    }
    const path = `/ui/runs/${encodeURIComponent(id)}/rows`;
    this.#stream = follow(path, (one) => this.told(one), (live) => (this.live.value = live));
  }

  close(): void {
    this.#stream?.close();
  }

  told(one: Told): void {
    if (one.event === "gone") this.gone.value = true;
    if (one.event === "start") this.#clear();
    if (one.event === "fault") this.fault.value = (one.data as { message: string }).message;
    if (one.event === "rows") this.#add((one.data as { rows: Rows }).rows);
  }

  #clear(): void {
    for (const kept of [this.nodes, this.calls, this.decisions, this.events, this.subruns]) kept.clear();
  }

  #add(rows: Rows): void {
    this.fault.value = "";
    for (const row of rows.node ?? []) {
      const node = readNode(row);
      this.nodes.set(node.id, node);
    }
    for (const row of rows.call ?? []) {
      const call = readCall(row);
      this.calls.set(`${call.key}#${call.attempt}`, call);
    }
    for (const one of rows.decision ?? []) this.decisions.set(one.key, one);
    for (const one of rows.event ?? []) this.events.set(one.id, one);
    for (const one of rows.subrun ?? []) this.subruns.set(one.id, one);
    if (rows.run?.[0]) this.run.value = rows.run[0];
    if (rows.node) this.nodeVersion.value += 1;
    if (rows.call) this.callVersion.value += 1;
    this.version.value += 1;
  }
}
