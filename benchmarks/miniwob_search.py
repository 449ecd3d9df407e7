"""One rollout, random restarts, best-first search and MCTS on MiniWoB++ at equal environment steps.

    python benchmarks/miniwob_search.py --policy uniform --seeds 5 --steps 40 --out benchmarks/miniwob_uniform.json
    python benchmarks/miniwob_search.py --policy embedded --seeds 2 --steps 20 --out benchmarks/miniwob_embedded.json

Every method is a strategy of `branchwise web` and runs through `browse`, store and ledger included. The reward is
the task's own and ends a search, so this measures searching, not judging; no value model is asked. Every executed
action counts, replayed ones too. The embedded policy is the model's choice among the actions that the page offers,
sampled `--draws` times for each distinct page and then kept: all methods draw from the same distribution.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import math
import random
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from branchwise.agents import models
from branchwise.agents.environments.miniwob import miniwob
from branchwise.agents.protocols import Capabilities, Message, Model, Reply, Request, Sample
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse
from branchwise.store.records import Usage

TASKS = (
    *("click-test", "click-button", "click-link", "click-dialog-2", "click-checkboxes", "click-tab-2"),
    *("click-collapsible-2", "enter-text", "choose-list", "focus-text", "navigate-tree", "login-user"),
)
DEEPEST = 6
METHODS = {
    "rollout": WebOptions(strategy="best_of_n", knobs={"n": 1}),
    "restarts": WebOptions(strategy="best_of_n", knobs={"n": 1000}),
    "best_first": WebOptions(strategy="best_first", knobs={"branching": 4}),
    "mcts": WebOptions(strategy="mcts", knobs={"branching": 4}),
}


@dataclass(kw_only=True)
class Policy:
    """A model that picks one of the offered actions, drawn by what `weigh` thinks of the page."""

    inner: Model | None
    draws: int
    seed: str
    name: str = "policy"
    capabilities: Capabilities = field(
        default_factory=lambda: Capabilities(choices=True, many=True, seed=True)
    )
    known: dict[str, Sequence[str]] = field(default_factory=dict)

    async def sample(self, request: Request) -> Reply:
        """Draw from the page's distribution."""
        options = [c for c in request.shape.choices if not c.startswith("scroll")] or list(
            request.shape.choices
        )
        if self.inner is not None:
            options = list(await self._weighed(request, options))
        text = request.messages[0].content
        chance = random.Random(hashlib.sha256(f"{self.seed} {request.seed} {text}".encode()).digest())
        # A search wants different actions, a trajectory draws one.
        drawn = [chance.choice(options) for _ in range(request.n)]
        return Reply(samples=tuple(Sample(text=one, tokens=1) for one in drawn), usage=Usage(calls=1))

    async def _weighed(self, request: Request, options: Sequence[str]) -> Sequence[str]:
        asked = request.messages[0].content
        page = (
            asked.partition("Actions so far:")[0]
            + "Actions so far:\nnone\n\nGoal:"
            + asked.rpartition("Goal:")[2]
        )
        if page not in self.known:
            assert self.inner is not None
            shape = replace(request.shape, choices=tuple(options))
            draw = replace(
                request, messages=(Message(role="user", content=page),), n=self.draws, shape=shape, seed=0
            )
            reply = await self.inner.sample(draw)
            self.known[page] = [one.text for one in reply.samples if one.error is None] or options
        return self.known[page]

    async def aclose(self) -> None:
        """Leave the inner model to whoever opened it."""


async def measure(tasks: Sequence[str], seeds: int, steps: int, policy: str, draws: int) -> dict[str, object]:
    """Run all methods on all tasks."""
    rows: list[dict[str, object]] = []
    began, inner = time.monotonic(), models.load("embedded") if policy == "embedded" else None
    with tempfile.TemporaryDirectory() as folder:
        for task in tasks:
            environment = miniwob(task)
            for seed in range(seeds):
                model = Policy(inner=inner, draws=draws, seed=f"{task}{seed}")
                for method, options in METHODS.items():
                    result = await browse(
                        "",
                        environment,
                        model=model,
                        options=replace(
                            options,
                            depth=DEEPEST,
                            states=10_000,
                            steps=steps,
                            samples=12,
                            judgements=0,
                            held=True,
                            questions=0,
                        ),
                        seed=seed,
                        store=f"sqlite:///{folder}/runs.sqlite",
                    )
                    spent = result.visited + result.replayed
                    rows.append(
                        {
                            "task": task,
                            "seed": seed,
                            "method": method,
                            "solved": result.solved,
                            "steps": spent,
                        }
                    )
            await environment.aclose()
            solved = {
                m: sum(bool(r["solved"]) for r in rows if r["method"] == m and r["task"] == task)
                for m in METHODS
            }
            print(task, solved, f"{time.monotonic() - began:.0f} s", flush=True)
    if inner is not None:
        await inner.aclose()
    return {"rows": rows, "seconds": round(time.monotonic() - began)}


def interval(hits: int, of: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a proportion."""
    z, p = 1.96, hits / of
    middle, half = p + z * z / (2 * of), z * math.sqrt(p * (1 - p) / of + z * z / (4 * of * of))
    return (middle - half) / (1 + z * z / of), (middle + half) / (1 + z * z / of)


def table(rows: Sequence[dict[str, object]]) -> dict[str, dict[str, object]]:
    """Success with Wilson's 95 % interval, and steps, by method."""
    found: dict[str, dict[str, object]] = {}
    for method in METHODS:
        mine = [row for row in rows if row["method"] == method]
        hits = sum(bool(row["solved"]) for row in mine)
        low, high = interval(hits, len(mine))
        steps = sum(int(str(row["steps"])) for row in mine)
        found[method] = {
            "solved": hits,
            "of": len(mine),
            "interval": [round(low, 3), round(high, 3)],
            "steps": steps,
        }
    return found


def main() -> None:
    """Measure and write the rows and the table as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--policy", choices=("uniform", "embedded"), default="uniform")
    parser.add_argument("--tasks", nargs="*", default=TASKS)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--draws", type=int, default=6, help="samples of the embedded model for one page")
    parser.add_argument("--out", type=Path)
    o = parser.parse_args()
    found = asyncio.run(measure(o.tasks, o.seeds, o.steps, o.policy, o.draws))
    asked = {"policy": o.policy, "seeds": o.seeds, "steps": o.steps, "draws": o.draws, "tasks": list(o.tasks)}
    done = {"asked": asked, "methods": table(found["rows"]), **found}  # type: ignore[arg-type]
    print(json.dumps(done["methods"], indent=1))
    if o.out:
        o.out.write_text(json.dumps(done, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
