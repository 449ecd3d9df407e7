// The tree on a canvas: drag, zoom, click. Its outline says the same to a keyboard and a screen reader.
import { effect } from "@preact/signals";
import { select } from "d3-selection";
import { zoom, type ZoomBehavior, zoomIdentity, type ZoomTransform } from "d3-zoom";
import { useEffect, useRef } from "preact/hooks";
import { colours } from "./colours";
import { draw } from "./draw";
import type { Placed } from "./layout";
import { Legend } from "./legend";
import type { TreeState } from "./tree_state";

const REACH = 12;
const SMALLEST = 0.001;
const LARGEST = 3;
/** Height of the legend at the bottom. */
const LEGEND = 28;

export function TreeCanvas({ tree }: { tree: TreeState }) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => hang(box.current!, canvas.current!, tree), [tree]);
  return (
    <div class="canvas" ref={box}>
      <canvas ref={canvas} aria-hidden="true" />
      <Legend search={tree.search.value} />
    </div>
  );
}

function hang(box: HTMLDivElement, canvas: HTMLCanvasElement, tree: TreeState): () => void {
  let view: ZoomTransform = zoomIdentity;
  let asked = 0;
  let own = false;
  let palette = colours(box);
  const paint = () => {
    asked = 0;
    const scene = {
      placed: tree.placed.value, path: tree.path.value, chosen: tree.shown.value, hits: tree.hits.value,
    };
    draw(canvas, scene, view, palette);
    canvas.dataset.nodes = String(scene.placed.length);
  };
  const ask = () => {
    if (!asked) asked = requestAnimationFrame(paint);
  };
  const zooming: ZoomBehavior<HTMLCanvasElement, unknown> = zoom<HTMLCanvasElement, unknown>()
    .scaleExtent([SMALLEST, LARGEST])
    .on("zoom", (event: { transform: ZoomTransform; sourceEvent: unknown }) => {
      view = event.transform;
      if (event.sourceEvent) own = true;
      ask();
    });
  const on = select(canvas).call(zooming).on("dblclick.zoom", null);
  const size = () => {
    const ratio = devicePixelRatio || 1;
    canvas.width = Math.round(box.clientWidth * ratio);
    canvas.height = Math.round(box.clientHeight * ratio);
    if (box.clientHeight > 50) tree.aspect.value = Math.round((10 * box.clientWidth) / box.clientHeight) / 10;
    if (!own) fit();
    ask();
  };
  const fit = () => {
    const to = fitted(tree.placed.value, box.clientWidth, box.clientHeight);
    on.call(zooming.transform, to);
  };
  const clicked = (event: MouseEvent) => {
    const [x, y] = view.invert([event.offsetX, event.offsetY]);
    const found = nearest(tree.placed.value, x, y, Math.max(REACH, REACH / view.k));
    if (!found) return;
    if (event.type === "dblclick") {
      if (found.left) tree.widen(found.item.id);
      else if (found.item.children.length) tree.fold(found.item.id, !found.folded);
    } else tree.choose(found.item.id);
  };
  canvas.addEventListener("click", clicked);
  canvas.addEventListener("dblclick", clicked);
  const stopCentring = effect(() => {
    const found = tree.placed.value.find((one) => one.item.id === tree.centred.value);
    if (!found) return;
    const [x, y] = view.apply([found.x, found.y]);
    const inside = x > 20 && y > 20 && x < box.clientWidth - 120 && y < box.clientHeight - 20;
    if (!inside) on.call(zooming.translateTo, found.x, found.y);
  });
  let zoomed = tree.zooms.peek();
  const stopZooming = effect(() => {
    const by = tree.zooms.value - zoomed;
    zoomed = tree.zooms.value;
    if (!by) return;
    own = true;
    const held = tree.placed.value.find((one) => one.item.id === tree.shown.value);
    const [x, y] = held ? view.apply([held.x, held.y]) : [-1, -1];
    const seen = x >= 0 && y >= 0 && x <= box.clientWidth && y <= box.clientHeight;
    on.call(zooming.scaleBy, 1.5 ** by, seen ? [x, y] : undefined);
  });
  const stopFitting = effect(() => {
    if (!tree.fits.value) return;
    own = false;
    fit();
  });
  const watcher = new ResizeObserver(size);
  watcher.observe(box);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const recolour = () => {
    palette = colours(box);
    ask();
  };
  dark.addEventListener("change", recolour);
  const stop = effect(() => {
    tree.placed.value;
    tree.path.value;
    tree.shown.value;
    tree.hits.value;
    if (!own && box.clientWidth) fit();
    ask();
  });
  return () => {
    stop();
    stopCentring();
    stopFitting();
    stopZooming();
    watcher.disconnect();
    dark.removeEventListener("change", recolour);
    cancelAnimationFrame(asked);
  };
}

/** The view that shows the whole tree, or as much of it as can be read. */
function fitted(placed: Placed[], width: number, height: number): ZoomTransform {
  let right = 1;
  let top = 0;
  let bottom = 0;
  for (const one of placed) {
    right = Math.max(right, one.x);
    top = Math.min(top, one.y);
    bottom = Math.max(bottom, one.y);
  }
  const high = Math.max(60, height - LEGEND);
  const k = Math.min(1, (width - 60) / (right + 190), (high - 40) / (bottom - top + 1));
  const scale = Math.max(SMALLEST, k);
  return zoomIdentity.translate(30, high / 2 - ((top + bottom) / 2) * scale).scale(scale);
}

function nearest(placed: Placed[], x: number, y: number, reach: number): Placed | null {
  let found: Placed | null = null;
  let best = reach * reach;
  for (const one of placed) {
    const away = (one.x - x) ** 2 + (one.y - y) ** 2;
    if (away < best) {
      best = away;
      found = one;
    }
    // A label is as good as its node.
    if (found === null && Math.abs(one.y - y) < 9 && x > one.x && x < one.x + 170) found = one;
  }
  return found;
}
