"""Plans in JSON, and itineraries that name the city first: read as a whole, or not judged."""

from __future__ import annotations

import json

import pytest

from branchwise import tasks
from branchwise.store.records import Verdict, VerifiedBy
from branchwise.tasks.domains.json_replies import document
from tests.tasks.test_reading import CALENDAR, MEETING, TRIP, judge

RIGHT = {
    "calendar": [
        '{"day": "Monday", "start": "9:15", "end": "9:30"}',
        'Here you are:\n```json\n{"meeting": {"Day": "Monday", "startTime": "9:15 AM", "endTime": "9:30 AM"}}\n```',
        '[{"day": "Mon", "from": "9:15", "to": "9:30", "duration": 15}]',
    ],
    "trip": [
        (
            '{"itinerary": [{"day_range": "Day 1-7", "place": "Bergen"},'
            ' {"day_range": "Day 7-10", "place": "São Paulo"},'
            ' {"day_range": "Day 10-15", "place": "Bergen op Zoom"}]}'
        ),
        (
            '[{"start_day": 1, "end_day": 7, "city": "Bergen", "duration": 7},'
            ' {"day": 7, "from": "Bergen", "to": "São Paulo"},'
            ' {"days": [7, 10], "city": "São Paulo"}, {"days": "10-15", "city": "Bergen op Zoom", "length": "6 days"}]'
        ),
        '{"Day 1-7": "Bergen", "Day 7–10": "São Paulo", "Day 10-15": "Bergen op Zoom"}',
        "Bergen: Day 1-7\nSão Paulo: Day 7-10\nBergen op Zoom: Day 10-15",
        "1. **Bergen** (Days 1–7)\n2. **São Paulo** (Days 7–10)\n3. **Bergen op Zoom** (Days 10–15)",
        (
            "- Stay in Bergen from Day 1 to Day 7 (7 days).\n- Fly from Bergen to São Paulo on Day 7.\n"
            "- São Paulo, 4 days (Day 7-10)\n- Bergen op Zoom: days 10 to 15"
        ),
    ],
    "meeting": [
        '[{"action": "meet", "person": "Ann", "location": "Park", "start_time": "1:00PM", "end_time": "2:00PM"}]',
        (
            'SOLUTION:\n```json\n{"itinerary": [{"friend": "Ann", "place": "Park", "start": "13:30", "end": "14:30",'
            ' "duration": "60 minutes"}]}\n```'
        ),
    ],
}
PROBLEMS = {"calendar": CALENDAR, "trip": TRIP, "meeting": MEETING.format(hours="1:00PM to 3:00PM")}
DAY = MEETING.format(hours="9:00AM to 11:00AM").replace(
    "\n\nYour",
    " Bo will be at Pier from 12:30PM to 2:00PM. You'd like to meet Bo for a minimum of 45 minutes.\n\nYour",
)
"""A morning and an afternoon."""


def plan(*times: str) -> str:
    meetings = zip(("Ann", "Bo"), ("Park", "Pier"), times[::2], times[1::2], strict=False)
    return json.dumps([{"person": w, "location": at, "start": s, "end": e} for w, at, s, e in meetings])


def verdict(task: str, text: str) -> Verdict:
    return judge(task, PROBLEMS[task], text)


@pytest.mark.parametrize(("task", "text"), [(task, text) for task, texts in RIGHT.items() for text in texts])
def test_a_right_plan_is_accepted(task: str, text: str) -> None:
    told = verdict(task, text)
    assert (told.accepted, told.verified_by) == (True, VerifiedBy.PROGRAM), told.feedback
    assert tasks.load(task).answer(text)


