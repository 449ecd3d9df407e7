"""Replies in the forms that chat models use: what they say is read, what they do not say is not judged."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from branchwise import tasks
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.domains.calendar_answer import slot_in
from branchwise.tasks.domains.calendar_text import calendar_text
from branchwise.tasks.domains.clock_text import span
from branchwise.tasks.domains.meetings import clock
from branchwise.tasks.domains.reading import digits, plain

CALENDAR = """You need to schedule a meeting for Ann and Bob for 15 minutes between the work hours of 9:00 to 10:00 \
on Monday.

Here are the existing schedules for everyone during the day:
Ann is busy on Monday during 9:00 to 9:15, 9:30 to 10:00;
Bob is busy on Monday during 9:45 to 10:00;

Find a time that works for everyone's schedule and constraints."""

TRIP = """You plan to visit 3 European cities for 15 days in total. You only take direct flights to commute between \
cities. You want to spend 6 days in Bergen op Zoom. You want to spend 4 days in São Paulo. You want to spend 7 days in \
Bergen.

Here are the cities that have direct flights:
Bergen and São Paulo, São Paulo and Bergen op Zoom.

Find a trip plan of visiting the cities for 15 days by taking direct flights to commute between them."""
STAYS = "Day 1-7: Bergen\nDay 7-10: São Paulo\nDay 10-15: Bergen op Zoom"

MEETING = """You are visiting San Francisco for the day and want to meet as many friends as possible. Solve the \
problem by considering various different schedules and picking the best one to optimize your goals.

Travel distances (in minutes):
Pier to Park: 10.
Park to Pier: 10.

CONSTRAINTS: You arrive at Pier at 9:00AM. Ann will be at Park from {hours}. You'd like to meet Ann for a minimum \
of 60 minutes.

Your response should start with 'SOLUTION:'."""
LATE = """You start at Pier at 9:00AM.
You travel to Park in 10 minutes and arrive at 9:10AM.
You wait until 11:15PM.
You meet Ann for 60 minutes from 11:15PM to 12:15AM.
The end"""


def judge(task: str, problem: str, text: str, complete: bool = True) -> Verdict:
    loaded = tasks.load(task)
    constraints = loaded.read_constraints(problem)
    assert constraints is not None
    assert loaded.check is not None
    verdict = loaded.check(constraints, text, complete)
    assert verdict is not None
    return verdict


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("Monday, 1:00 - 1:30 PM", "Monday 13:00 13:30"),
        ("Monday, 11:00 - 1:00 PM", "Monday 11:00 13:00"),
        ("Monday, 10:00 AM – 10:30 AM", "Monday 10:00 10:30"),
        (
            "Considering Monday, 9:00 - 9:30 is busy.\nFinal answer: Monday, 10:00 - 10:30",
            "Monday 10:00 10:30",
        ),
        ("**Monday, 09:00 – 9:30**", "Monday 9:00 9:30"),
        (r"\[\boxed{\text{Monday, 9:00 - 9:30}}\]", "Monday 9:00 9:30"),
        (r"\(\text{Monday},\ 9{:}00 - 9{:}30\)", "Monday 9:00 9:30"),
        ("```\nMonday, 9:00 - 9:30\n```\nThis suits all.", "Monday 9:00 9:30"),
        ("Let us meet on Monday from 10 AM to 10:30 AM.", "Monday 10:00 10:30"),
        ("10:00-10:30 on Monday", "Monday 10:00 10:30"),
        ("**Day:** Monday\n**Time:** 9:00 - 9:30", "Monday 9:00 9:30"),
        ("Monday, nine thirty to ten o'clock", "Monday 9:30 10:00"),
        ("Monday, noon - 12:30 PM", "Monday 12:00 12:30"),
        ("Monday, 9:00 to 9:30 in the evening", "Monday 21:00 21:30"),
        ("Monday, 9 in the morning until 9:30 in the morning", "Monday 9:00 9:30"),
        ("Monday, 11:30 PM - 12:30 AM", "Monday 23:30 24:30"),
        ("Monday, 9:00 - 9:30\nAnn is busy on Monday 10:00 - 11:00.", "Monday 9:00 9:30"),
    ],
)
def test_a_proposed_time_is_read_in_many_forms(text: str, slot: str) -> None:
    found = slot_in(text)
    assert found is not None
    assert f"{found.day} {clock(found.start)} {clock(found.end)}" == slot


@pytest.mark.parametrize(
    "text",
    [
        "Monday, 9:00 - 9:30 or Tuesday, 9:00 - 9:30",
        "Monday, 9:00 - 9:30 does not work.",
        "Either Monday or Tuesday, 9:00 - 9:30",
        "Ann is busy on Monday, 9:00 - 9:30.",
        "Final answer: Monday, 9:00 - 9:30.\nActually, make that Monday, 10:00 - 10:30.",
        "Monday at ten",
        "There is no such time.",
    ],
)
def test_several_times_or_doubt_are_no_answer(text: str) -> None:
    assert slot_in(text) is None
    verdict = judge("calendar", CALENDAR, text)
    assert (verdict.verified_by, verdict.score, verdict.accepted) == (VerifiedBy.NONE, None, False)


