"""Calendar scheduling: find a time for a meeting (NATURAL PLAN, Zheng et al. 2024, arXiv 2406.04520)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from branchwise.models.protocol import OutputFormat
from branchwise.renamed import new_names
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Json, Verdict, VerifiedBy
from branchwise.tasks.domains.calendar_answer import slot_in
from branchwise.tasks.domains.calendar_text import calendar_text
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.meetings import (
    MEETING_SCHEMA,
    WEEK,
    Meeting,
    Slot,
    clock,
    meeting_data,
    typed_meeting,
)
from branchwise.tasks.task import Task, not_judged

Constrain = Literal["none", "form", "hours"]
"""Constraint on decoding: none; the form of an answer; also days, hours and duration."""

_INSTRUCTIONS = """{problem}

Answer with one time, in the form: day, start - end."""

_TYPES = """who takes part; how many minutes the meeting lasts; the work hours; the days that may be used;
when each person is busy (all spans); when somebody would rather not meet (after 14:00 means 14:00 to 24:00,
before 11:00 means 0:00 to 11:00, a whole day means 0:00 to 24:00); whether the earliest time is asked for"""

_DAY = "|".join(WEEK)
_TIME = r"\d{1,2}:\d{2}"
_OPENED = re.compile(rf"({_DAY}), ?$")
_NAME = "calendar checker"
_FORM = "[0-9]{1,2}:[0-9]{2} - [0-9]{1,2}:[0-9]{2}"
_LONGEST = 100_000
_MOST_CHOICES = 500
"""Most times offered as choices; more are constrained by their form."""


@new_names(steer="constrain")
def calendar(constrain: Constrain = "hours") -> Task:
    """Build the calendar task.

    Constraints on decoding never use the schedules: that would be solving, not searching.

    Args:
        constrain: "none" samples free text; "form" fixes the form `Day, H:MM - H:MM`; "hours" offers only the
            asked days, starts inside work hours on the half hour or on the finer grid that the problem's own times
            are on, and the right duration.

    Raises:
        BadInput: `constrain` is none of the three.
    """
    if constrain not in {"none", "form", "hours"}:
        raise BadInput(f"`constrain` is one of `none`, `form` and `hours`, not `{constrain}`.")

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        return _shape(constrain, typed_meeting(constraints.data), text, grain)

    return Task(
        name="calendar",
        about="Find a time for a meeting that suits everybody (NATURAL PLAN).",
        instructions=_INSTRUCTIONS,
        constraint_types=_TYPES,
        constraint_schema=MEETING_SCHEMA,
        validate=_validate,
        read_constraints=_read_constraints,
        type_constraints=_type_constraints,
        output_format=output_format,
        is_complete=lambda text: slot_in(text) is not None,
        answer=_answer,
        check=_check,
        checks_steps=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the calendar instances of NATURAL PLAN, without their preamble."""
    for row in read_records(
        folder, "natural_plan/instances_300.jsonl.gz", "natural_plan/calendar_scheduling.json"
    ):
        if row.get("task", "calendar") == "calendar":
            yield Instance(
                id=str(row["id"]),
                problem=_body(str(row["prompt_0shot"])),
                gold=str(row["golden_plan"]).strip(),
                meta={"people": row["num_people"], "days": row["num_days"]},
            )


def grade(instance: Instance, text: str) -> Grades:
    """Grade by every constraint, and by the official exact match, which fails other valid answers.

    The official grader takes the first `Word, H:MM - H:MM` and reads any minutes but :30 as :00.
    """
    constraints = _read_constraints(instance.problem)
    verdict = _check(constraints, text, complete=True) if constraints else None
    return {
        "constraints": verdict is not None and verdict.accepted,
        "official": _official(text) is not None and _official(text) == _official(str(instance.gold)),
    }


def _answer(text: str) -> str | None:
    slot = slot_in(text)
    if slot is None:
        return None
    return f"{slot.day}{', ' if slot.day else ''}{clock(slot.start)} - {clock(slot.end)}"


def _body(problem: str) -> str:
    return problem.rpartition("TASK:")[2].partition("SOLUTION:")[0].strip()


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(
            f"The problem has {len(problem)} characters; a calendar problem has at most {_LONGEST}."
        )
    if not re.search(rf"\b(?:{_DAY})\b", problem) or not re.search(_TIME, problem):
        raise BadInput("This is no scheduling problem: it names no day of the week or no time of day (H:MM).")


def _read_constraints(problem: str) -> Constraints | None:
    meeting = calendar_text(problem)
    return None if meeting is None else _constraints(meeting, "program")


def _type_constraints(reply: Json) -> Constraints | None:
    meeting = typed_meeting(reply)
    return None if meeting is None else _constraints(meeting, "model")


def _constraints(meeting: Meeting, source: str) -> Constraints:
    return Constraints(items=meeting.words(), data=meeting_data(meeting), source=source)


