// An act on a run: one request at a time, and what the server said to it.
import { signal } from "@preact/signals";
import { post, Refused, session } from "./api";

export interface Act<T> {
  busy: { value: boolean };
  said: { value: string };
  failed: { value: string };
  go: (path: string, body: unknown) => Promise<T | null>;
}

export function act<T>(): Act<T> {
  const busy = signal(false);
  const said = signal("");
  const failed = signal("");
  return {
    busy, said, failed,
    async go(path, body) {
      busy.value = true;
      said.value = failed.value = "";
      try {
        return await post<T>(path, body);
      } catch (error) {
        failed.value = error instanceof Refused ? error.message : "The server does not answer.";
        return null;
      } finally {
        busy.value = false;
      }
    },
  };
}

export function mayAct(): boolean {
  return session.value?.may_act === true;
}

export function runActs(run: string, name: string): string {
  return `/v1/runs/${encodeURIComponent(run)}/${name}`;
}
