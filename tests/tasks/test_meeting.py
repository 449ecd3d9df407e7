from __future__ import annotations

from collections import Counter
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import Verdict
from branchwise.tasks.domains.instances import read_records
from branchwise.tasks.domains.visits import Friend, Outing, most_friends, visits_text
from branchwise.tasks.meeting import grade, instances, meeting

PROBLEM = """You are visiting San Francisco for the day and want to meet as many friends as possible. Solve the \
problem by considering various different schedules and picking the best one to optimize your goals.

Travel distances (in minutes):
Bayview to Marina: 20.
Marina to Bayview: 25.

CONSTRAINTS: You arrive at Bayview at 9:00AM. Ada will be at Marina from 9:30AM to 11:00AM. You'd like to meet Ada \
for a minimum of 60 minutes. Bo will be at Bayview from 11:00AM to 1:00PM. You'd like to meet Bo for a minimum of \
45 minutes.

Your response should start with 'SOLUTION:'."""
PLAN = """You start at Bayview at 9:00AM.
You travel to Marina in 20 minutes and arrive at 9:20AM.
You wait until 9:30AM.
You meet Ada for 60 minutes from 9:30AM to 10:30AM.
You travel to Bayview in 25 minutes and arrive at 10:55AM.
You wait until 11:00AM.
You meet Bo for 45 minutes from 11:00AM to 11:45AM.
The end"""


def judge(text: str, complete: bool = True) -> Verdict:
    task = meeting()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "feedback"),
    [
        (PLAN, "2 friends are met."),
        (PLAN.replace("\n", " "), "2 friends are met."),
        (PLAN.partition("You travel to Bayview")[0], "1 friends are met. More are possible."),
        (PLAN.replace("You wait until 9:30AM.\n", ""), "Ada cannot be met for 60 minutes there and then."),
        (
            PLAN.replace("You travel to Bayview in 25 minutes and arrive at 10:55AM.\n", ""),
            "Bo cannot be met",
        ),
        (PLAN.replace("wait until 11:00AM", "wait until 10:00AM"), "already later"),
        (PLAN.replace("meet Bo", "meet Ada"), "met before"),
        (PLAN.replace("meet Bo", "meet Zoe"), "nobody to meet"),
        (PLAN.replace("travel to Marina", "travel to Mars"), "no way"),
        (PLAN.replace("start at Bayview", "start at Marina"), "One starts at Bayview."),
        ("", "0 friends are met."),
    ],
)
def test_check(text: str, feedback: str) -> None:
    verdict = judge(text)
    assert feedback in verdict.feedback
    assert verdict.accepted is (feedback == "2 friends are met.")
    assert (verdict.score == 100) is verdict.accepted


def test_beginnings() -> None:
    assert judge("You start at Bayview at 9:00AM.\n", complete=False).accepted
    assert judge(PLAN.partition("You travel to Bayview")[0], complete=False).score == 45
    assert judge("You travel to Mars in 1 minutes and arrive at 9:01AM.", complete=False).score == -100


@pytest.mark.parametrize("problem", ["", "Meet me."])
def test_what_is_no_problem(problem: str) -> None:
    with pytest.raises(BadInput):
        meeting().validate(problem)


def test_what_is_not_understood_is_left_to_a_model() -> None:
    assert visits_text(PROBLEM) is not None
    assert visits_text(PROBLEM.replace("CONSTRAINTS:", "Ada hates waiting. CONSTRAINTS:")) is None
    assert visits_text(PROBLEM.replace("You'd like to meet Ada", "You'd like to meet Eve")) is None


friends = st.lists(
    st.tuples(st.integers(0, 2), st.integers(540, 800), st.integers(10, 200), st.integers(5, 100)), max_size=5
)


@given(friends=friends, ways=st.lists(st.integers(1, 60), min_size=6, max_size=6))
def test_the_maximum_agrees_with_trying_every_order(
    friends: list[tuple[int, int, int, int]], ways: list[int]
) -> None:
    pairs = [(a, b) for a in "012" for b in "012" if a != b]
    travel = tuple((a, b, n) for (a, b), n in zip(pairs, ways, strict=True))
    people = tuple(
        Friend(name=f"f{k}", place=str(place), start=start, end=start + length, stay=stay)
        for k, (place, start, length, stay) in enumerate(friends)
    )
    outing = Outing(place="0", time=540, friends=people, travel=travel)
    way = {(a, b): n for a, b, n in travel}

    def number(order: tuple[Friend, ...]) -> int:
        place, time, met = "0", 540, 0
        for friend in order:
            time = max(time + way.get((place, friend.place), 0), friend.start) + friend.stay
            if time > friend.end:
                return met
            place, met = friend.place, met + 1
        return met

    assert most_friends(outing) == max(number(order) for order in permutations(people))


def test_golden_plans_pass_and_are_the_exact_maximum(data: Path) -> None:
    passed = [grade(i, str(i.gold)) for i in instances(data)]
    assert passed == [{"exact": True, "official": True}] * 67


def test_reference_numbers_of_gemini(data: Path) -> None:
    """Of its plans that meet as many friends two break a rule, two tell false numbers, one excuses itself."""
    rows = {
        r["id"]: str(r["pred_5shot_gemini15pro"])
        for r in read_records(data, "natural_plan/instances_300.jsonl.gz")
    }
    passed = Counter(name for i in instances(data) for name, ok in grade(i, rows[i.id]).items() if ok)
    assert passed == {"official": 26, "exact": 21}
