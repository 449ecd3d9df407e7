"""Golden plans of NATURAL PLAN, in other forms that are still right and with one thing changed that makes them wrong.

What is wrong is decided by the data set's own structured constraints, which no checker of branchwise reads.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, TypeAlias

Row: TypeAlias = dict[str, Any]
Changed: TypeAlias = tuple[str, str]
"""What was changed, and the plan after it."""

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_TIME = re.compile(r"(\d{1,2}):(\d{2})([AP]M)")
_STAY = re.compile(
    r"\*\*Day (\d+)-(\d+):\*\* (?:Arriving in [^\n]+ and visit|Visit) ([^\n]+?) for (\d+) days\."
)


def golden(row: Row) -> str:
    """The golden plan as one text."""
    plan = row["golden_plan"]
    return "\n".join(plan) if isinstance(plan, list) else str(plan).strip()


def other_forms(row: Row) -> Iterator[Changed]:
    """The golden plan as chat models write it: fenced, bold, with prose around, with other dashes and times."""
    plan = golden(row)
    yield "as it is", plan
    yield "fenced", f"Here is my answer:\n```text\n{plan}\n```"
    yield "prose around", f"I compared all schedules with care.\n\n{plan}\n\nLet me know if this suits you!"
    yield (
        "en dashes",
        plan.replace("-", "–")
        if row["task"] != "meeting"
        else plan.replace("AM", " AM").replace("PM", " PM"),
    )
    if row["task"] == "calendar":
        day, start, end = _slot(plan)
        yield "bold", f"**Final answer:** **{day}, {_clock(start)} - {_clock(end)}**"
        yield "boxed", rf"\[\boxed{{\text{{{day}, {_clock(start)} - {_clock(end)}}}}}\]"
        yield "AM and PM", f"Answer: {day}, {_half(start)} – {_half(end)}"
        yield "in a sentence", f"Let us meet on {day} from {_half(start)} to {_half(end)}."
        yield "JSON", json.dumps({"day": day, "start": _clock(start), "end": _clock(end)})
    elif row["task"] == "trip":
        stays = [f"Day {a}-{b}: {city}" for a, b, city, _ in _STAY.findall(plan)]
        yield "bare lines", "\n".join(stays)
        yield (
            "day to day",
            "\n".join(re.sub(r"Day (\d+)-(\d+)", r"- Day \1 to Day \2", stay) for stay in stays),
        )
        found = _STAY.findall(plan)
        yield "city first", "\n".join(f"{city}: Day {a}-{b} ({days} days)" for a, b, city, days in found)
        yield "JSON", json.dumps([{"day_range": f"Day {a}-{b}", "place": city} for a, b, city, _ in found])
    else:
        yield "bold list", "\n".join(f"{n}. **{line}**" for n, line in enumerate(plan.split("\n"), 1))
        yield "JSON", _meetings(plan)


def wrong_plans(row: Row, draw: random.Random) -> list[Changed]:
    """Plans with one thing changed; those that the structured constraints still allow are left out."""
    return list({"calendar": _calendar, "trip": _trip, "meeting": _meeting}[row["task"]](row, draw))


def _meetings(plan: str) -> str:
    """The meetings of a plan, without its ways and waits."""
    place, found = "", []
    for line in plan.split("\n"):
        if here := re.search(r"You (?:start at|travel to) (.+?) (?:at|in) \d", line):
            place = here[1]
        if met := re.search(
            rf"You meet (.+?) for (\d+) minutes from ({_TIME.pattern}) to ({_TIME.pattern})", line
        ):
            who, start, end = met[1], met[3], met[7]
            found.append(
                {"action": "meet", "person": who, "location": place, "start_time": start, "end_time": end}
            )
    return json.dumps({"itinerary": found})


def _slot(plan: str) -> tuple[str, int, int]:
    found = re.search(r"(\w+), (\d+):(\d+) - (\d+):(\d+)", plan)
    assert found is not None
    a, b, c, d = (int(found[n]) for n in (2, 3, 4, 5))
    return found[1], 60 * a + b, 60 * c + d


def _clock(at: int) -> str:
    return f"{at // 60}:{at % 60:02}"


def _half(at: int) -> str:
    return f"{(at // 60 - 1) % 12 + 1}:{at % 60:02} {'AM' if at % 1440 < 720 else 'PM'}"


def _calendar(row: Row, draw: random.Random) -> Iterator[Changed]:
    day, start, end = _slot(golden(row))
    told: list[tuple[str, str, int, int]] = []
    for by in (-120, -90, -60, -30, -15, 15, 30, 60, 90, 120):
        told += [("time shifted", day, start + by, end + by), ("end moved", day, start, end + by)]
        told += [("start moved", day, start + by, end)]
    told += [("another day", other, start, end) for other in _DAYS if other != day]
    told += [("morning and afternoon swapped", day, (start + 720) % 1440, (end + 720) % 1440)]
    draw.shuffle(told)
    for what, which, first, last in told:
        if 0 <= first < last <= 1440 and not _free(row, which, first, last, (day, start, end)):
            yield what, f"Here is the proposed time: {which}, {_clock(first)} - {_clock(last)}"


def _free(row: Row, day: str, start: int, end: int, gold: tuple[str, int, int]) -> bool:
    if (day, start, end) == gold:
        return True
    if row["earliest"] or end - start != round(60 * row["constraints"]["meeting_duration"]):
        return False
    blocked = row["constraints"]["disallowed_ranges"]
    offered = {block["day"] for block in blocked if block["start"] == 0}
    clashes = any(b["day"] == day and start < _at(b["end"]) and _at(b["start"]) < end for b in blocked)
    return day in offered and not clashes


def _at(hours: float) -> int:
    return int(hours) * 60 + (0 if hours == int(hours) else 30)


def _trip(row: Row, draw: random.Random) -> Iterator[Changed]:
    plan = golden(row)
    stays = [(city, int(a), int(b)) for a, b, city, _ in _STAY.findall(plan)]
    cities = [city for city, *_ in stays]
    told: list[tuple[str, list[tuple[str, int, int]]]] = []
    for n, (city, first, last) in enumerate(stays):
        told.append(("visit dropped", stays[:n] + stays[n + 1 :]))
        told.append(("visit doubled", [*stays[: n + 1], (city, first, last), *stays[n + 1 :]]))
        told.append(("visit doubled later", [*stays, (city, stays[-1][2], stays[-1][2] + last - first)]))
        told.append(
            ("length changed", [*stays[:n], (city, first, last + draw.choice((-1, 1, 2))), *stays[n + 1 :]])
        )
        told.append(("days shifted", [*stays[:n], (city, first + 1, last + 1), *stays[n + 1 :]]))
        told.append(("stranger", [*stays[:n], ("Timbuktu", first, last), *stays[n + 1 :]]))
        other = draw.randrange(len(stays))
        named = list(cities)
        named[n], named[other] = named[other], named[n]
        told.append(("cities swapped", [(c, a, b) for c, (_, a, b) in zip(named, stays, strict=True)]))
    draw.shuffle(told)
    for what, changed in told:
        merged = what == "visit doubled"  # told twice in a row it is one stay: still right
        if not merged and not _travels(row, changed):
            yield (
                what,
                "\n".join(f"**Day {a}-{b}:** Visit {city} for {b - a + 1} days." for city, a, b in changed),
            )
    hop = re.search(r"Fly from ([^\n]+?) to ([^\n]+?)\.", plan)
    if hop:
        yield "flight turned round", plan.replace(hop[0], f"Fly from {hop[2]} to {hop[1]}.")


def _travels(row: Row, stays: list[tuple[str, int, int]]) -> bool:
    rules = row["constraints"]
    wanted = {stay["city"]: stay["days"] for stay in rules["city_length"]}
    flights = {(a, b) for a, b in rules["direct_flights"]}
    joined = all(one[2] == two[1] and (one[0], two[0]) in flights for one, two in pairwise(stays))
    lengths = sorted((city, b - a + 1) for city, a, b in stays) == sorted(wanted.items())
    seen = {city: (a, b) for city, a, b in stays}
    events = all(
        e["city"] in seen and seen[e["city"]][0] <= e["start"] and e["end"] <= seen[e["city"]][1]
        for e in rules["city_day_ranges"]
    )
    return bool(joined and lengths and events and stays[0][1] == 1 and stays[-1][2] == rules["trip_length"])


def _meeting(row: Row, draw: random.Random) -> Iterator[Changed]:
    lines = golden(row).split("\n")
    people = [rule[0] for rule in row["constraints"][1:]]
    told: list[tuple[str, int, str]] = []
    for n, line in enumerate(lines):
        times = list(_TIME.finditer(line))
        for found in times:
            # A longer stay at the end of the day is not asked for and breaks nothing, so only its start is moved on.
            ends = line.startswith("You meet") and found is times[-1]
            at = (int(found[1]) % 12 + (12 if found[3] == "PM" else 0)) * 60 + int(found[2])
            moved = at + draw.choice((-60, -15, -5) if ends else (-60, -15, 15, 60, 90))
            told.append(
                (
                    "time shifted",
                    n,
                    line[: found.start()] + _half(moved).replace(" ", "") + line[found.end() :],
                )
            )
        for found in re.finditer(r"(\d+) minutes", line):
            other = int(found[1]) + draw.choice((-10, -5, 5, 25))
            told.append(("minutes changed", n, line.replace(found[0], f"{other} minutes")))
        if line.startswith("You meet"):
            told.append(("visit dropped", n, ""))
            told.append(("visit doubled", n, f"{line}\n{line}"))
            who = line.split()[2]
            others = [person for person in people if person != who]
            told += [("people swapped", n, line.replace(who, other)) for other in others]
            told.append(("stranger", n, line.replace(who, "Zebedee")))
        if line.startswith("You travel"):
            told.append(("way dropped", n, ""))
    draw.shuffle(told)
    for what, n, changed in told:
        yield what, "\n".join(each for each in [*lines[:n], changed, *lines[n + 1 :]] if each)
