"""A budget that binds: the same seed and the same model grow the same tree, whatever the timing, killed or not."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from branchwise.graphs.runtime.replay import replay
from branchwise.graphs.search.run import resume, solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.as_fields import as_fields
from branchwise.store.records import Budget
from branchwise.store.store import Store
from tests.graphs.search.tight import ASKED, BUDGETS, KILLED, PulledError, Unsteady

ROOT = Path(__file__).parents[3]
TURNS = 12


@pytest.mark.parametrize("budget", BUDGETS, ids=str)
async def test_the_same_seed_grows_the_same_tree_whatever_the_timing(budget: Budget) -> None:
    """Calls fail, replies come in any order, and every other run is interrupted."""
    rng, trees, interrupted = random.Random(7), set(), 0
    # An exception that is not a ModelError is on the bill as a call, and its repetition is another one, so that a
    # budget of calls would end earlier. A killed worker's call is not (see the next test).
    dies = budget.calls is None
    for turn in range(TURNS):
        async with Store.opened("sqlite://") as store:
            model = Unsteady(rng, rng.randint(1, 25) if turn % 2 and dies else 0)
            try:
                result = await solve("Which way?", model=model, budget=budget, store=store, **ASKED)
            except PulledError:
                interrupted += 1
                [run] = await store.runs()
                result = await resume(run.id, store=store, model=Unsteady(rng))
            tree, usage = await store.nodes(result.run_id), result.usage
            grown = ((node.id, node.text, node.score, node.failed, node.feedback) for node in tree)
            trees.add((usage.tokens, usage.completion_tokens, *grown))
            assert (await replay(result.run_id, store=store)).exact
    assert len(trees) == 1
    assert interrupted >= TURNS // 3 * dies
    assert result.reason == "budget"
    assert any(node.failed and "coughed" in node.failed for node in tree)
    assert all(getattr(usage, limit) <= most for limit, most in as_fields(budget).items() if most is not None)
    assert result.shortfall is not None
    # Not one more sample fits: what is left of the limit that ended the run is a small part of it.
    assert getattr(usage, result.shortfall.what) > 0.85 * getattr(budget, result.shortfall.what)


async def test_a_poll_that_is_repeated_is_within_the_rounds_bound() -> None:
    """No ballot can be read, so that each of the two solutions is polled three times."""
    model = scripted(lambda request, seed: f"Who knows number {seed}?")
    options = Options(verifier="pass_share", constraints=False)
    asked: dict[str, Any] = {"strategy": "best_of_n", "knobs": {"n": 2}, "options": options}
    async with Store.opened("sqlite://") as store:
        result = await solve("Which way?", model=model, budget=Budget(calls=99), store=store, **asked)
        decided = {one.key: one.payload for one in await store.decisions(result.run_id)}
        bound: Any = decided["r1/budget"]
        polls = [call for call in await store.calls(result.run_id) if "/verify" in call.key]
    assert len(polls) == 2 * 3
    assert bound["most"]["calls"] == len(polls) + 1
    assert bound["most"]["completion_tokens"] >= 2 * 3 * 5 * 300


@pytest.mark.crash
def test_a_killed_worker_changes_neither_tree_nor_bill(url: str) -> None:
    """SIGKILL at random requests, up to three times a run."""
    turns = 1 if url.startswith(("mysql", "mariadb")) else 3
    command = [sys.executable, "-W", "ignore", "-m", "tests.graphs.search.tight", url, str(turns)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=170, check=False)
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(reports) == len(KILLED), done.stderr
    for report in reports:
        assert report["calm"]["reason"] == "budget"
        assert report["kills"] >= max(1, turns // 2)
        assert report["others"] == []