@pytest.mark.parametrize(
    ("task", "number", "old", "new"),
    [
        ("calendar", 0, "9:30", "9:45"),
        ("calendar", 0, "Monday", "Tuesday"),
        ("trip", 0, "1-7", "1-6"),
        ("trip", 0, "Bergen op Zoom", "Paris"),
        ("trip", 1, '"duration": 7', '"duration": 6'),
        ("trip", 1, '"day": 7', '"day": 8'),
        ("trip", 3, "7-10", "8-10"),
        ("trip", 5, "(7 days)", "(6 days)"),
        ("trip", 5, "on Day 7", "on Day 6"),
        ("meeting", 0, "1:00PM", "9:05AM"),
        ("meeting", 0, "2:00PM", "1:30PM"),
        ("meeting", 0, "Park", "Pier"),
        ("meeting", 0, "Ann", "Bob"),
    ],
)
def test_a_changed_plan_is_refuted(task: str, number: int, old: str, new: str) -> None:
    told = verdict(task, RIGHT[task][number].replace(old, new, 1))
    assert (told.accepted, told.verified_by) == (False, VerifiedBy.PROGRAM), told.feedback


@pytest.mark.parametrize(
    ("task", "text"),
    [
        ("calendar", '{"day": "Monday", "start": "9:15", "end": "9:30", "status": "rejected"}'),
        ("calendar", '{"day": "Monday", "start": "9:15", "end": "9:30", "duration": 30}'),
        ("calendar", '{"day": "Monday", "start": "9:15", "start": "9:00", "end": "9:30"}'),
        (
            "calendar",
            '[{"day": "Monday", "start": "9:15", "end": "9:30"}, {"day": "Monday", "start": "9", "end": "10"}]',
        ),
        ("trip", RIGHT["trip"][0].replace('"Bergen"', '"Bergen", "note": "or Paris"')),
        (
            "trip",
            '[{"city": "Bergen", "days": 7}, {"city": "São Paulo", "days": 4}, {"city": "Bergen op Zoom", "days": 6}]',
        ),
        ("trip", RIGHT["trip"][1].replace('"duration": 7', '"duration": "about a week"')),
        ("trip", f"{RIGHT['trip'][3]}\nReturn: Day 15"),
        ("trip", RIGHT["trip"][3].replace("Bergen:", "Bergen and Paris:")),
        ("meeting", RIGHT["meeting"][0].replace("1:00PM", "1:00").replace("2:00PM", "2:00")),
        ("meeting", RIGHT["meeting"][1].replace('"60 minutes"', '"90 minutes"')),
        ("meeting", RIGHT["meeting"][0].replace('"meet"', '"skip"')),
        ("meeting", RIGHT["meeting"][0].replace("1:00PM", "01:00").replace("2:00PM", "02:00")),
    ],
)
def test_what_is_not_understood_as_a_whole_is_not_judged(task: str, text: str) -> None:
    told = verdict(task, text)
    assert (told.accepted, told.verified_by, told.score) == (False, VerifiedBy.NONE, None), told.feedback


@pytest.mark.parametrize("bo", [("01:00", "01:45"), ("12:45", "01:30")])
def test_times_that_go_backwards_are_of_no_plain_clock(bo: tuple[str, str]) -> None:
    told = judge("meeting", DAY, plan("09:30", "10:30", *bo))
    assert (told.accepted, told.verified_by, told.score) == (False, VerifiedBy.NONE, None), told.feedback


@pytest.mark.parametrize(
    ("times", "right"),
    [
        (("09:30", "10:30", "13:00", "13:45"), True),
        (("09:30", "10:30", "12:30", "13:15"), True),
        (("09:30", "10:30"), False),  # read, and one friend too few
        (("09:30", "10:30", "13:00", "13:30"), False),
        (("09:30", "10:30", "09:45", "13:30"), False),
        (("09:30", "10:00", "10:15", "11:00"), False),
    ],
)
def test_a_plain_clock_of_24_hours_is_judged(times: tuple[str, ...], right: bool) -> None:
    told = judge("meeting", DAY, plan(*times))
    assert (told.accepted, told.verified_by) == (right, VerifiedBy.PROGRAM), told.feedback


def test_only_a_whole_reply_is_a_document() -> None:
    assert document('```json\n{"a": 1}\n```') == {"a": 1}
    assert document('At 9:00.\n```json\n{"a": 1}\n```') is None
    assert document('{"a": NaN}') is None
    assert document("[" * 5000) is None
    assert document(json.dumps("text")) is None
