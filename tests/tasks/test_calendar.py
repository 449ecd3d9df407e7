from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Json, VerifiedBy
from branchwise.tasks.calendar import Constrain, calendar, grade, instances
from branchwise.tasks.domains.calendar_answer import slot_in
from branchwise.tasks.domains.calendar_text import calendar_text
from branchwise.tasks.domains.instances import read_records
from branchwise.tasks.domains.meetings import WEEK, Meeting, Slot, meeting_data, typed_meeting

EXAMPLES = sorted((Path(__file__).parents[2] / "examples" / "calendar").glob("*.txt"))

PROBLEM = """You need to schedule a meeting for Ada and Bo for half an hour between the work hours of \
9:00 to 17:00 on either Monday or Tuesday.

Here are the existing schedules for everyone during the days:
Ada is busy on Monday during 9:00 to 12:00, 13:00 to 17:00, Tuesday during 9:00 to 10:00;
Bo is free the entire week.

Bo can not meet on Tuesday after 11:00. Find a time that works for everyone's schedule and constraints."""

# Upstream's structured constraints of these drop or widen a preference that the text states.
MISREAD_UPSTREAM = {f"calendar_scheduling_example_{n}" for n in (704, 707, 765, 776, 778, 786, 867)}


def read(problem: str = PROBLEM) -> Constraints:
    constraints = calendar().read_constraints(problem)
    assert constraints is not None
    return constraints


def accepted(text: str, constraints: Constraints) -> bool:
    check = calendar().check
    assert check is not None
    verdict = check(constraints, text, True)
    assert verdict is not None
    return verdict.accepted


def test_reads_every_sentence() -> None:
    meeting = calendar_text(PROBLEM)
    assert meeting is not None
    assert meeting.participants == ("Ada", "Bo")
    assert (meeting.duration, meeting.start, meeting.end) == (30, 540, 1020)
    assert meeting.days == ("Monday", "Tuesday")
    assert len(meeting.busy) == 3
    assert [(b.person, b.start, b.end) for b in meeting.avoid] == [("Bo", 660, 1440)]
    assert not meeting.earliest


@pytest.mark.parametrize(
    "change",
    [
        ("Bo can not meet on Tuesday after 11:00.", "Bo would prefer a long lunch."),
        ("Bo is free the entire week.", ""),
        ("Bo is free the entire week.", "Cy is free the entire week."),
        ("9:00 to 12:00", "12:00 to 9:00"),
        ("9:00 to 12:00", "9:00 to 32:00"),
        ("half an hour", "a while"),
    ],
)
def test_what_is_not_understood_is_left_to_a_model(change: tuple[str, str]) -> None:
    assert calendar_text(PROBLEM.replace(*change)) is None


def test_a_preference_goes_on_in_fragments() -> None:
    meeting = calendar_text(PROBLEM.replace("Tuesday after 11:00.", "Monday. Tuesday before 10:30."))
    assert meeting is not None
    assert [(b.person, b.day, b.start, b.end) for b in meeting.avoid] == [
        ("Bo", "Monday", 0, 1440),
        ("Bo", "Tuesday", 0, 630),
    ]


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("Monday, 12:00 - 12:30", True),
        ("Here is the proposed time: **Tuesday, 10:30 - 11:00**", True),
        ("Tuesday, 10:00 to 10:30", True),
        ("Tuesday, 11:00 - 11:30", False),
        ("Monday, 11:30 - 12:00", False),
        ("Monday, 12:00 - 13:00", False),
        ("Wednesday, 12:00 - 12:30", False),
        ("Tuesday, 8:30 - 9:00", False),
        ("Monday", False),
    ],
)
def test_check(text: str, verdict: bool) -> None:
    assert accepted(text, read()) is verdict


def test_feedback_names_what_is_broken_and_gives_nothing_away() -> None:
    check = calendar().check
    assert check is not None
    verdict = check(read(), "Monday, 16:45 - 17:30", True)
    assert verdict is not None
    assert "Ada is busy 13:00-17:00." in verdict.feedback
    assert "9:00 to 17:00" in verdict.feedback
    assert "12:00" not in verdict.feedback
    earliest = read(
        PROBLEM.replace("Find", "The group would like to meet at their earlist availability.\nFind")
    )
    late = check(earliest, "Tuesday, 10:00 - 10:30", True)
    assert late is not None
    assert (late.accepted, late.feedback) == (False, "An earlier time is possible.")
    assert accepted("Monday, 12:00 - 12:30", earliest)


