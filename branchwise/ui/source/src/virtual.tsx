// A list of which only the visible rows are in the document.
import type { ComponentChildren, HTMLAttributes } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

const SPARE = 8;

interface Props<T> {
  items: readonly T[];
  height: number;
  row: (item: T, index: number) => ComponentChildren;
  /** The row that must be visible. */
  show?: number;
  /** Attributes of the element that scrolls. */
  box?: HTMLAttributes<HTMLDivElement>;
}

export function Virtual<T>({ items, height, row, show, box: more }: Props<T>) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [tall, setTall] = useState(600);
  useEffect(() => {
    const watcher = new ResizeObserver(() => setTall(box.current?.clientHeight ?? 600));
    watcher.observe(box.current!);
    return () => watcher.disconnect();
  }, []);
  useEffect(() => {
    const at = box.current!;
    if (show === undefined || show < 0) return;
    const from = show * height;
    if (from < at.scrollTop) at.scrollTop = from;
    else if (from + height > at.scrollTop + at.clientHeight) at.scrollTop = from + height - at.clientHeight;
  }, [show, height, tall]);
  const first = Math.max(0, Math.floor(top / height) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + tall) / height) + SPARE);
  const shown = items.slice(first, last);
  return (
    <div {...more} class="virtual" ref={box} onScroll={() => setTop(box.current!.scrollTop)}>
      <div role="presentation" style={{ height: `${items.length * height}px`, position: "relative" }}>
        <div role="presentation" style={{ position: "absolute", top: `${first * height}px`, left: "0", right: "0" }}>
          {shown.map((item, index) => row(item, first + index))}
        </div>
      </div>
    </div>
  );
}
