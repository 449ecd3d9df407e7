// Rows of a run as the server sends them; the order of the columns is that of branchwise/ui/run_rows.py.

export interface Node {
  id: string;
  parent: string | null;
  ord: number;
  depth: number;
  round: number;
  strategy: string;
  state: string;
  complete: boolean;
  accepted: boolean;
  score: number | null;
  verifiedBy: string;
  tokens: number;
  logprob: number | null;
  duplicateOf: string | null;
  dead: boolean;
  label: string;
}

export interface Call {
  key: string;
  attempt: number;
  state: string;
  kind: string;
  model: string;
  strategy: string;
  round: number | null;
  node: string | null;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  seconds: number;
  cost: number;
  unpriced: boolean;
  estimated: boolean;
  started: number;
  ended: number | null;
  error: string | null;
}

export interface Decision {
  key: string;
  ord: number;
  kind: string;
  payload: unknown;
}

export interface RunEvent {
  id: number;
  kind: string;
  data: unknown;
  at: number;
}

export interface Subrun {
  id: string;
  status: string;
  workflow: string | null;
  strategy: string;
  parent: string;
  created: number;
  tokens: number;
  cost: number | null;
  calls: number;
}

export interface Question {
  key: string;
  question: unknown;
  schema: Record<string, unknown> | null;
  deadline: number | null;
}

export interface Run {
  id: string;
  status: string;
  task: string;
  strategy: string;
  model: string;
  seed: number;
  workflow: string | null;
  parent: string | null;
  forked_from: string | null;
  forked_at: string | null;
  spec: Record<string, unknown>;
  result: Record<string, unknown> | null;
  error: string | null;
  created: number;
  finished: number | null;
  elapsed: number;
  epoch: number;
  queue: string | null;
}

type Row = [
  string, string | null, number, number, number, string, string, unknown, unknown, number | null, string, number,
  number | null, string | null, boolean, string,
];

export function readNode(row: unknown): Node {
  const r = row as Row;
  return {
    id: r[0], parent: r[1], ord: r[2], depth: r[3], round: r[4], strategy: r[5], state: r[6],
    complete: Boolean(r[7]), accepted: Boolean(r[8]), score: r[9], verifiedBy: r[10], tokens: r[11],
    logprob: r[12], duplicateOf: r[13], dead: r[14], label: r[15],
  };
}

type CallRow = [
  string, number, string, string, string, string, number | null, string | null, number, number, number, number,
  number, number, number, number, number | null, string | null,
];

export function readCall(row: unknown): Call {
  const r = row as CallRow;
  return {
    key: r[0], attempt: r[1], state: r[2], kind: r[3], model: r[4], strategy: r[5], round: r[6], node: r[7],
    promptTokens: r[8], cachedTokens: r[9], completionTokens: r[10], seconds: r[11], cost: r[12],
    unpriced: Boolean(r[13]), estimated: Boolean(r[14]), started: r[15], ended: r[16], error: r[17],
  };
}

/** Tokens that a budget counts. */
export function tokensOf(call: Call): number {
  return call.promptTokens - call.cachedTokens + call.completionTokens;
}

export function isSearch(run: Run): boolean {
  return run.workflow === null || run.workflow === "solve" || run.workflow === "web";
}
