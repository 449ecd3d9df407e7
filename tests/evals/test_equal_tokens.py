"""Strategies at equal mean tokens, on outcomes made by hand."""

from __future__ import annotations

from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.evals.compared import compared
from branchwise.evals.equal_tokens import at_tokens
from branchwise.evals.outcomes import Outcomes
from branchwise.evals.policy import Policy
from branchwise.evals.probing import Probe
from branchwise.store.records import Node, VerifiedBy

COUNT, DRAWS = 20, 2
SMALL = Policy(strategy="best_of_n", limit=1, knobs={"n": 1})
LARGE = Policy(strategy="best_of_n", limit=4, knobs={"n": 4})
STOPS = Policy(strategy="adaptive_best_of_n", limit=4, knobs={"n": 4, "threshold": 0.8})
NEVER = Policy(strategy="adaptive_best_of_n", limit=4, knobs={"n": 4, "threshold": 1.0})
DEAR = Policy(strategy="self_consistency", limit=64, aggregation="majority", knobs={"n": 64})
POINTS = {SMALL: (0.2, 10.0), LARGE: (0.6, 40.0), STOPS: (0.5, 15.0), NEVER: (0.6, 40.0), DEAR: (0.9, 640.0)}


def found() -> Outcomes:
    return Outcomes(
        instances=tuple(str(i) for i in range(COUNT)),
        right={p: [[right] * DRAWS] * COUNT for p, (right, _) in POINTS.items()},
        tokens={p: [[tokens] * DRAWS] * COUNT for p, (_, tokens) in POINTS.items()},
    )


def test_between_two_sizes_a_coin_is_tossed() -> None:
    scored = at_tokens(found(), 25)
    assert fmean(scored["best_of_n"].right) == pytest.approx(0.4)
    assert fmean(scored["best_of_n"].tokens) == pytest.approx(25)


def test_settings_are_strategies_of_their_own_and_what_saves_tokens_says_so() -> None:
    scored = at_tokens(found(), 40)
    assert set(scored) == {
        "best_of_n",
        "adaptive_best_of_n (threshold=0.8)",
        "adaptive_best_of_n (threshold=1.0)",
    }
    assert fmean(scored["adaptive_best_of_n (threshold=0.8)"].tokens) == 15


@given(st.floats(10, 1000))
def test_nobody_spends_more_than_the_budget(budget: float) -> None:
    for scored in at_tokens(found(), budget).values():
        assert fmean(scored.tokens) <= budget + 1e-6


def test_the_tables_hold_every_strategy_and_every_way_of_choosing() -> None:
    nodes = tuple(
        Node(id=f"0.{k}", parent="0", complete=True, answer=str(k), verified_by=VerifiedBy.MODEL)
        for k in range(2)
    )
    probed = [[Probe(nodes=nodes, tokens=20, right=1, rest=2)] * DRAWS] * COUNT
    strategies, planners = compared(found(), probed, {4: 40.0}, probes=2, arm="", checked=None)[0]
    assert {row[0] for row in strategies.rows} == set(at_tokens(found(), 40))
    assert [row[0] for row in planners.rows] == [
        "best fixed, chosen on other instances",
        "random planner",
        "fitted planner",
        "plain best_of_n (N=4)",
        "split-half oracle",
    ]
    assert all("[" in row[1] for table in (strategies, planners) for row in table.rows)
