"""The strategies that `auto` chooses among are those whose samples a program can judge."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.graphs.search.run import solve
from branchwise.graphs.search.state import Options
from branchwise.models.scripted import scripted
from branchwise.store.records import Budget
from tests.graphs.search.test_planner_live import decisions


@pytest.mark.parametrize(
    ("arms", "expected"),
    [
        (Options().arms, ["best_of_n"]),
        (("rebase", "sequential_revision"), ["sequential_revision"]),
        (("rebase",), ["rebase"]),
    ],
)
async def test_where_only_whole_texts_are_checked_only_such_are_drawn(
    tmp_path: Path, arms: tuple[str, ...], expected: list[str]
) -> None:
    url = f"sqlite:///{tmp_path}/runs.sqlite"
    result = await solve(
        "Write.",
        task="text",
        require=["contains=tea"],
        model=scripted(lambda request, seed: f"A word. {seed}"),
        options=Options(strategy="auto", arms=arms),
        budget=Budget(completion_tokens=200),
        store=url,
    )
    found = await decisions(url, result.run_id)
    assert found["plan"]["arms"] == expected
    assert {made["strategy"] for key, made in found.items() if key.endswith("/select")} == {*expected}