def test_a_fifteen_minute_gap_is_offered_and_its_day_is_not_refuted() -> None:
    task = tasks.load("calendar")
    constraints = task.read_constraints(CALENDAR)
    assert constraints is not None
    assert "Monday, 9:15 - 9:30" in task.output_format(constraints, "", "solution").choices
    assert "9:15 - 9:30" in task.output_format(constraints, "Monday, ", "step").choices
    assert judge("calendar", CALENDAR, "Monday, ", complete=False).accepted
    assert judge("calendar", CALENDAR, "Monday, 9:15 - 9:30").accepted
    assert judge("calendar", CALENDAR, "9:15 - 9:30").accepted


@pytest.mark.parametrize(
    ("old", "new", "minutes", "start"),
    [
        ("15 minutes", "forty-five minutes", 45, 540),
        ("15 minutes", "three quarters of an hour", 45, 540),
        ("15 minutes", "1 hour", 60, 540),
        ("9:00 to 10:00 on", "9:00 AM to 10:00 AM on", 15, 540),
        ("9:00 to 10:00 on", "9:00 – 10:00 on", 15, 540),
    ],
)
def test_problems_are_read_in_other_words(old: str, new: str, minutes: int, start: int) -> None:
    meeting = calendar_text(CALENDAR.replace(old, new))
    assert meeting is not None
    assert (meeting.duration, meeting.start) == (minutes, start)


@pytest.mark.parametrize(
    "text",
    [
        STAYS,
        STAYS.replace("-", "–"),
        STAYS.replace("Day", "day"),
        STAYS.upper(),
        STAYS.replace("ã", "a"),
        f"First draft:\nDay 1-7: São Paulo\n\nFinal plan:\n{STAYS}",
        STAYS.replace("São Paulo", "Arrive in São Paulo and explore the city."),
        STAYS.replace("Day 1-7", "Days one to seven"),
        "\n".join(f"- **{line.replace('-', ' to Day ')}**" for line in STAYS.split("\n")),
        STAYS.replace("\n", "; "),
        STAYS.replace("São Paulo", "São Paulo (fly from Bergen to São Paulo on day 7)"),
        STAYS.replace("São Paulo", "Visit São Paulo for 4 days."),
        f"Here is my plan for 15 days.\n\n```\n{STAYS}\n```\nEnjoy!",
    ],
)
def test_an_itinerary_is_read_in_many_forms(text: str) -> None:
    verdict = judge("trip", TRIP, text)
    assert (verdict.feedback, verdict.accepted) == ("Every constraint holds.", True)


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (f"{STAYS}\nDay 7-9: Paris, from noon to night", VerifiedBy.PROGRAM),
        (STAYS.replace("São Paulo", "São Paulo for 5 days"), VerifiedBy.PROGRAM),
        (STAYS.replace("São Paulo", "São Paulo (fly from Bergen op Zoom to Bergen)"), VerifiedBy.PROGRAM),
        (STAYS.replace("Day 7-10: São Paulo", "Day 7-10: São Paulo and Bergen"), VerifiedBy.NONE),
        (STAYS.replace("1-7: Bergen", "1-7: not Bergen"), VerifiedBy.NONE),
        (STAYS.replace("São Paulo", "São Paulo or Paris"), VerifiedBy.NONE),
        (STAYS.replace("São Paulo", "São Paulo, then Paris for dinner"), VerifiedBy.NONE),
        (f"{STAYS}\nOn the evening of day 9 we stay elsewhere.", VerifiedBy.NONE),
        ("I would go to Bergen first and then see.", VerifiedBy.NONE),
    ],
)
def test_nothing_is_accepted_after_a_part_was_dropped(text: str, by: VerifiedBy) -> None:
    verdict = judge("trip", TRIP, text)
    assert (verdict.accepted, verdict.verified_by) == (False, by)


def test_constrained_decoding_admits_every_city_of_the_problem() -> None:
    task = tasks.load("trip")
    constraints = task.read_constraints(TRIP)
    assert constraints is not None
    pattern = task.output_format(constraints, "", "solution").regex
    assert pattern is not None
    assert re.fullmatch(pattern, f"{STAYS}\nThe end")


def test_a_window_past_midnight_is_of_the_next_day() -> None:
    problem = MEETING.format(hours="11:00PM to 12:30AM")
    assert judge("meeting", problem, LATE).accepted
    assert not judge("meeting", problem, "You start at Pier at 9:00AM.\nThe end").accepted
    assert not judge("meeting", problem, LATE.replace("11:15PM", "11:45PM")).accepted
    task = tasks.load("meeting")
    for unclear in ("12:30AM to 2:00AM", "9:00PM to 9:00PM"):
        assert task.read_constraints(MEETING.format(hours=unclear)) is None
    assert (
        task.read_constraints(problem.replace("60 minutes.", "60 minutes. You arrive at Park at 9:00AM."))
        is None
    )


