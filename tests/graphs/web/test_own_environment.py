"""The environment of examples/river.py, searched by the strategies that search pages."""

from pathlib import Path

import pytest

from branchwise.environments.spec import EnvironmentSpec
from branchwise.graphs.web.request import WebOptions
from branchwise.graphs.web.run import browse, resume_web
from branchwise.models.uniform import uniform

EXAMPLES = Path(__file__).parents[3] / "examples"
FIRST, LAST = "cross with the goat", "cross with the goat"


@pytest.mark.parametrize("strategy", ["best_first", "mcts", "beam_search"])
async def test_everybody_gets_over_the_river(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strategy: str
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    options = WebOptions(
        strategy=strategy, depth=7, max_pages=200, samples=40, value_samples=0, pick_actions=True
    )
    result = await browse(
        "", EnvironmentSpec(name="river:river"), model=uniform(), options=options, store=store
    )
    assert (result.solved, result.verified_by, result.replayed) == (True, "program", 0)
    # Seven crossings are the fewest, and the goat goes first and last.
    assert len(result.actions) == 7
    assert (result.actions[0], result.actions[-1]) == (FIRST, LAST)
    # The run knows how to open its environment again.
    assert await resume_web(result.run_id, store=store) == result


async def test_one_trajectory_at_random_is_the_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES)
    options = WebOptions(strategy="best_of_n", knobs={"n": 20}, depth=7, value_samples=0, pick_actions=True)
    store = f"sqlite:///{tmp_path / 'runs.db'}"
    result = await browse(
        "", EnvironmentSpec(name="river:river"), model=uniform(), options=options, store=store
    )
    assert (result.solved, result.reason) == (False, "exhausted")
    assert result.visited > 20
