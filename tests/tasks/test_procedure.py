from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import Verdict
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.domains.procedures import Measures, draw_procedure, measures, run_procedure
from branchwise.tasks.procedure import grade, instances, measure, procedure

PROBLEM = "Start with the text abcd.\n1. Reverse the text.\n2. Swap letters 1 and 4.\n3. Delete letter 2."
INSTANCE = Instance(id="x", problem=PROBLEM)


def judge(text: str, complete: bool = True) -> Verdict:
    task = procedure()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("step", "after"),
    [
        ("Reverse the text.", "dcba"),
        ("Move the first letter to the end.", "bcda"),
        ("Move the last letter to the front.", "dabc"),
        ("Swap letters 1 and 3.", "cbad"),
        ("Delete letter 4.", "abc"),
        ("Write letter 2 twice.", "abbcd"),
        ("Change letter 1 to z.", "zbcd"),
    ],
)
def test_operations(step: str, after: str) -> None:
    assert run_procedure("abcd", [step]) == [after]


@pytest.mark.parametrize("step", ["Delete letter 5.", "Delete letter 0.", "Swap letters 1 and 9.", "Dance."])
def test_impossible_steps(step: str) -> None:
    assert run_procedure("abcd", [step]) is None
    with pytest.raises(BadInput):
        procedure().validate(f"Start with the text abcd.\n1. {step}")


@pytest.mark.parametrize(
    ("states", "right", "wanted"),
    [
        ("abc", "abc", (3, 1.0, True, True)),
        ("abx", "abc", (2, 2 / 3, False, False)),
        ("axc", "abc", (1, 1 / 3, False, True)),
        ("ab", "abc", (2, 2 / 3, False, False)),
        ("abcc", "abc", (3, 0.75, False, True)),
        ("", "abc", (0, 0.0, False, False)),
    ],
)
def test_the_four_measures(states: str, right: str, wanted: tuple[int, float, bool, bool]) -> None:
    length, accuracy, sequential, final = wanted
    assert measures(list(states), list(right)) == Measures(
        prefix_match_length=length, prefix_accuracy=accuracy, sequential_match=sequential, final_match=final
    )


@given(st.lists(st.sampled_from("abc")), st.lists(st.sampled_from("abc")))
def test_measures_are_consistent(states: list[str], right: list[str]) -> None:
    found = measures(states, right)
    assert 0 <= found.prefix_accuracy <= 1
    assert found.sequential_match is (states == right)
    assert found.sequential_match is (found.prefix_accuracy == 1)
    assert measures(right, states) == found


def test_check_and_grades() -> None:
    assert judge("dcba\nacbd"[:4] + "\nacbd\nabd\ndone").accepted
    assert grade(INSTANCE, "1. dcba\n2. acbd\n3. abd") == {"sequential match": True, "final match": True}
    assert grade(INSTANCE, "dcba\nacb\nabd") == {"sequential match": False, "final match": True}
    assert measure(INSTANCE, "dcba\n").prefix_match_length == 1
    assert judge("dcba\n", complete=False).score == 30
    assert judge("dcab\n", complete=False).score == -100
    assert not judge("dcba\nacbd\ndone").accepted


def test_instances_are_fixed_and_can_be_read() -> None:
    every = list(instances())
    assert len(every) == len({i.problem for i in every}) == 180
    assert every == list(instances())
    for instance in every:
        procedure().validate(instance.problem)
    assert draw_procedure(4, 1) == draw_procedure(4, 1)
