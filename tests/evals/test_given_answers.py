"""What a run states of its answers holds on other instances, and abstaining by it raises precision."""

from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.evals import logs
from branchwise.evals.given_answers import Given, given_answers, table_of


@pytest.mark.parametrize(("name", "sizes"), [("humaneval_codegen16b", (4, 16)), ("math_qwen25_rm", (2, 4))])
def test_stated_confidences_of_given_answers_hold(name: str, sizes: tuple[int, ...], data: Path) -> None:
    found = given_answers(logs.load(name, data), "", sizes, seeds=1)
    scored = [one for one in found if one.rule == "best_of_n"]
    for one in scored:
        assert one.error is not None
        assert one.error <= 0.10
        if one.precision is not None:
            overall, kept = one.precision
            assert kept > overall, "abstaining is offered"
    voted = [one for one in found if one.rule != "best_of_n"]
    assert all(one.error is None for one in voted), "nothing is claimed of what a vote chose"


def test_the_table_shows_what_was_stated() -> None:
    pairs = ((0.2, 0.0), (0.2, 1.0), (0.8, 1.0), (0.8, 1.0))
    one = Given(rule="best_of_n", samples=4, answers=tuple((s, r, True) for s, r in pairs))
    flat = Given(rule="best_of_n", samples=2, answers=tuple((0.75, r, False) for _, r in pairs))
    none = Given(rule="majority", samples=4, answers=((None, 1.0, False),))
    assert table_of([one, flat, none]).rows == (
        ("best_of_n", "4", "75.0", "50.0", "0.250", "75.0 -> 100.0"),
        ("best_of_n", "2", "75.0", "75.0", "0.000", "cannot abstain"),
        ("majority", "4", "100.0", "nothing", "-", "cannot abstain"),
    )