@pytest.mark.parametrize(
    ("old", "new", "feedback"),
    [
        (
            "in 10 minutes and arrive at 9:10AM",
            "in 1 minutes and arrive at 9:01AM",
            "takes 10 minutes and not 1",
        ),
        ("arrive at 9:10AM", "arrive at 9:20AM", "It is 9:10 then and not 9:20AM"),
        ("for 60 minutes", "for 5 minutes", "60 minutes or more"),
        ("to 12:15AM", "to 11:20PM", "60 minutes or more"),
        ("from 11:15PM", "from 11:05PM", "It is 23:15 then"),
    ],
)
def test_a_number_that_the_plan_tells_and_that_is_false_is_a_violation(
    old: str, new: str, feedback: str
) -> None:
    verdict = judge("meeting", MEETING.format(hours="11:00PM to 12:30AM"), LATE.replace(old, new))
    assert feedback in verdict.feedback
    assert (verdict.accepted, verdict.verified_by) == (False, VerifiedBy.PROGRAM)


@pytest.mark.parametrize(
    ("task", "problem", "right", "unread"),
    [
        (
            "game24",
            "4 5 6 10",
            "**Answer:** \\((10 - 4) \\times 5 - 6 = 24\\)",
            "It cannot be done, I think.",
        ),
        ("game24", "4 5 6 10", "So the result is\n(10 - 4) * 5 - 6 = 24", "Answer: impossible"),
        (
            "blocksworld",
            "Now: a is on the table, b is on a.\nGoal: a is on b.",
            "Plan:\n1. **Unstack b from a**\n2. Put down b\n3. Pick up a\n4. Stack a on top of b",
            "steal b\nput-down b\npick-up a\nstack a b",
        ),
        (
            "blocksworld",
            "Now: a is on the table, b is on a.\nGoal: a is on b.",
            "unstack(b, a); put-down(b); pick-up(a); stack(a, b)",
            "unstack b a\ndo not put-down b\npick-up a\nstack a b",
        ),
        (
            "blocksworld",
            "Now: A is on the table, B is on A.\nGoal: A is on B.",
            "unstack b a\nput-down b\npick-up a\nstack a b",
            "First I would unstack b and so on.",
        ),
        (
            "procedure",
            "Start with the text abc.\n1. Reverse the text.\n2. Delete letter 1.",
            "Here is the result:\n```\n1. Reverse the text: `cba`\n2. **ba**\n```",
            "The text is now cba and then ba.",
        ),
    ],
)
def test_other_tasks_read_decorated_replies_and_judge_no_others(
    task: str, problem: str, right: str, unread: str
) -> None:
    assert judge(task, problem, right).accepted
    verdict = judge(task, problem, unread)
    assert (verdict.verified_by, verdict.score, verdict.accepted) == (VerifiedBy.NONE, None, False)


@pytest.mark.parametrize("task", ["game24", "blocksworld", "procedure", "trip", "meeting"])
def test_a_beginning_that_is_not_understood_is_no_dead_end(task: str) -> None:
    problem = {
        "game24": "4 5 6 10",
        "blocksworld": "Now: a is on the table, b is on a.\nGoal: a is on b.",
        "procedure": "Start with the text abc.\n1. Reverse the text.",
        "trip": TRIP,
        "meeting": MEETING.format(hours="1:00PM to 3:00PM"),
    }[task]
    assert judge(task, problem, "On day 3 at 9:00 we stack 2 + 2 somewhere, perhaps", complete=False).accepted


def test_plain_text_and_number_words() -> None:
    assert plain("> **Day 1–3:** `Oslo`\n* \\(x\\)\n```py\ny\n```") == "Day 1-3: Oslo\nx\n\ny"
    assert digits("day one to three, for twenty-five minutes") == "day 1 to 3, for 25 minutes"
    assert span("11:30 PM", "12:15 AM") == (1410, 1455)
    assert span("9", "10") is None


@given(st.text(max_size=400))
def test_any_text_can_be_read(text: str) -> None:
    plain(digits(text))
    slot_in(text)


@pytest.mark.parametrize(
    "sign",
    ["\n", " ", "*", "9:00 - ", "day 1 ", "$", "\\(", "Answer: ", "You meet ", "\\boxed{", "stack a ", "("],
)
def test_long_texts_are_read_in_linear_time(sign: str) -> None:
    text = sign * (100_000 // len(sign))
    began = time.process_time()
    for name in ("calendar", "trip", "meeting", "game24", "blocksworld", "procedure", "text", "math500"):
        tasks.load(name).answer(text)
        tasks.load(name).is_complete(text)
    judge("trip", TRIP, text)
    judge("meeting", MEETING.format(hours="1:00PM to 3:00PM"), text)
    assert time.process_time() - began < 5
