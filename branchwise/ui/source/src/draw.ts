// Draw a placed tree on a canvas: colour is the score, shape is who verified, a ring is acceptance, a cross is death.
import { type Colours, colourOf } from "./colours";
import type { Placed } from "./layout";

export interface View {
  x: number;
  y: number;
  k: number;
}

const RADIUS = 5;
const LABELS_FROM = 0.62;
const SHAPES_FROM = 0.35;
const LABEL = 26;

export interface Scene {
  placed: Placed[];
  path: ReadonlySet<string>;
  chosen: string | null;
  hits: ReadonlySet<string>;
}

export function draw(canvas: HTMLCanvasElement, scene: Scene, view: View, all: Colours): void {
  const context = canvas.getContext("2d")!;
  const ratio = devicePixelRatio || 1;
  const width = canvas.width / ratio;
  const height = canvas.height / ratio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.x, ratio * view.y);
  const left = -view.x / view.k - 200;
  const right = (width - view.x) / view.k + 20;
  const top = -view.y / view.k - 20;
  const bottom = (height - view.y) / view.k + 20;
  edges(context, scene, all, view.k, left, right, top, bottom);
  const near = scene.placed.filter((p) => p.x > left && p.x < right && p.y > top && p.y < bottom);
  if (view.k < SHAPES_FROM) dots(context, near, all, view.k);
  else for (const one of near) shape(context, one, all, view.k);
  for (const one of near) {
    if (one.item.id === scene.chosen) ring(context, one, all.mark, 10 / Math.min(1, view.k * 1.5), 3 / view.k);
    else if (scene.hits.has(one.item.id)) ring(context, one, all.mark, 8, 1.5 / view.k);
  }
  if (view.k >= LABELS_FROM) labels(context, near, scene, all);
}

function edges(
  context: CanvasRenderingContext2D, scene: Scene, all: Colours, k: number,
  left: number, right: number, top: number, bottom: number,
): void {
  context.lineWidth = 1 / k;
  context.strokeStyle = all.edge;
  context.beginPath();
  const best: Placed[] = [];
  for (const one of scene.placed) {
    const from = one.parent;
    if (from === null) continue;
    if (from.x > right || one.x < left || Math.max(one.y, from.y) < top || Math.min(one.y, from.y) > bottom) continue;
    if (scene.path.has(one.item.id)) best.push(one);
    else curve(context, from, one, k);
  }
  context.stroke();
  if (!best.length) return;
  context.lineWidth = 2.5 / k;
  context.strokeStyle = all.path;
  context.beginPath();
  for (const one of best) curve(context, one.parent!, one, k);
  context.stroke();
}

function curve(context: CanvasRenderingContext2D, from: Placed, to: Placed, k: number): void {
  context.moveTo(from.x, from.y);
  if (k < SHAPES_FROM) {
    context.lineTo(to.x, to.y);
    return;
  }
  const middle = (from.x + to.x) / 2;
  context.bezierCurveTo(middle, from.y, middle, to.y, to.x - RADIUS, to.y);
}

/** Far away a node is a square of its colour; squares of one colour are one stroke of the pen. */
function dots(context: CanvasRenderingContext2D, near: Placed[], all: Colours, k: number): void {
  const by = new Map<string, Placed[]>();
  for (const one of near) {
    const colour = one.item.node?.dead ? all.bad : colourOf(one.item.node?.score ?? null, all);
    const same = by.get(colour);
    if (same) same.push(one);
    else by.set(colour, [one]);
  }
  const size = Math.max(6, 2.5 / k);
  for (const [colour, some] of by) {
    context.fillStyle = colour;
    context.beginPath();
    for (const one of some) context.rect(one.x - size / 2, one.y - size / 2, size, size);
    context.fill();
  }
}

function shape(context: CanvasRenderingContext2D, one: Placed, all: Colours, k: number): void {
  const node = one.item.node;
  const colour = colourOf(node?.score ?? null, all);
  context.globalAlpha = node?.duplicateOf ? 0.45 : 1;
  context.lineWidth = 1.5;
  context.strokeStyle = context.fillStyle = colour;
  context.beginPath();
  if (node?.dead) cross(context, one, all.bad);
  else if (node?.verifiedBy === "model") diamond(context, one, 6.5);
  else context.arc(one.x, one.y, RADIUS, 0, 7);
  if (!node?.dead) {
    if (node && node.verifiedBy !== "none") context.fill();
    else {
      context.fillStyle = all.page;
      context.fill();
      context.stroke();
    }
  }
  context.globalAlpha = 1;
  if (node?.accepted) ring(context, one, all.good, 9, 2);
  if (one.folded || one.left) more(context, one, all, k);
}

function diamond(context: CanvasRenderingContext2D, one: Placed, r: number): void {
  context.moveTo(one.x - r, one.y);
  context.lineTo(one.x, one.y - r);
  context.lineTo(one.x + r, one.y);
  context.lineTo(one.x, one.y + r);
  context.closePath();
}

function cross(context: CanvasRenderingContext2D, one: Placed, colour: string): void {
  context.strokeStyle = colour;
  context.lineWidth = 2;
  context.moveTo(one.x - 4, one.y - 4);
  context.lineTo(one.x + 4, one.y + 4);
  context.moveTo(one.x + 4, one.y - 4);
  context.lineTo(one.x - 4, one.y + 4);
  context.stroke();
}

function ring(context: CanvasRenderingContext2D, one: Placed, colour: string, radius: number, width: number): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.arc(one.x, one.y, radius, 0, 7);
  context.stroke();
}

function more(context: CanvasRenderingContext2D, one: Placed, all: Colours, k: number): void {
  if (k < 0.5) return;
  context.fillStyle = all.dim;
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  context.fillText(`+${one.folded || one.left}`, one.x - 10, one.y);
}

function labels(context: CanvasRenderingContext2D, near: Placed[], scene: Scene, all: Colours): void {
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineWidth = 4;
  context.strokeStyle = all.page;
  for (const one of near) {
    const node = one.item.node;
    const text = one.item.id === "0" ? "start" : (node?.label ?? one.item.id);
    const shown = text.replace(/\s+/g, " ").trim() || "(empty)";
    context.fillStyle = scene.path.has(one.item.id) || one.item.id === scene.chosen ? all.text : all.dim;
    const cut = shown.length > LABEL ? `${shown.slice(0, LABEL - 1)}…` : shown;
    const said = node?.score == null ? cut : `${node.score.toFixed(2)}  ${cut}`;
    context.strokeText(said, one.x + 12, one.y);
    context.fillText(said, one.x + 12, one.y);
  }
}
