// The key: asked for, kept in memory, sent as a header.
import { useSignal } from "@preact/signals";
import { key, locked, session, signIn } from "./api";

export function SignIn() {
  const typed = useSignal("");
  const said = useSignal("");
  const enter = async (event: Event) => {
    event.preventDefault();
    key.value = typed.value.trim();
    await signIn();
    said.value = session.value === null ? "This key does not open this server." : "";
    if (session.value === null) key.value = "";
    typed.value = "";
  };
  const leave = () => {
    key.value = "";
    void signIn();
  };
  if (session.value?.may_act) {
    return (
      <div class="key">
        <span class="dim">{session.value.key ? `key ${session.value.key}` : "operator"}</span>
        <button type="button" onClick={leave}>Forget the key</button>
      </div>
    );
  }
  return (
    <form class="key" onSubmit={(event) => void enter(event)}>
      <label>
        {locked.value ? "This server wants a key" : "Read-only without a key"}
        <input
          type="password" autocomplete="off" value={typed.value} placeholder="bw-..." name="key"
          onInput={(event) => (typed.value = event.currentTarget.value)}
        />
      </label>
      <button type="submit">Use</button>
      {said.value && <span class="bad" role="alert">{said.value}</span>}
    </form>
  );
}