def test_a_day_is_judged_by_its_free_times() -> None:
    check = calendar().check
    assert check is not None
    monday, tuesday, friday = (check(read(), f"{day}, ", False) for day in ("Monday", "Tuesday", "Friday"))
    assert monday is not None
    assert tuesday is not None
    assert friday is not None
    assert monday.accepted
    assert monday.score == pytest.approx(90 * 2 / 16)
    assert tuesday.score == pytest.approx(90 * 2 / 16)
    assert (friday.accepted, friday.score) == (False, -100)
    assert check(read(), "I think", False) is None


def test_a_model_s_constraints_are_typed_strictly_and_never_called_sound() -> None:
    task = calendar()
    data = dict(read().data)
    typed = task.type_constraints(data)
    assert typed is not None
    assert typed.source == "model"
    assert task.check is not None
    verdict = task.check(typed, "Monday, 12:00 - 12:30", True)
    assert verdict is not None
    assert verdict.verified_by is VerifiedBy.MODEL
    changes: list[dict[str, Json]] = [
        {"duration": "30"},
        {"duration": 0},
        {"more": 1},
        {"start": "9"},
        {"days": []},
    ]
    changes += [{"days": ["Someday"]}, {"participants": ["Ada"]}]
    wrongs: list[Json] = [None, [], {}, *({**data, **change} for change in changes)]
    for wrong in wrongs:
        assert task.type_constraints(wrong) is None


def test_without_typed_constraints_the_program_is_silent() -> None:
    check = calendar().check
    assert check is not None
    assert check(Constraints(items=("be nice",), source="model"), "Monday, 12:00 - 12:30", True) is None


@pytest.mark.parametrize("constrain", ["none", "form", "hours"])
def test_constrained_decoding(constrain: Constrain) -> None:
    task = calendar(constrain)
    whole = task.output_format(read(), "", "solution")
    first = task.output_format(read(), "", "step")
    second = task.output_format(read(), "Monday, ", "step")
    if constrain == "hours":
        assert len(whole.choices) == 32
        assert first.choices == ("Monday, ", "Tuesday, ")
        assert {f"Monday, {time}" for time in second.choices} < set(whole.choices)
    elif constrain == "form":
        assert whole.regex is not None
        assert re.fullmatch(whole.regex, "Sunday, 9:00 - 17:30")
        assert re.fullmatch(f"{first.regex}{second.regex}", "Sunday, 9:00 - 17:30")
    else:
        assert not whole.constrained


def test_constraints_on_decoding_never_use_a_schedule() -> None:
    busy = read()
    free = calendar_text(PROBLEM)
    assert free is not None
    data = {**meeting_data(free), "busy": [], "avoid": []}
    task = calendar()
    for text, grain in (("", "solution"), ("", "step"), ("Monday, ", "step")):
        same = task.output_format(Constraints(data=data), text, grain)  # type: ignore[arg-type]
        assert same == task.output_format(busy, text, grain)  # type: ignore[arg-type]


@pytest.mark.parametrize("problem", ["", " \n", "What is 2+2?", "x" * 200_000])
def test_plainly_no_problem(problem: str) -> None:
    with pytest.raises(BadInput):
        calendar().validate(problem)


def test_an_unknown_degree_of_constraint() -> None:
    with pytest.raises(BadInput, match="constrain"):
        calendar("much")  # type: ignore[arg-type]


@given(st.text(max_size=300))
def test_any_text_is_survived(text: str) -> None:
    constraints = read()
    task = calendar()
    assert task.check is not None
    assert calendar_text(text) is None
    task.answer(text)
    task.check(constraints, text, True)
    task.check(constraints, text, False)
    assert accepted(text, constraints) is False


@given(
    day=st.sampled_from(WEEK[:3]),
    start=st.integers(0, 1439),
    length=st.integers(1, 200),
)
def test_check_agrees_with_minute_by_minute_search(day: str, start: int, length: int) -> None:
    constraints = read()
    meeting = typed_meeting(constraints.data)
    assert meeting is not None
    end = start + length
    text = f"{day}, {start // 60}:{start % 60:02} - {end // 60}:{end % 60:02}"
    taken = [b for b in (*meeting.busy, *meeting.avoid) if b.day == day]
    free = all(not b.start <= minute < b.end for b in taken for minute in range(start, end))
    right = day in meeting.days and length == 30 and start >= 540 and end <= 1020 and free
    assert accepted(text, constraints) is right


