// The record of a run within the page itself: an exported page answers its own requests from it.
import type { Visit } from "./page_view";

interface Attempt {
  key: string;
  attempt: number;
  state: string;
  kind: string;
  node: string | null;
  round: number | null;
  request: unknown;
  [name: string]: unknown;
}

interface Extra {
  text: string;
  answer: string | null;
  feedback: string;
  failed: string | null;
  verdicts: unknown[];
  judged: string[];
}

interface RunRecord {
  rows: { node?: unknown[][]; [kind: string]: unknown };
  nodes: Record<string, Extra>;
  calls: Attempt[];
  texts: Record<string, string>;
  pages: Record<string, Visit>;
  pictures: Record<string, string>;
}

const held = document.getElementById("record")?.textContent;
/** The record, in an exported page; null in the live one. */
export const record: RunRecord | null = held ? (JSON.parse(held) as RunRecord) : null;

/** Answer a request of the page from the record. */
export function fromRecord(kept: RunRecord, path: string): unknown {
  const [place, asked] = parts(path);
  if (place.endsWith("/node")) return nodeOf(kept, asked.get("id") ?? "");
  if (place.endsWith("/call")) return { attempts: callOf(kept, asked.get("key") ?? "") };
  return null;
}

export function pictureOf(kept: RunRecord, path: string): string | null {
  return kept.pictures[parts(path)[1].get("node") ?? ""] ?? null;
}

function parts(path: string): [string, URLSearchParams] {
  const at = path.indexOf("?");
  return at < 0 ? [path, new URLSearchParams()] : [path.slice(0, at), new URLSearchParams(path.slice(at))];
}

/** The run that the record is of. */
export function recordedRun(kept: RunRecord): string {
  return (kept.rows.run as { id: string }[])[0]!.id;
}

function nodeOf(kept: RunRecord, id: string): unknown {
  const rows = new Map((kept.rows.node ?? []).map((row) => [row[0] as string, row]));
  const row = rows.get(id);
  const extra = kept.nodes[id];
  if (!row || !extra) return null;
  const path: { id: string; text: string; complete: boolean }[] = [];
  for (let at = rows.get(row[1] as string); at; at = rows.get(at[1] as string)) {
    path.unshift({ id: at[0] as string, text: kept.nodes[at[0] as string]?.text ?? "", complete: Boolean(at[7]) });
  }
  return {
    ...extra, id, path, parent: row[1], round: row[4], strategy: row[5], state: row[6], complete: Boolean(row[7]),
    accepted: Boolean(row[8]), score: row[9], verified_by: row[10], tokens: row[11], logprob: row[12], duplicate_of: row[13],
    calls: about(kept, id, row, extra), pages: pagesOf(kept, id), parent_pages: pagesOf(kept, String(row[1])),
  };
}

function about(kept: RunRecord, id: string, row: unknown[], extra: Extra): unknown[] {
  const judged = new Set(extra.judged);
  return kept.calls.flatMap((call) => {
    const why = judged.has(call.key) ? "judged it"
      : call.node === row[1] && call.round === row[4] ? "proposed it"
      : call.node === id || call.key.startsWith(`w/${id}/`) ? "about it" : "";
    return why ? [{ key: call.key, attempt: call.attempt, state: call.state, kind: call.kind, why }] : [];
  });
}

function pagesOf(kept: RunRecord, id: string): Record<string, Visit> {
  const found: Record<string, Visit> = {};
  for (const kind of ["arrival", "offer", "commit", "value"]) {
    const page = kept.pages[`${kind}/${id}`];
    if (page) found[kind] = page;
  }
  return found;
}

function callOf(kept: RunRecord, key: string): unknown[] {
  return kept.calls.filter((call) => call.key === key).map((call) => ({ ...call, request: putBack(call.request, kept.texts) }));
}

/** Requests name their long texts, which they share. */
function putBack(value: unknown, texts: Record<string, string>): unknown {
  if (Array.isArray(value)) return value.map((one) => putBack(one, texts));
  if (value === null || typeof value !== "object") return value;
  const named = (value as Record<string, unknown>).$text;
  if (typeof named === "string" && Object.keys(value).length === 1) return texts[named] ?? value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, putBack(one, texts)]));
}
