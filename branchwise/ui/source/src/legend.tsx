// What the signs of the tree mean.

export function Legend({ search }: { search: boolean }) {
  if (!search) {
    return <p class="signs"><span>● done</span><span>○ a place, or open</span><span class="bad">✕ failed</span></p>;
  }
  return (
    <p class="signs">
      <span><i class="ramp" aria-hidden="true" /> score 0 to 1</span>
      <span>● checked by a program</span>
      <span>◆ judged by a model</span>
      <span>○ not judged</span>
      <span class="good">◎ accepted</span>
      <span class="bad">✕ dead</span>
    </p>
  );
}
