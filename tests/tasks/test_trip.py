from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from branchwise.store.errors import BadInput
from branchwise.store.records import Verdict
from branchwise.tasks.domains.instances import read_records
from branchwise.tasks.domains.trips import trip_text, typed_trip
from branchwise.tasks.trip import grade, instances, trip

PROBLEM = """You plan to visit 3 European cities for 7 days in total. You only take direct flights to commute \
between cities. You plan to stay in Oslo for 3 days. You want to spend 2 days in Porto. You would like to visit \
Riga for 4 days. You have to attend a workshop in Porto between day 3 and day 4.

Here are the cities that have direct flights:
Oslo and Porto, from Porto to Riga, from Riga to Oslo.

Find a trip plan of visiting the cities for 7 days by taking direct flights to commute between them."""
PLAN = "Day 1-3: Oslo\nDay 3-4: Porto\nDay 4-7: Riga\n"


def judge(text: str, complete: bool = True) -> Verdict:
    task = trip()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    assert task.check is not None
    verdict = task.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "broken"),
    [
        (PLAN, ""),
        (PLAN + "The end", ""),
        (
            "**Day 1-3:** Visit Oslo.\n**Day 3:** Fly from Oslo to Porto.\nDay 3-4: Porto\nDay 4-7: Visit Riga.",
            "",
        ),
        ("Day 1-2: Oslo\nDay 3: Oslo\nDay 3-4: Porto\nDay 4-7: Riga", ""),
        (PLAN.replace("1-3", "1-4"), "must have 3 days"),
        (PLAN.replace("3-4", "4-5"), "gap"),
        ("Day 1-4: Riga\nDay 4-5: Porto\nDay 5-7: Oslo", "no direct flight from Riga to Porto"),
        ("Day 1-3: Oslo\nDay 3-4: Porto\n", "Riga is not visited"),
        (PLAN + "Day 7-8: Porto\n", "visited twice"),
        (PLAN.replace("Oslo", "Rome"), "no city of this trip"),
        ("", "not visited"),
    ],
)
def test_check(text: str, broken: str) -> None:
    verdict = judge(text)
    assert verdict.accepted is (broken == "")
    assert broken in verdict.feedback
    assert verdict.score is not None
    assert verdict.accepted or verdict.score <= 90


def test_beginnings() -> None:
    assert judge("Day 1-3: Oslo\n", complete=False).accepted
    assert judge("Day 1-3: Oslo\nDay 3-6: Riga\n", complete=False).score == -100


def test_steps_can_be_chosen_to_the_end() -> None:
    task = trip()
    constraints = task.read_constraints(PROBLEM)
    assert constraints is not None
    text = ""
    for line in [*PLAN.splitlines(keepends=True), "The end"]:
        assert not task.is_complete(text)
        assert line in task.output_format(constraints, text, "step").choices
        text += line
    assert task.is_complete(text)
    assert task.answer(text) == "1-3 Oslo; 3-4 Porto; 4-7 Riga"


@pytest.mark.parametrize("problem", ["", "Where shall I go?"])
def test_what_is_no_problem(problem: str) -> None:
    with pytest.raises(BadInput):
        trip().validate(problem)


def test_what_is_not_understood_is_left_to_a_model() -> None:
    assert trip_text(PROBLEM) is not None
    assert trip_text(PROBLEM.replace("for 7 days in total.", "for 7 days in total. You hate rain.")) is None
    assert trip_text(PROBLEM.replace("visit 3", "visit 4")) is None
    assert trip_text(PROBLEM.replace("from Riga to Oslo", "perhaps Riga")) is None


def test_all_instances_are_read_as_upstream_read_them(data: Path) -> None:
    rows = [r for r in read_records(data, "natural_plan/instances_300.jsonl.gz") if r["task"] == "trip"]
    assert len(rows) == 67
    for row in rows:
        known: Any = row["constraints"]
        constraints = trip().read_constraints(str(row["prompt_0shot"]))
        assert constraints is not None
        read = typed_trip(constraints.data)
        assert read is not None
        assert read.days == known["trip_length"]
        assert read.stays == {stay["city"]: stay["days"] for stay in known["city_length"]}
        assert read.flights == {(a, b) for a, b in known["direct_flights"]}
        windows = [(event["city"], event["start"], event["end"]) for event in known["city_day_ranges"]]
        assert sorted(read.events) == sorted(windows)


def test_golden_plans_pass_both_graders(data: Path) -> None:
    passed = [all(grade(i, str(i.gold)).values()) for i in instances(data)]
    assert passed == [True] * 67


def test_reference_numbers_of_gemini(data: Path) -> None:
    rows = {
        r["id"]: str(r["pred_5shot_gemini15pro"])
        for r in read_records(data, "natural_plan/instances_300.jsonl.gz")
    }
    passed = Counter(name for i in instances(data) for name, ok in grade(i, rows[i.id]).items() if ok)
    assert passed == {"constraints": 25, "official": 25}


def test_logged_itineraries_are_judged_as_logged(data: Path) -> None:
    """The 17 that differ tell flights as stays of one day in another order, or add stays after the end."""
    check = trip().check
    assert check is not None
    read = {i.id: trip().read_constraints(i.problem) for i in instances(data)}
    agreed = judged = 0
    for row in read_records(data, "natural_plan/runs.jsonl.gz"):
        pred: Any = row["pred"]
        constraints = read.get(str(row["id"])) if row["task"] == "trip" else None
        stays = pred.get("itinerary") if isinstance(pred, dict) and constraints else None
        if constraints is None or not isinstance(stays, list) or not all("place" in s for s in stays):
            continue
        verdict = check(constraints, "\n".join(f"{s['day_range']}: {s['place']}" for s in stays), True)
        assert verdict is not None
        judged += 1
        agreed += verdict.accepted is row["correct"]
    assert (judged, judged - agreed) == (3874, 17)
