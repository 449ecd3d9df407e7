"""Trip planning: an itinerary through cities (NATURAL PLAN, Zheng et al. 2024, arXiv 2406.04520)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Literal

from branchwise.models.protocol import OutputFormat
from branchwise.renamed import new_names
from branchwise.store.errors import BadInput
from branchwise.store.records import Constraints, Grain, Verdict, VerifiedBy
from branchwise.tasks.domains.instances import Grades, Instance, read_records
from branchwise.tasks.domains.reading import digits, plain
from branchwise.tasks.domains.trip_answer import Itinerary, itinerary
from branchwise.tasks.domains.trip_forms import day_first, lines_of_json
from branchwise.tasks.domains.trips import (
    Trip,
    broken_rules,
    broken_so_far,
    trip_data,
    trip_text,
    typed_trip,
)
from branchwise.tasks.task import Task, not_judged

_INSTRUCTIONS = """{problem}

Write one line a stay, like "Day 1-3: Porto". The next stay begins on the day the last one ends."""

_NAME = "trip checker"
_TOKENS_A_LINE = 20
_ANY_CITY = "[A-ZÀ-Þ][A-Za-zÀ-ɏ'. -]{0,40}"
_STAY = re.compile(
    r"\bday (\d+)\s*+(?:-|to)\s*+(?:day )?(\d+)\b[^\w\n]{0,4}(?:arriving in [^\n]{1,40}? and )?(?:visit )?"
    r"([^\W\d_][\w'’. -]{0,100}?)(?= for \d| *+[(.,;]? *+$|[.,;(])",
    re.IGNORECASE | re.MULTILINE,
)
_LONGEST = 100_000


@new_names(steer="constrain")
def trip(constrain: Literal["none", "form", "stays"] = "stays") -> Task:
    """Build the trip task.

    Constraints on decoding use neither flights nor events: that would be solving, not searching.

    Args:
        constrain: "none" samples free text; "form" fixes the form of a line; "stays" offers the cities not yet
            visited, from the day the last stay ends, for the days asked for, step by step (whole solutions
            get the form).

    Raises:
        BadInput: `constrain` is none of the three.
    """
    if constrain not in {"none", "form", "stays"}:
        raise BadInput(f"`constrain` is one of `none`, `form` and `stays`, not `{constrain}`.")

    def output_format(constraints: Constraints, text: str, grain: Grain) -> OutputFormat:
        return _shape(constrain, typed_trip(constraints.data), text, grain)

    return Task(
        name="trip",
        about="Order cities with direct flights, stays and events (NATURAL PLAN).",
        instructions=_INSTRUCTIONS,
        constraint_types="days in total; days in each city; events with their days; direct flights",
        validate=_validate,
        read_constraints=_read_constraints,
        output_format=output_format,
        is_complete=lambda text: re.search(r"^The end\b", text, re.MULTILINE) is not None,
        answer=_answer,
        same=lambda one, other: one.casefold() == other.casefold(),
        check=_check,
        checks_steps=True,
    )


def instances(folder: Path | None = None) -> Iterator[Instance]:
    """Read the trip instances of NATURAL PLAN."""
    for row in read_records(folder, "natural_plan/instances_300.jsonl.gz", "natural_plan/trip_planning.json"):
        if row.get("task", "trip") == "trip":
            meta = {"cities": row["cities"], "durations": row["durations"]}
            yield Instance(
                id=str(row["id"]), problem=str(row["prompt_0shot"]), gold=row["golden_plan"], meta=meta
            )


def grade(instance: Instance, text: str) -> Grades:
    """Grade by every constraint, and by the official match of cities and stays with the golden plan."""
    constraints = _read_constraints(instance.problem)
    verdict = _check(constraints, text, complete=True) if constraints else None
    return {"constraints": verdict is not None and verdict.accepted, "official": _official(instance, text)}


def _official(instance: Instance, text: str) -> bool:
    """Whether the plan begins with the golden cities and stays; its flights and events are ignored.

    A stay lasts from one flight's day to the next one's, both counted.
    """
    total = re.search(r"European cities for (\d+) days", text)
    last = 0
    flights: list[tuple[int, str, str]] = []
    for line in text.splitlines():
        if span := re.search(r"(?<!\d)\d+-(\d+)", line):
            last = int(span[1])
            if total and last == int(total[1]):
                break
        # `Day (\d+).*from (\w+) to (\w+)`, in linear time
        day = re.search(r"Day (\d+)", line)
        hops = re.findall(r"(?=from (\w+) to (\w+))", line[day.end() :]) if day else []
        if day and hops:
            flights.append((int(day[1]), *hops[-1]))
    if not flights or not last:
        return False
    cities = [flights[0][1], *(to for _, _, to in flights)]
    days = [1, *(day for day, _, _ in flights), last]
    plan = [
        (city, after - before + 1) for city, before, after in zip(cities, days[:-1], days[1:], strict=True)
    ]
    golden_cities = [city for city in str(instance.meta["cities"]).split("**") if city]
    golden_days = [int(n) for n in str(instance.meta["durations"]).split("**") if n]
    golden = list(zip(golden_cities, golden_days, strict=True))
    return plan[: len(golden)] == golden


def _validate(problem: str) -> None:
    if not problem.strip():
        raise BadInput("The problem is empty.")
    if len(problem) > _LONGEST:
        raise BadInput(f"The problem has {len(problem)} characters; a trip problem has at most {_LONGEST}.")
    if "day" not in problem or "flight" not in problem:
        raise BadInput("This is no trip problem: it speaks of no days or of no flights.")


def _read_constraints(problem: str) -> Constraints | None:
    read = trip_text(problem)
    if read is None:
        return None
    items = [f"{read.days} days in total", *(f"{days} days in {city}" for city, days in read.stays.items())]
    items += [f"in {city} from day {first} to day {last}" for city, first, last in read.events]
    items.append("only direct flights: " + ", ".join(f"{a} to {b}" for a, b in sorted(read.flights)))
    return Constraints(items=tuple(items), data=trip_data(read), source="program")


def _shape(constrain: str, read: Trip | None, text: str, grain: Grain) -> OutputFormat:
    if constrain == "none":
        return (
            OutputFormat(max_tokens=512) if grain == "solution" else OutputFormat(max_tokens=32, stop=("\n",))
        )
    city = f"({'|'.join(map(_literal, read.stays))})" if constrain == "stays" and read else _ANY_CITY
    line = f"Day [0-9]{{1,3}}-[0-9]{{1,3}}: {city}\n"
    if grain == "solution":
        longest = _TOKENS_A_LINE * len(read.stays) + 8 if read else 512
        return OutputFormat(max_tokens=longest, regex=f"({line})+The end")
    if constrain == "form" or read is None:
        return OutputFormat(max_tokens=24, regex=f"{line}|The end")
    visits = itinerary(text, read).visits
    first = visits[-1].last if visits else 1
    left = [city for city in read.stays if city not in {visit.city for visit in visits}]
    stays = tuple(f"Day {first}-{first + read.stays[city] - 1}: {city}\n" for city in left)
    return OutputFormat(max_tokens=24, choices=stays or ("The end",))


def _literal(name: str) -> str:
    """The pattern of exactly this text, in the syntax that all engines support."""
    return re.sub(r"([\\^$.|?*+()\[\]{}])", r"\\\1", name)


def _answer(text: str) -> str | None:
    """The days and the text after them, so that equal plans in either form are mostly equal texts."""
    lines = digits(plain(lines_of_json(text))).split("\n")
    spans = _STAY.findall("\n".join(map(day_first, lines)))
    return "; ".join(f"{first}-{last} {city.strip()}" for first, last, city in spans) or None


def _check(constraints: Constraints, text: str, complete: bool) -> Verdict | None:
    """Judge by every constraint; a beginning by the constraints that it already breaks.

    A right plan gets 100, another one up to 90 by the share of constraints that hold. A beginning that breaks
    none gets the share of its days that are planned, up to 90; one that does cannot be corrected later and
    gets -100. Flights and lengths that the plan states must agree with its stays. A plan with an unreadable
    line about a day, or without any stay, is not judged.
    """
    read = typed_trip(constraints.data)
    if read is None:
        return None
    plan = itinerary(text, read)
    if plan.unread:
        return not_judged(
            f"`{plan.unread}` is not understood as a stay or a flight.", _NAME, complete=complete
        )
    if complete and not plan.visits and re.search(r"\w", text.replace("The end", "")):
        return not_judged("No stay in the form `Day 1-3: Porto` is there.", _NAME)
    if not complete:
        broken = broken_so_far(read, plan.visits)
        planned = plan.visits[-1].last / read.days if plan.visits else 0.0
        return _verdict(-100 if broken else min(90, 90 * planned), not broken, broken)
    broken = [*broken_rules(read, plan.visits), *_contradicted(plan)]
    number = 2 * len(read.stays) + len(read.events) + 2
    return _verdict(
        100 - 200 * min(1, max(0.05, len(broken) / number)) if broken else 100, not broken, broken
    )


def _contradicted(plan: Itinerary) -> list[str]:
    """Statements of the plan that contradict its stays."""
    hops = {(one.city, two.city): two.first for one, two in pairwise(plan.visits)}
    days = {visit.city: visit.last - visit.first + 1 for visit in plan.visits}
    broken = [
        f"The flight from {one[:40]} to {two[:40]} is not between two of its stays on that day."
        for day, one, two in plan.flights
        if (one, two) not in hops or day not in {0, hops[one, two]}
    ]
    return broken + [
        f"{city[:40]} is said to have {length} days and has {days[city]}."
        for city, length in plan.lengths
        if days[city] != length
    ]


def _verdict(score: float, accepted: bool, broken: list[str]) -> Verdict:
    feedback = " ".join(broken) or "Every constraint holds."
    return Verdict(
        score=score, accepted=accepted, feedback=feedback, verified_by=VerifiedBy.PROGRAM, verifier=_NAME
    )