def _shape(constrain: Constrain, meeting: Meeting | None, text: str, grain: Grain) -> OutputFormat:
    if constrain == "none":
        return OutputFormat(max_tokens=96, stop=("\n\n",))
    opened = _OPENED.search(text) if grain == "step" else None
    if constrain == "form" or meeting is None:
        whole = f"({_DAY}), {_FORM}"
        regex = _FORM if opened else f"({_DAY}), "
        if grain == "solution":
            regex = whole
        return OutputFormat(max_tokens=24, regex=regex)
    if grain == "step" and opened is None:
        return OutputFormat(max_tokens=8, choices=tuple(f"{day}, " for day in meeting.days))
    if opened:
        spans = tuple(f"{clock(s.start)} - {clock(s.end)}" for s in meeting.grid(opened[1]))
        return OutputFormat(max_tokens=16, choices=spans)
    slots = [slot for day in meeting.days for slot in meeting.grid(day)]
    if len(slots) > _MOST_CHOICES:
        return OutputFormat(max_tokens=24, regex=f"({'|'.join(meeting.days)}), {_FORM}")
    return OutputFormat(
        max_tokens=24, choices=tuple(f"{s.day}, {clock(s.start)} - {clock(s.end)}" for s in slots)
    )


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Check a proposed time against every constraint, or a day by the share of its times that are free.

    A score of 100 means that all constraints hold; else it grows with the share that hold, below 90. A reply
    in which no single time can be read is not judged. For a day alone the score is a process reward: -100
    where the day has no free time left (proof), else the share of its starts without a clash, from 0 to 90.
    It reads the schedules, never the reference answer.
    """
    meeting = typed_meeting(constraints.data)
    if meeting is None:
        return None
    verified_by = VerifiedBy.PROGRAM if constraints.source == "program" else VerifiedBy.MODEL
    slot = slot_in(text)
    if slot is None and not complete:
        return _check_day(meeting, text, verified_by)
    if slot is not None and not slot.day and len(meeting.days) == 1:
        slot = replace(slot, day=meeting.days[0])
    if slot is None or not slot.day:
        return not_judged("No single time in the form `Monday, 9:30 - 10:30` can be read.", _NAME)
    broken, number = _broken(meeting, slot)
    if not broken:
        return _verdict(100, True, "Every constraint holds.", verified_by)
    return _verdict(-100 + 190 * (1 - len(broken) / number), False, " ".join(broken), verified_by)


def _broken(meeting: Meeting, slot: Slot) -> tuple[list[str], int]:
    """A sentence for each broken constraint, and the number of all constraints."""
    broken: list[str] = []
    if slot.day not in meeting.days:
        broken.append(f"{slot.day} is not among the days offered.")
    if slot.start < meeting.start or slot.end > meeting.end:
        broken.append(f"It is not within {clock(meeting.start)} to {clock(meeting.end)}.")
    if slot.end - slot.start != meeting.duration:
        broken.append(f"It does not last {meeting.duration} minutes.")
    for person in meeting.participants:
        spans = [b for b in meeting.busy if b.person == person and slot.meets(b)]
        if spans:
            broken.append(f"{person} is busy {', '.join(f'{clock(b.start)}-{clock(b.end)}' for b in spans)}.")
    broken += [
        f"{b.person} wants no meeting {b.day} {clock(b.start)}-{clock(b.end)}."
        for b in meeting.avoid
        if slot.meets(b)
    ]
    if meeting.earliest and not broken and slot != meeting.first():
        broken.append("An earlier time is possible.")
    return broken, 3 + len(meeting.participants) + len(meeting.avoid) + meeting.earliest


def _check_day(meeting: Meeting, text: str, verified_by: VerifiedBy) -> Verdict | None:
    opened = _OPENED.search(text)
    if opened is None:
        return None
    slots = list(meeting.grid(opened[1])) if opened[1] in meeting.days else []
    free = sum(not meeting.clashes(slot) for slot in slots)
    if not free:
        return _verdict(-100, False, f"{opened[1]} has no possible time.", verified_by)
    return _verdict(
        90 * free / len(slots), True, f"{free} of {len(slots)} times on {opened[1]} are free.", verified_by
    )


def _verdict(score: float, accepted: bool, feedback: str, verified_by: VerifiedBy) -> Verdict:
    return Verdict(score=score, accepted=accepted, feedback=feedback, verified_by=verified_by, verifier=_NAME)


def _official(text: str) -> tuple[str, float, float] | None:
    found = re.search(r"(?<![A-Za-z])([A-Za-z]+), ([0-9]+):([0-9]+) - ([0-9]+):([0-9]+)", text)
    if found is None:
        return None
    day, *numbers = found.groups()
    start, end = (int(hour) + (0.5 if part == "30" else 0.0) for hour, part in (numbers[:2], numbers[2:]))
    return day, start, end
