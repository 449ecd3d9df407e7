// What a text changes in an earlier one, word by word or line by line; insertions and deletions are elements.
import { diffLines, diffWordsWithSpace } from "diff";

/** Above so many characters, or edits, whole lines are compared. */
const WORDS = 20_000;
const EDITS = 4_000;

export function Difference({ from, to }: { from: string; to: string }) {
  const words = from.length + to.length < WORDS ? diffWordsWithSpace(from, to, { maxEditLength: EDITS }) : undefined;
  const parts = words ?? diffLines(from, to, { maxEditLength: EDITS }) ?? [{ value: to, added: true, removed: false, count: 1 }];
  return (
    <pre class="difference">
      {parts.map((part, at) =>
        part.added ? <ins key={at}>{part.value}</ins> : part.removed ? <del key={at}>{part.value}</del> : <span key={at}>{part.value}</span>)}
    </pre>
  );
}
