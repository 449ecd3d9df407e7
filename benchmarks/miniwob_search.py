"""One rollout, random restarts, best-first search, MCTS and walks on MiniWoB++ at equal environment steps.

    POLICY=uniform                        # then lexical
    python benchmarks/miniwob_search.py --every --policy $POLICY --out benchmarks/miniwob_every_$POLICY.json
    python benchmarks/miniwob_search.py --every 20 --seeds 2 --policy embedded --out .../miniwob_every_embedded.json
    python benchmarks/web_report.py

Every method is a strategy of `branchwise web` and runs through `browse`, store and ledger included. The reward is
the task's own and ends a search, so this measures searching, not judging; no value model is asked. Every executed
action counts, replayed ones too. A file that is there already is gone on with. A run that fails, or takes longer than
`--seconds`, is unsolved, and its row says why.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import math
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from playwright.async_api import Error
from web_policies import NAMES, Policy

from branchwise import models
from branchwise.environments.miniwob import miniwob, names
from branchwise.environments.protocol import Environment
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.models.protocol import Model
from branchwise.store.errors import BranchwiseError

TASKS = (
    *("click-test", "click-button", "click-link", "click-dialog-2", "click-checkboxes", "click-tab-2"),
    *("click-collapsible-2", "enter-text", "choose-list", "click-option", "navigate-tree", "login-user"),
)
SHARED = WebOptions(
    depth=6,
    max_pages=10_000,
    samples=20,
    value_samples=0,
    pick_actions=True,
    max_approvals=0,
    knobs={"branching": 5},
)
METHODS = {
    "rollout": replace(SHARED, strategy="best_of_n", knobs={"n": 1}),
    "restarts": replace(SHARED, strategy="best_of_n", knobs={"n": 1000}),
    "best_first": SHARED,
    "mcts": replace(SHARED, strategy="mcts"),
    "walk": replace(SHARED, strategy="mcts", walk=True, knobs={}),
}


async def measure(asked: dict[str, Any], rows: list[dict[str, Any]], out: Path) -> None:
    """Run what is not in `rows` yet: all methods on all tasks, seed after seed; write after each."""
    inner = models.load("embedded") if asked["policy"] == "embedded" else None
    for seed in range(asked["seeds"]):
        for task in asked["tasks"]:
            known = {row["method"] for row in rows if (row["task"], row["seed"]) == (task, seed)}
            todo = [method for method in asked["methods"] if method not in known]
            if todo:
                rows += await _instance(task, seed, asked, todo, inner)
                keep(out, asked, rows)
                print(seed, task, {row["method"]: row["solved"] for row in rows[-len(todo) :]}, flush=True)
    if inner is not None:
        await inner.aclose()


def keep(out: Path, asked: dict[str, Any], rows: list[dict[str, Any]]) -> None:
    """Write what was measured so far, one row a line."""
    lines = ",\n".join(json.dumps(row) for row in rows)
    out.write_text(f'{{"asked": {json.dumps(asked)},\n"rows": [\n{lines}\n]}}\n', encoding="utf-8")


async def _instance(
    task: str, seed: int, asked: dict[str, Any], methods: list[str], inner: Model | None
) -> list[dict[str, Any]]:
    rows = []
    model = Policy(kind=asked["policy"], inner=inner, draws=asked["draws"], seed=f"{task}{seed}")
    environment = miniwob(task)
    with tempfile.TemporaryDirectory() as folder:
        for method in methods:
            options = replace(METHODS[method], max_actions=asked["steps"], prior_actions=asked["prior"])
            found = await _run(environment, seed, asked["seconds"], model, options, folder)
            rows.append({"task": task, "seed": seed, "method": method, **found})
            if "failed" in found:
                # A page that hangs shall stop no other run.
                await _closed(environment)
                environment = miniwob(task)
    await _closed(environment)
    return rows


async def _run(
    environment: Environment, seed: int, seconds: float, model: Policy, options: WebOptions, folder: str
) -> dict[str, Any]:
    began = time.monotonic()
    found: dict[str, Any] = {"solved": False, "steps": 0, "replayed": 0}
    try:
        async with asyncio.timeout(seconds):
            # The first session starts the browser, which no method shall pay for.
            await (await environment.reset(seed=seed)).aclose()
            began = time.monotonic()
            result = await browse(
                "",
                environment,
                model=model,
                options=options,
                seed=seed,
                store=f"sqlite:///{folder}/runs.sqlite",
            )
        steps = {"steps": result.visited + result.replayed, "replayed": result.replayed}
        found = {"solved": result.solved, **steps}
    except TimeoutError:
        found["failed"] = f"not over after {seconds:g} s"
    except (BranchwiseError, Error) as error:
        found["failed"] = str(error).splitlines()[0]
    return {**found, "seconds": round(time.monotonic() - began, 2)}


async def _closed(environment: Environment) -> None:
    with contextlib.suppress(TimeoutError, Error):
        await asyncio.wait_for(environment.aclose(), 20)


def spread(tasks: list[str]) -> list[str]:
    """All tasks in an order whose every first part is spread over the alphabet, and so over their kinds."""
    step = next(
        one for one in range(round(len(tasks) * 0.618), len(tasks) + 1) if math.gcd(one, len(tasks)) == 1
    )
    return [tasks[at * step % len(tasks)] for at in range(len(tasks))]


def main() -> None:
    """Measure and write the rows as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--policy", choices=NAMES, default="uniform")
    parser.add_argument("--tasks", nargs="*", default=TASKS)
    parser.add_argument(
        "--every",
        nargs="?",
        type=int,
        const=1000,
        help="all tasks of the package, or so many spread over them",
    )
    parser.add_argument("--methods", nargs="*", default=list(METHODS), choices=METHODS)
    parser.add_argument("--prior", type=int, default=0, help="actions left by the free prior; 0 for all")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument(
        "--steps", type=int, default=20, help="actions executed at most, replayed ones included"
    )
    parser.add_argument("--seconds", type=float, default=900, help="most seconds of one run")
    parser.add_argument("--draws", type=int, default=6, help="samples of the embedded model for one page")
    parser.add_argument("--out", type=Path, required=True)
    o = parser.parse_args()
    asked = {"policy": o.policy, "seeds": o.seeds, "steps": o.steps, "draws": o.draws}
    asked |= {
        "tasks": spread(names())[: o.every] if o.every else list(o.tasks),
        "prior": o.prior,
        "methods": o.methods,
    }
    asked |= {"seconds": o.seconds}
    rows = json.loads(o.out.read_text(encoding="utf-8"))["rows"] if o.out.exists() else []
    asyncio.run(measure(asked, rows, o.out))


if __name__ == "__main__":
    main()
