"""Speed of the live page beside a bare d3 canvas page, in the same headless Chromium.

    python benchmarks/ui_speed.py [--out benchmarks/ui_speed.md]

Both draw the same tree of 5,000 nodes; needs Node, for the bare page. First paint is the time from the navigation until
a canvas with the whole tree (for the live page: with what it opens with) was drawn; a frame is the time from a
turn of the wheel until a pixel can be read, which takes two animation frames (33 ms) at least.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import tempfile
from pathlib import Path

from playwright.async_api import Page, async_playwright
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from branchwise.environments.browser.chromium import chromium, flags
from branchwise.server.choice import Defaults
from branchwise.server.listen import listening
from branchwise.server.serving import ServerSettings
from branchwise.server.viewing import viewer
from branchwise.store.records import Node, VerifiedBy
from branchwise.store.store import Store

SOURCE = Path(__file__).parents[1] / "branchwise/ui/source"
LOADS, FRAMES = 5, 60
WATCH = """
window.painted = new Promise(done => {
  const look = () => {
    const canvas = document.querySelector("canvas");
    if (Number(canvas?.dataset.nodes ?? 0) > 100) done(performance.now());
    else requestAnimationFrame(look);
  };
  look();
});
"""
ZOOM = """
async frames => {
  const canvas = document.querySelector("canvas");
  const box = canvas.getBoundingClientRect();
  const at = { clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, cancelable: true };
  const times = [];
  let last = performance.now();
  for (let frame = 0; frame < frames; frame++) {
    canvas.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: frame % 20 < 10 ? -40 : 40 }));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    canvas.getContext("2d").getImageData(0, 0, 1, 1);  // waits until it is drawn
    const now = performance.now();
    times.push(now - last);
    last = now;
  }
  return times.slice(5);
}
"""


def grown(count: int, seed: int = 7) -> list[Node]:
    """A tree of that many nodes, about four children each."""
    rng, nodes = random.Random(seed), [Node(id="0", parent=None)]
    children = {"0": 0}
    while len(nodes) < count:
        parent = (
            nodes[rng.randrange(max(0, len(nodes) // 4 - 2), len(nodes))] if rng.random() < 0.9 else nodes[0]
        )
        if children[parent.id] >= 6:
            continue
        name = f"{parent.id}.{children[parent.id]}"
        children[parent.id] += 1
        children[name] = 0
        nodes.append(
            Node(
                id=name,
                parent=parent.id,
                depth=parent.depth + 1,
                text=f"Step {len(nodes)}: move the red block onto the blue one, then look again.",
                score=rng.random(),
                verified_by=VerifiedBy.MODEL,
            )
        )
    return nodes


async def stored(url: str, nodes: list[Node]) -> str:
    """Store a finished run with these nodes."""
    async with Store.opened(url) as store:
        run = await store.create_run(task="text", strategy="mcts", model="none", spec={"problem": "p"})
        lease = await store.claim(run.id)
        for start in range(0, len(nodes), 1000):
            await store.add_nodes(lease, nodes[start : start + 1000])
        await store.finish(lease, {"answer": "x"})
        return run.id


async def measured(page: Page, url: str, *, unfold: bool = False) -> dict[str, float]:
    """First paint and frames of a page."""
    paints = []
    for _ in range(LOADS):
        await page.goto(url)
        paints.append(await page.evaluate("window.painted"))
    if unfold:
        await page.get_by_role("button", name="Unfold").click()
        await page.wait_for_timeout(1500)
    frames: list[float] = await page.evaluate(ZOOM, FRAMES)
    drawn = await page.evaluate("Number(document.querySelector('canvas').dataset.nodes)")
    return {
        "drawn": drawn,
        "first paint ms": round(statistics.median(paints)),
        "frame ms, median": round(statistics.median(frames), 1),
        "frame ms, p95": round(statistics.quantiles(frames, n=20)[-1], 1),
    }


def built(folder: Path) -> Path:
    """Build the bare page."""
    command = ["node_modules/.bin/vite", "build", "--config", "bare/vite.config.ts", "--base", "/bare/"]
    subprocess.run([*command, "--outDir", str(folder)], cwd=SOURCE, check=True, capture_output=True)
    return folder


def served(folder: Path, nodes: list[Node]) -> dict[str, tuple[bytes, str]]:
    """The files of the bare page, and its nodes."""
    kinds = {".html": "text/html", ".js": "text/javascript"}
    files = {path.name: (path.read_bytes(), kinds[path.suffix]) for path in folder.iterdir()}
    rows = json.dumps([[node.id, node.parent, node.score or 0] for node in nodes])
    return {**files, "nodes.json": (rows.encode(), "application/json")}


async def measure(folder: Path) -> dict[str, dict[str, float]]:
    """Measure both pages."""
    url = f"sqlite:///{folder}/runs.sqlite"
    trees = {count: grown(count) for count in (5_000, 50_000)}
    ids = {count: await stored(url, nodes) for count, nodes in trees.items()}
    files = served(built(folder / "bare"), trees[5_000])

    async def bare(request: Request) -> Response:
        body, kind = files[request.path_params["name"]]
        return Response(body, media_type=kind)

    app = viewer(ServerSettings(defaults=Defaults(model=""), store=url))
    app.router.routes.insert(0, Route("/bare/{name}", bare))
    async with listening(app) as at, async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=flags())
        page = await browser.new_page(viewport={"width": 1300, "height": 800})
        await page.add_init_script(WATCH)
        small, large = f"{at}/?run={ids[5_000]}", f"{at}/?run={ids[50_000]}"
        found = {
            "bare d3 canvas, 5,000 nodes": await measured(page, f"{at}/bare/index.html"),
            "live page, 5,000 nodes, as it opens": await measured(page, small),
            "live page, 5,000 nodes, all unfolded": await measured(page, small, unfold=True),
            "live page, 50,000 nodes, as it opens": await measured(page, large),
        }
        await browser.close()
    return found


def table(found: dict[str, dict[str, float]]) -> str:
    """The measurements as Markdown."""
    names = list(next(iter(found.values())))
    lines = ["| page | " + " | ".join(names) + " |", "|---|" + "---|" * len(names)]
    lines += [
        f"| {page} | " + " | ".join(f"{row[one]:,}" for one in names) + " |" for page, row in found.items()
    ]
    head = (
        "# Speed of the live page\n`python benchmarks/ui_speed.py`; headless Chromium, drawing in software."
    )
    return "\n".join([head, "", *lines, ""])


def main(out: Path | None) -> None:
    """Measure, print, and write the table."""
    with tempfile.TemporaryDirectory() as folder:
        text = table(asyncio.run(measure(Path(folder))))
    print(text)
    if out is not None:
        out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path)
    main(parser.parse_args().out)
