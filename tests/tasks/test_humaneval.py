from __future__ import annotations

from pathlib import Path

import pytest

from branchwise.store.errors import BadInput
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Instance
from branchwise.tasks.humaneval import grade, humaneval, instances

PROBLEM = '''def double(x: int) -> int:
    """Double a number.

    >>> double(2)
    4
    >>> double(0)
    0
    """
'''
INSTANCE = Instance(
    id="mine/0",
    problem=PROBLEM,
    meta={"test": "def check(candidate):\n    assert candidate(5) == 10\n", "entry_point": "double"},
)

pytestmark = pytest.mark.usefixtures("walled")


def judge(text: str) -> Verdict:
    task = humaneval()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    assert constraints.items == ("double(2) gives 4", "double(0) gives 0")
    assert task.check is not None
    verdict = task.check(constraints, text, True)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("    return 2 * x\n", True),
        ("    return 2 * x\n\nprint(1 / 0)\n", True),
        ("Sure:\n```python\ndef double(x):\n    return x + x\n```\nDone.", True),
        ("```\ndef double(x: int) -> int:\n    return x << 1\n", True),
        ("    return x * x * x - x\n", False),
        ("    import os; os._exit(0)\n", False),
        ("    while True: pass\n", False),
        ("def", False),
        ("", False),
    ],
)
def test_grade(text: str, right: bool) -> None:
    assert grade(INSTANCE, text, seconds=1.0) == {"tests": right}


def test_examples_disprove_but_do_not_prove() -> None:
    right, half = judge("    return 2 * x\n"), judge("    return x\n")
    assert (right.accepted, right.score, right.verified_by) == (True, 100, VerifiedBy.MODEL)
    assert (half.accepted, half.score, half.verified_by) == (False, -5, VerifiedBy.PROGRAM)
    assert "1 of 2" in half.feedback


@pytest.mark.parametrize("problem", ["", "Write a function.", "x = 1"])
def test_what_is_no_problem(problem: str) -> None:
    with pytest.raises(BadInput):
        humaneval().validate(problem)


def test_equal_programs_are_equal_answers() -> None:
    answer = humaneval().answer
    assert answer("```python\ndef f(x):  # twice\n    return (2*x)\n```") == answer(
        "def f(x):\n  return 2 * x"
    )


def test_canonical_solutions_pass(data: Path) -> None:
    every = list(instances(data))
    failed = [i.id for i in every if not grade(i, str(i.gold))["tests"]]
    assert (len(every), failed) == (109, [])
    disproved = []
    for instance in every[:20]:
        humaneval().validate(instance.problem)
        constraints = humaneval().read_constraints(instance.problem)
        check = humaneval().check
        assert constraints is not None
        assert check is not None
        verdict = check(constraints, str(instance.gold), True)
        if verdict is not None and not verdict.accepted:
            disproved.append(instance.id)
    assert disproved == []
