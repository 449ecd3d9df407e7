// The least page that draws the same tree: d3-hierarchy, d3-zoom and a canvas; what benchmarks/ui_speed.py compares with.
import { hierarchy, type HierarchyPointNode, tree } from "d3-hierarchy";
import { select } from "d3-selection";
import { zoom, zoomIdentity, type ZoomTransform } from "d3-zoom";

interface Item {
  id: string;
  score: number;
  children: Item[];
}

const rows = (await (await fetch("/bare/nodes.json")).json()) as [string, string | null, number][];
const items = new Map<string, Item>();
for (const [id, , score] of rows) items.set(id, { id, score, children: [] });
for (const [id, parent] of rows) if (parent !== null) items.get(parent)!.children.push(items.get(id)!);
const laid = tree<Item>().nodeSize([22, 190])(hierarchy(items.get("0")!));
const nodes: HierarchyPointNode<Item>[] = laid.descendants();
const canvas = document.querySelector("canvas")!;
const context = canvas.getContext("2d")!;
canvas.width = innerWidth;
canvas.height = innerHeight;
let view: ZoomTransform = zoomIdentity;

function draw(): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(view.k, 0, 0, view.k, view.x, view.y);
  context.lineWidth = 1 / view.k;
  context.strokeStyle = "#aab2bd";
  context.beginPath();
  for (const node of nodes) {
    if (!node.parent) continue;
    context.moveTo(node.parent.y, node.parent.x);
    context.lineTo(node.y, node.x);
  }
  context.stroke();
  for (const node of nodes) {
    context.fillStyle = node.data.score > 0.5 ? "#1b7837" : "#b2182b";
    context.beginPath();
    context.arc(node.y, node.x, 5, 0, 7);
    context.fill();
  }
  canvas.dataset.nodes = String(nodes.length);
}

const zooming = zoom<HTMLCanvasElement, unknown>().scaleExtent([0.001, 3]).on("zoom", (event: { transform: ZoomTransform }) => {
  view = event.transform;
  requestAnimationFrame(draw);
});
const [top, bottom] = [Math.min(...nodes.map((one) => one.x)), Math.max(...nodes.map((one) => one.x))];
const k = Math.min(1, innerHeight / (bottom - top));
select(canvas).call(zooming).call(zooming.transform, zoomIdentity.translate(30, innerHeight / 2 - ((top + bottom) / 2) * k).scale(k));
