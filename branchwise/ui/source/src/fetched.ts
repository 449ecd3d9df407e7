// Something fetched for what is looked at, and again when it may have changed.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, key, Refused } from "./api";

export interface Fetched<T> {
  value: T | null;
  fault: string;
}

/** Fetch a path; the old value stays until the new one is there. `changes` is any number that says so. */
export function useFetched<T>(path: string | null, changes: unknown = 0): Fetched<T> {
  const kept = useSignal<{ path: string | null; value: T | null; fault: string }>({ path, value: null, fault: "" });
  useEffect(() => {
    if (path === null) return;
    const stop = new AbortController();
    get<T>(path, stop.signal).then(
      (value) => (kept.value = { path, value, fault: "" }),
      (error: unknown) => {
        if (stop.signal.aborted) return;
        const fault = error instanceof Refused ? error.message : "The server does not answer.";
        kept.value = { path, value: null, fault };
      },
    );
    return () => stop.abort();
  }, [path, changes, key.value]);
  return kept.value.path === path ? kept.value : { value: null, fault: "" };
}

export function runPath(run: string, rest: string, query: Record<string, string> = {}): string {
  const asked = new URLSearchParams(query).toString();
  return `/ui/runs/${encodeURIComponent(run)}/${rest}${asked ? `?${asked}` : ""}`;
}
