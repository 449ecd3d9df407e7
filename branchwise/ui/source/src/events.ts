// Server-sent events over fetch, which can send a key; a lost stream is resumed where it was lost.
import { headers, locked } from "./api";

export interface Stream {
  close(): void;
}

export interface Told {
  event: string;
  data: unknown;
}

const FIRST_WAIT = 250;
const LONGEST_WAIT = 5000;

/** Follow a stream until it is closed; hidden pages let go of it and return to where they were. */
export function follow(path: string, told: (one: Told) => void, state: (live: boolean) => void): Stream {
  let last = "";
  let closed = false;
  let wait = FIRST_WAIT;
  let current = new AbortController();

  async function once(): Promise<boolean> {
    current = new AbortController();
    const sent = last ? { ...headers(), "last-event-id": last } : headers();
    const reply = await fetch(path, { headers: sent, signal: current.signal });
    if (reply.status === 401) locked.value = true;
    if (!reply.ok || reply.body === null) return reply.status >= 500;
    state(true);
    wait = FIRST_WAIT;
    const reader = reply.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return true;
      const parts = (rest + value).split("\n\n");
      rest = parts.pop() ?? "";
      for (const part of parts) {
        const one = parsed(part);
        if (one === null) continue;
        told(one);
        if (one.id) last = one.id;
        if (one.event === "gone") return false;
      }
    }
  }

  async function forever(): Promise<void> {
    while (!closed) {
      if (document.hidden) await shown();
      let again = true;
      try {
        again = await once();
      } catch {
        // lost, or let go of: try again
      }
      state(false);
      if (!again) return;
      await new Promise((done) => setTimeout(done, wait));
      wait = Math.min(LONGEST_WAIT, wait * 2);
    }
  }

  const hide = () => {
    if (document.hidden) current.abort();
  };
  document.addEventListener("visibilitychange", hide);
  void forever();
  return {
    close() {
      closed = true;
      current.abort();
      document.removeEventListener("visibilitychange", hide);
    },
  };
}

function shown(): Promise<void> {
  return new Promise((done) => {
    const look = () => {
      if (document.hidden) return;
      document.removeEventListener("visibilitychange", look);
      done();
    };
    document.addEventListener("visibilitychange", look);
  });
}

function parsed(part: string): (Told & { id: string }) | null {
  let id = "";
  let event = "message";
  const data: string[] = [];
  for (const line of part.split("\n")) {
    if (line.startsWith("id: ")) id = line.slice(4);
    else if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length ? { id, event, data: JSON.parse(data.join("\n")) } : null;
}
