from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Verdict
from branchwise.tasks.domains.arithmetic import expression, reachable
from branchwise.tasks.domains.instances import Instance, read_records
from branchwise.tasks.game24 import game24, grade, instances

PUZZLE = Instance(id="4-5-6-10", problem="4 5 6 10")
SOLUTION = "10 - 4 = 6 (left: 5 6 6)\n5 * 6 = 30 (left: 6 30)\n30 - 6 = 24 (left: 24)\n"


def judge(text: str, complete: bool = True, look_ahead: bool = False) -> Verdict:
    task = game24(look_ahead=look_ahead)
    constraints = task.read_constraints(PUZZLE.problem)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (SOLUTION, True),
        ("Answer: (5 * (10 - 4)) - 6 = 24", True),
        ("Answer: 5 × (10 − 4) − 6", True),
        ("Answer: 4 * 6", False),
        ("Answer: 4 + 5 + 6 + 10 = 24", False),
        ("Answer: 24", False),
        ("Answer: 4 * 6 + (10 - 5 - 5)", False),
        ("Answer: 6 * 4 + 5 / (10 - 10)", False),
        ("Answer: __import__('os').getpid()", False),
        ("Answer: 4 ** 5 ** 6 ** 10", False),
        (SOLUTION.replace("(left: 6 30)", "(left: 6 24)"), False),
        (SOLUTION.replace("5 * 6 = 30", "5 * 6 = 31"), False),
        ("5 - 5 = 0 (left: 4 6 10)\n", False),
        ("10 - 4 = 6 (left: 5 6 6)\n", False),
        ("", False),
    ],
)
def test_check(text: str, right: bool) -> None:
    assert judge(text).accepted is right
    assert grade(PUZZLE, text) == {"exact": right}


def test_beginnings_are_judged_by_legality_or_by_reachability() -> None:
    good = "10 - 4 = 6 (left: 5 6 6)\n"
    assert judge(good, complete=False).accepted
    assert judge(good, complete=False).score == 0
    assert judge("4 * 5 = 21 (left: 6 10 21)\n", complete=False).score == -100
    assert judge(good, complete=False, look_ahead=True).score == 90
    hopeless = "4 / 5 = 4/5 (left: 4/5 6 10)\n"
    assert judge(hopeless, complete=False).accepted
    assert not judge(hopeless, complete=False, look_ahead=True).accepted


def test_steps_can_be_chosen_to_the_end() -> None:
    task = game24()
    constraints = task.read_constraints("4 5 6 10")
    assert constraints is not None
    text = ""
    for line in SOLUTION.splitlines(keepends=True):
        assert not task.is_complete(text)
        assert line in task.output_format(constraints, text, "step").choices
        text += line
    assert task.is_complete(text)
    assert task.answer(text) == "10-4;5*6;30-6"


@pytest.mark.parametrize(
    "problem", ["", "four five six ten", "4", "1 2 3 4 5 6 7", "4 5 and 6 10", "1.5 2 3 4"]
)
def test_what_is_no_puzzle(problem: str) -> None:
    with pytest.raises(BadInput):
        game24().validate(problem)


def test_all_solvable_puzzles() -> None:
    assert sum(1 for _ in instances()) == 1362


@given(st.text(alphabet="0123456789+-*/() .", max_size=40))
def test_expressions_agree_with_python_s_own_arithmetic(text: str) -> None:
    found = expression(text)
    if found is not None:
        scope: dict[str, Any] = {"__builtins__": {}, "F": Fraction}
        marked = "".join(f" F({part}) " if part.isdigit() else part for part in _parts(text))
        assert eval(marked, scope) == found[0]  # digits, signs and brackets only


def _parts(text: str) -> list[str]:
    parts: list[str] = []
    for sign in text:
        if parts and sign.isdigit() and parts[-1].isdigit():
            parts[-1] += sign
        else:
            parts.append(sign)
    return parts


@pytest.mark.parametrize(
    "text", ["(" * 150, "1" * 300, "1 if 1 else 2", "+4", "4//5", "1_0e3", "True + 1", "\x00"]
)
def test_anything_else_is_no_expression(text: str) -> None:
    assert expression(text) is None


def test_reachability_agrees_with_the_log(data: Path) -> None:
    agreed = labels = 0
    for row in read_records(data, "game24_tot/cot_step_paths.jsonl.gz"):
        paths: Any = row["paths"]
        for path in paths:
            for legal, reached, left in path:
                if not legal:  # the log gives no reachability after an illegal step
                    continue
                labels += 1
                agreed += reachable(tuple(sorted(map(Fraction, left))), Fraction(24)) is bool(reached)
    assert agreed == labels == 15_882


def test_no_numbers_no_verdict() -> None:
    check = game24().check
    assert check is not None
    assert check(Constraints(), SOLUTION, True) is None
