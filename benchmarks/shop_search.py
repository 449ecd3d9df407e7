"""Goals in examples/shop or examples/tracker, each checked by a query on the database of the branch's own world.

    python benchmarks/shop_search.py --policy lexical --seeds 5 --out benchmarks/shop_lexical.json
    python benchmarks/shop_search.py --site tracker --steps 30 --seeds 2 --out benchmarks/tracker_lexical.json \
        --methods restarts best_first mcts walk
    python benchmarks/web_report.py

`best_first_replay` goes back by replaying in a fresh world, the other searches by snapshot and a fork of the world.
The lexical policy judges pages too, by the words of the goal that its path has said; this judgement was written with
the shop at hand, so it shows what the machinery does, not how good an agent is. A file that is there already is
gone on with.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp
from miniwob_search import keep
from web_policies import NAMES, Policy

from branchwise import models
from branchwise.environments.browser.browser import Chrome, browser
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.session import BrowserSession
from branchwise.environments.protocol import Abilities, Environment, Session, Snapshot
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import RunHooks, browse
from branchwise.models.protocol import Model

SITES = Path(__file__).parents[1] / "examples"

SHARED = WebOptions(
    depth=7, max_pages=10_000, samples=20, value_samples=0, pick_actions=True, max_approvals=0
)
METHODS = {
    "rollout": replace(SHARED, strategy="best_of_n", knobs={"n": 1}),
    "restarts": replace(SHARED, strategy="best_of_n", knobs={"n": 1000}),
    "best_first_replay": SHARED,
    "best_first": SHARED,
    "mcts": replace(SHARED, strategy="mcts"),
    "walk": replace(SHARED, strategy="mcts", walk=True),
}


@dataclass(frozen=True, kw_only=True)
class Site:
    """A running shop or tracker."""

    url: str
    token: str

    async def reached(self, session: Session, goal: str) -> bool:
        """Whether a goal holds in the session's world, by the shop's own database."""
        assert isinstance(session, BrowserSession)
        headers = {"Authorization": f"Bearer {self.token}", "X-World": session.world or ""}
        where = f"{self.url}_worlds/goals"
        async with aiohttp.ClientSession(headers=headers) as http, http.get(where) as reply:
            return bool((await reply.json())[goal])


@asynccontextmanager
async def opened(name: str = "shop") -> AsyncIterator[Site]:
    """Start a site in a process of its own."""
    command = [sys.executable, str(SITES / name / f"{name}.py"), "--port", "0"]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    said = json.loads(await process.stdout.readline())
    try:
        yield Site(url=said["url"], token=said["token"])
    finally:
        process.terminate()
        await process.communicate()


class Replaying:
    """An environment whose sessions give no snapshots."""

    def __init__(self, inner: Chrome) -> None:
        self._inner, self.name = inner, inner.name
        self.abilities: Abilities = replace(inner.abilities, snapshots=False)
        self.restore, self.aclose = inner.restore, inner.aclose

    async def reset(self, *, seed: int = 0) -> Session:
        """Open a session at the start."""
        session = await self._inner.reset(seed=seed)

        async def none() -> Snapshot | None:
            return None

        session.snapshot = none  # type: ignore[method-assign]
        return session


async def measure(asked: dict[str, Any], rows: list[dict[str, Any]], out: Path) -> None:
    """Run what is not in `rows` yet; write after each goal."""
    known = {(row["task"], row["seed"], row["method"]) for row in rows}
    goals = importlib.import_module(f"{asked['site']}_world").GOALS
    inner = models.load("embedded") if asked["policy"] == "embedded" else None
    async with opened(asked["site"]) as site:
        for seed in range(asked["seeds"]):
            for goal in asked["goals"] or goals:
                todo = [method for method in asked["methods"] if (goal, seed, method) not in known]
                if todo:
                    rows += await _instance(site, goal, goals[goal], seed, {**asked, "methods": todo}, inner)
                    keep(out, asked, rows)
                    print(seed, goal, {r["method"]: r["solved"] for r in rows[-len(todo) :]}, flush=True)
    if inner is not None:
        await inner.aclose()


async def _instance(
    at: Site, goal: str, wanted: Any, seed: int, asked: dict[str, Any], inner: Model | None
) -> list[dict[str, Any]]:
    rows = []
    judges = asked["policy"] == "lexical"
    model = Policy(kind=asked["policy"], inner=inner, draws=asked["draws"], seed=f"{goal}{seed}")
    site = fork_endpoint(f"{at.url}_worlds", at.token)
    chrome = browser(at.url, phrases=wanted.phrases, site=site)
    # The first session starts the browser, which no method shall pay for.
    await (await chrome.reset()).aclose()

    async def check(session: Session) -> bool:
        return await at.reached(session, goal)

    with tempfile.TemporaryDirectory() as folder:
        for method in asked["methods"]:
            options = METHODS[method]
            environment: Environment = Replaying(chrome) if method == "best_first_replay" else chrome
            began = time.monotonic()
            result = await browse(
                wanted.asked,
                environment,
                model=model,
                options=replace(options, max_actions=asked["steps"], value_samples=10 if judges else 0),
                seed=seed,
                store=f"sqlite:///{folder}/runs.sqlite",
                hooks=RunHooks(check=check),
            )
            row = {"task": goal, "seed": seed, "method": method, "solved": result.solved}
            steps = {"steps": result.visited + result.replayed, "replayed": result.replayed}
            rows.append({**row, **steps, "seconds": round(time.monotonic() - began, 2)})
    await chrome.aclose()
    return rows


def main() -> None:
    """Measure and write the rows as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--policy", choices=NAMES, default="lexical")
    parser.add_argument("--site", choices=("shop", "tracker"), default="shop")
    parser.add_argument("--goals", nargs="*", default=[], help="by default all of the site")
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument(
        "--steps", type=int, default=60, help="actions executed at most, replayed ones included"
    )
    parser.add_argument("--draws", type=int, default=6, help="samples of the embedded model for one page")
    parser.add_argument("--out", type=Path, required=True)
    o = parser.parse_args()
    asked = {"policy": o.policy, "seeds": o.seeds, "steps": o.steps, "draws": o.draws}
    asked |= {"site": o.site, "goals": o.goals, "methods": o.methods}
    # A site is a folder of scripts.
    sys.path.insert(0, str(SITES / o.site))
    rows = json.loads(o.out.read_text(encoding="utf-8"))["rows"] if o.out.exists() else []
    asyncio.run(measure(asked, rows, o.out))


if __name__ == "__main__":
    main()
