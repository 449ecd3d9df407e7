"""Meeting planning: meet as many friends as possible (NATURAL PLAN, Zheng et al. 2024, arXiv 2406.04520)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from branchwise.models.protocol import OutputFormat
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.visits import Friend, Outing, most_friends, visits_text
from branchwise.tasks.domains.visits_answer import friends_in, replay
from branchwise.tasks.task import Task, not_judged

_INSTRUCTIONS = """{problem}

Write one sentence a line, of these forms, and "The end" at the end:
You start at PLACE at 9:00AM.
You travel to PLACE in 10 minutes and arrive at 9:10AM.
You wait until 1:00PM.
You meet NAME for 75 minutes from 1:00PM to 2:15PM."""

_NAME = "meeting checker"
_LONGEST = 100_000


def meeting() -> Task:
    """Build the meeting task."""
    return Task(
        name="meeting",
        about="Meet as many friends as possible across a city (NATURAL PLAN).",
        instructions=_INSTRUCTIONS,
        constraint_types="where the day begins and when; travel times; where, when and how long to meet each friend",
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=_shape,
        is_complete=lambda text: re.search(r"^The end\b", text, re.MULTILINE) is not None,
        answer=_answer,
        check=_check,
        checks_steps=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the meeting instances of NATURAL PLAN."""
    for row in read_records(
        folder, "natural_plan/instances_300.jsonl.gz", "natural_plan/meeting_planning.json"
    ):
        if row.get("task", "meeting") == "meeting":
            steps = row["golden_plan"] if isinstance(row["golden_plan"], list) else []
            gold = "\n".join(str(step) for step in steps)
            yield Instance(
                id=str(row["id"]),
                problem=str(row["prompt_0shot"]),
                gold=gold,
                meta={"people": row["num_people"]},
            )


def grade(instance: Instance, text: str) -> Grades:
    """Grade by the exact maximum, and by the official count: as many friends met as in the golden plan.

    The official grader counts the friends met before the first violation and ignores the plan's numbers; the
    exact one allows no violation and no false number (docs/decisions/0015).
    """
    outing = visits_text(instance.problem)
    if outing is None:
        return {"exact": False, "official": False}
    day = replay(outing, text)
    met, golden = (replay(outing, plan, claims=False).met for plan in (text, str(instance.gold)))
    exact = not day.unread and not day.violation and len(day.met) == most_friends(outing)
    return {"exact": exact, "official": len(met) == len(golden)}


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(
            f"The problem has {len(problem)} characters; a meeting problem has at most {_LONGEST}."
        )
    if "meet" not in problem or not re.search(r"\d{1,2}:\d{2}", problem):
        raise BadInput("This is no meeting problem: it speaks of nobody to meet or of no times.")


def _read_constraints(problem: str) -> Constraints | None:
    outing = visits_text(problem)
    if outing is None:
        return None
    items = [f"the day begins at {outing.place}"]
    items += [f"meet {f.name} at {f.place} for {f.stay} minutes or more" for f in outing.friends]
    data: Any = json.loads(json.dumps(asdict(outing)))  # lists for tuples, as after JSON storage
    return Constraints(items=(*items, "meet as many friends as possible"), data=data, source="program")


def _outing(constraints: Constraints) -> Outing | None:
    given: Any = constraints.data
    try:
        return Outing(
            place=given["place"],
            time=given["time"],
            friends=tuple(Friend(**friend) for friend in given["friends"]),
            travel=tuple((here, there, takes) for here, there, takes in given["travel"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _shape(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
    return OutputFormat(max_tokens=768) if grain == "solution" else OutputFormat(max_tokens=48, stop=("\n",))


def _answer(text: str) -> str | None:
    """The friends met, in order: plans that differ only in their waits are equal."""
    return "; ".join(friends_in(text)) or None


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Judge by replay and by the exact maximum of friends.

    A plan without violation that meets the maximum gets 100; another one up to 90 by the share of the maximum
    that it meets before its first violation. A beginning is judged by the same share and its violations. A
    false number in the plan is a violation; a plan with an unreadable step is not judged.
    """
    outing = _outing(constraints)
    if outing is None:
        return None
    day = replay(outing, text)
    blank = not re.search(r"\w", text.replace("The end", ""))
    if day.unread or (complete and not blank and not day.met and not day.violation and "You " not in text):
        why = (
            f"`{day.unread[:80]}` is not in one of the forms asked for."
            if day.unread
            else "No step is there."
        )
        return not_judged(why, _NAME, complete=complete)
    most = most_friends(outing)
    right = complete and not day.violation and len(day.met) == most
    share = len(day.met) / most if most else 1.0
    score = -100.0 if day.violation else 90 * share
    if complete:
        score = 100.0 if right else -100 + 190 * share
    feedback = f"{day.violation} {len(day.met)} friends are met.".strip()
    if complete and not day.violation and not right:
        feedback += " More are possible."
    accepted = right or (not complete and not day.violation)
    return Verdict(
        score=score,
        accepted=accepted,
        feedback=feedback,
        verified_by=VerifiedBy.PROGRAM,
        verifier=_NAME,
    )
