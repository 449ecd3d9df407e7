// What is looked at, kept in the page's address so that it can be shared and gone back to. Never a key.
import { signal } from "@preact/signals";

export const address = signal(new URLSearchParams(location.search));

/** Change parts of the address; `null` removes one. */
export function go(changes: Record<string, string | null>, replace = false): void {
  const next = new URLSearchParams(address.value);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") next.delete(name);
    else next.set(name, value);
  }
  if (next.toString() === address.value.toString()) return;
  const url = next.size ? `?${next}` : location.pathname;
  keep(url, replace);
  address.value = next;
}

/** Leave the run for the list, or look at another run. */
export function open(run: string | null, more: Record<string, string> = {}): void {
  const kept = new URLSearchParams(run === null ? more : { run, ...more });
  keep(kept.size ? `?${kept}` : location.pathname, false);
  address.value = kept;
}

function keep(url: string, replace: boolean): void {
  try {
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
  } catch {
    // a page that was opened from disk has no history of its own
  }
}

addEventListener("popstate", () => {
  address.value = new URLSearchParams(location.search);
});
