// The command that does the same as an act of the page.
import { useSignal } from "@preact/signals";
import { quoted } from "./format";

export function CommandLine({ words }: { words: string[] }) {
  const copied = useSignal(false);
  const text = ["branchwise", ...words].map(quoted).join(" ");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      copied.value = true;
      setTimeout(() => (copied.value = false), 1500);
    } catch {
      // without the right to copy the text can still be selected
    }
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="link" onClick={() => void copy()}>{copied.value ? "copied" : "copy"}</button>
    </span>
  );
}