def test_answers_are_normalised() -> None:
    answer = calendar().answer
    assert answer("**Monday, 09:00 – 9:30**") == "Monday, 9:00 - 9:30"
    assert answer("Not Monday, 9:00 - 9:30. Here is the proposed time: Tuesday, 10:00 - 10:30") == (
        "Tuesday, 10:00 - 10:30"
    )
    assert answer("no idea") is None
    assert answer("Monday, 99:00 - 99:30") is None


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_are_read_and_solvable(path: Path) -> None:
    task = calendar()
    problem = path.read_text(encoding="utf-8")
    task.validate(problem)
    constraints = read(problem)
    choices = task.output_format(constraints, "", "solution").choices
    assert 0 < sum(accepted(choice, constraints) for choice in choices) < len(choices)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 3


def test_golden_plans_pass_both_graders(data: Path) -> None:
    grades = [grade(instance, str(instance.gold)) for instance in instances(data)]
    assert len(grades) == 67
    assert all(all(grade.values()) for grade in grades)


def test_reference_numbers_of_gemini(data: Path) -> None:
    """The share of valid answers is above exact match, because some problems have several answers."""
    predictions = {
        row["id"]: str(row["pred_5shot_gemini15pro"])
        for row in read_records(data, "natural_plan/instances_300.jsonl.gz")
    }
    passed: Counter[str] = Counter()
    for instance in instances(data):
        passed.update(name for name, ok in grade(instance, predictions[instance.id]).items() if ok)
    assert passed == {"constraints": 40, "official": 35}


def feasible_by_upstream(meeting: Meeting, blocked: Any) -> set[tuple[str, int]]:
    def at(hours: float) -> int:  # upstream writes 10:30 as 10.5 and sometimes as 10.3
        return int(hours) * 60 + (0 if hours == int(hours) else 30)

    return {
        (day, start)
        for day in meeting.days
        for start in range(0, 24 * 60 - meeting.duration + 1, 30)
        if not any(
            b["day"] == day and start < at(b["end"]) and at(b["start"]) < start + meeting.duration
            for b in blocked["disallowed_ranges"]
        )
    }


def test_all_instances_are_read_and_agree_with_the_structured_constraints(data: Path) -> None:
    differ = set()
    for row in read_records(data, "natural_plan/instances_300.jsonl.gz"):
        if row["task"] != "calendar":
            continue
        meeting = calendar_text(str(row["prompt_0shot"]))
        assert meeting is not None
        assert typed_meeting(meeting_data(meeting)) == meeting
        ours = {(day, s.start) for day in meeting.days for s in meeting.grid(day) if not meeting.clashes(s)}
        theirs = feasible_by_upstream(meeting, row["constraints"])
        assert row["earliest"] is meeting.earliest
        if ours != theirs:
            differ.add(str(row["id"]))
    assert differ == MISREAD_UPSTREAM


def test_logged_outputs_are_judged_as_logged(data: Path) -> None:
    """The labels say duration, day and no clash; so `earliest` is left out here."""
    read_by_id = {i.id: read(i.problem) for i in instances(data)}
    agreed = judged = 0
    for row in read_records(data, "natural_plan/runs.jsonl.gz"):
        slot = logged_slot(row["pred"]) if row["task"] == "calendar" else None
        if slot is None or row["id"] in MISREAD_UPSTREAM:
            continue
        constraints = read_by_id[str(row["id"])]
        constraints = Constraints(data={**constraints.data, "earliest": False}, source="program")
        judged += 1
        agreed += accepted(slot, constraints) is row["correct"]
    assert agreed == judged == 2601


def logged_slot(pred: object) -> str | None:
    if not isinstance(pred, dict) or not pred.get("day"):
        return None
    times = re.findall(
        r"\d{1,2}:\d{2}", str(pred.get("time_range") or f"{pred['start_time']} {pred['end_time']}")
    )
    if len(times) != 2:
        return None
    text = f"{pred['day']}, {times[0]} - {times[1]}"
    return text if slot_in(text) else None


def test_slots_are_half_open() -> None:
    meeting = calendar_text(PROBLEM)
    assert meeting is not None
    assert not meeting.clashes(Slot(day="Monday", start=720, end=780))
    assert meeting.clashes(Slot(day="Monday", start=719, end=749))
