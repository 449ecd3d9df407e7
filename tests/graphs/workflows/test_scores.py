"""Scores of answers by log-probabilities: the vector of the specification, by each method."""

from __future__ import annotations

import math
from typing import Any

import pytest

from branchwise.graphs.workflows._scores import Logs, fit_weights, scored

SHARES = (0.6, 0.4)
GIVEN: dict[str, dict[str, tuple[float, float]]] = {
    "a_qp": {"x": (0.30, 0.05), "y": (0.10, 0.40)},
    "q_ap": {"x": (0.02, 0.01), "y": (0.005, 0.03)},
    "a_p": {"x": (0.2, 0.1), "y": (0.1, 0.1)},
    "q_p": {"": (0.01, 0.01)},
}
LOGS: Any = {
    (kind, one, at): math.log(value)
    for kind, answers in GIVEN.items()
    for one, values in answers.items()
    for at, value in enumerate(values)
}


@pytest.mark.parametrize(
    ("method", "x", "y"),
    [("direct", 0.30, 0.40), ("rag", 0.20, 0.22), ("noisy_channel", 0.4, 0.3)],
)
def test_probabilities(method: Any, x: float, y: float) -> None:
    found = scored(method, LOGS, ["x", "y"], SHARES)
    assert math.exp(found["x"]) == pytest.approx(x)
    assert math.exp(found["y"]) == pytest.approx(y)


def test_the_product_of_experts() -> None:
    found = scored("experts", LOGS, ["x", "y"], SHARES)
    assert found == pytest.approx({"x": -5.627, "y": -5.339}, abs=5e-4)


def test_a_missing_probability_is_none_at_all() -> None:
    few: Logs = {("a_qp", "x", 0): -1.0}
    assert scored("direct", few, ["x", "y"], SHARES) == {"x": -1.0, "y": -math.inf}
    assert scored("rag", few, ["y"], SHARES) == {"y": -math.inf}
    assert scored("experts", few, ["x"], SHARES) == {"x": -math.inf}
    assert scored("experts", few, ["x"], SHARES, (1, 0, 0)) == {"x": -1.0}
    assert scored("direct", {}, ["x"], ()) == {"x": -math.inf}


def test_weights_are_those_that_are_right_on_labelled_questions() -> None:
    answers, no_gold = ["x", "y"], frozenset[str]()
    assert fit_weights([(LOGS, answers, SHARES, frozenset({"y"}))]) == (1, 1, 1)
    first, second, third = fit_weights([(LOGS, answers, SHARES, frozenset({"x"}))])
    weighed = scored("experts", LOGS, answers, SHARES, (first, second, third))
    assert weighed["x"] > weighed["y"]
    assert fit_weights([({}, [], SHARES, no_gold)]) == (1, 1, 1)
