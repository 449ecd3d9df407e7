// The status of a run as a word with a sign: never by colour alone.

const SIGNS: Record<string, string> = {
  queued: "…", running: "▶", paused: "❚❚", waiting: "?", done: "✓", failed: "✗", cancelled: "–",
};

export function Status({ status }: { status: string }) {
  return (
    <span class={`status ${status}`}>
      <span aria-hidden="true">{SIGNS[status] ?? "·"}</span> {status}
    </span>
  );
}
