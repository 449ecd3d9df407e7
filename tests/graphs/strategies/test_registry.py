from __future__ import annotations

import pytest

from branchwise.graphs import strategies
from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.records import ROOT
from branchwise.store.tree import Tree


def test_a_strategy_is_loaded_with_its_knobs() -> None:
    assert strategies.load("best_of_n", n=7)(Tree(), 100) == {ROOT: 7}
    assert strategies.info("rebase").grain == "step"


def test_a_module_and_function_will_do() -> None:
    name = "branchwise.graphs.strategies.best_of_n:best_of_n"
    assert strategies.load(name, n=2)(Tree(), 9) == {ROOT: 2}
    assert strategies.info(name) == strategies.info("best_of_n")


@pytest.mark.parametrize(
    ("name", "knobs", "error", "says"),
    [
        ("rebas", {}, UnknownName, "Did you mean `rebase`"),
        ("no.such:function", {}, BadInput, "cannot be imported: ModuleNotFoundError: No module named"),
        ("math:tau", {}, BadInput, "not a function"),
        ("rebase", {"widht": 3}, UnknownName, "Did you mean `width`"),
        ("rebase", {"width": 0}, BadInput, "a whole number, at least 1"),
        ("rebase", {"width": True}, BadInput, "a whole number"),
        ("rebase", {"width": 2.0}, BadInput, "a whole number"),
        ("rebase", {"temperature": 0}, BadInput, "a number, above 0"),
        ("rebase", {"temperature": float("inf")}, BadInput, "a number"),
        ("rebase", {"width": 10**400}, BadInput, "a whole number"),
        ("rebase", {"truncate": 1.5}, BadInput, "at most 1"),
        ("tree_of_thoughts", {"select": "best"}, BadInput, "one of `greedy`, `sample`"),
        ("div_se", {"approaches": []}, BadInput, "one or more texts"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_hint(
    name: str, knobs: dict[str, object], error: type[BadInput], says: str
) -> None:
    with pytest.raises(error, match=says):
        strategies.load(name, **knobs)


def test_whole_numbers_pass_for_numbers_and_lists_for_texts() -> None:
    assert strategies.load("rebase", temperature=1)(Tree(), 1) == {ROOT: 1}
    assert strategies.load("div_se", approaches=["a"])(Tree(), 1) == {ROOT: 1}


def test_a_strategy_without_about_is_refused() -> None:
    with pytest.raises(BadInput, match="INFO"):
        strategies.info("math:floor")
