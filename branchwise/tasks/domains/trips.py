"""Trips through cities: parser of NATURAL PLAN's constraints, and the exact check of an itinerary."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from branchwise.store.records import Json

_CITY = r"(?P<city>[^\d,.]+?)"
_STAY = re.compile(
    rf"You (?:plan to stay in|would like to visit) {_CITY} for (?P<days>\d+) days?\."
    r"|You want to spend (?P<days_2>\d+) days? in (?P<city_2>[^\d,.]+?)\."
)
_SPAN = r"(?:between|[Dd]uring|[Ff]rom) day (?P<first>\d+) (?:and|to) day (?P<last>\d+)"
_EVENTS = (
    re.compile(
        r"You (?:are going to attend a wedding in|plan to visit relatives in|have to attend a workshop in"
        rf"|want to meet a friend in|would like to meet your friends at) {_CITY} {_SPAN}(?: to tour together)?\."
    ),
    re.compile(rf"{_SPAN}, there is an? annual show you want to attend in {_CITY}\."),
    re.compile(rf"{_SPAN}, you have to attend a conference in {_CITY}\."),
)
_TOTAL = re.compile(r"You plan to visit (?P<cities>\d+) European cities for (?P<days>\d+) days in total\.")
_SILENT = re.compile(
    r"You only take direct flights to commute between cities\."
    r"|Find a trip plan of visiting the cities for \d+ days by taking direct flights to commute between them\."
)
_HEADING = "Here are the cities that have direct flights:"
_FLIGHTS = re.compile(rf"{_HEADING}\s*+(?P<flights>.+?)\.\s*+(?=Find a trip plan|$)", re.DOTALL)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trip:
    """The constraints on an itinerary."""

    days: int
    stays: Mapping[str, int]
    """City -> days, both travel days counted."""
    events: tuple[tuple[str, int, int], ...]
    """City, first day and last day of a required stay."""
    flights: frozenset[tuple[str, str]]
    """From and to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stay:
    """One stay; the day of a flight belongs to both cities."""

    city: str
    first: int
    last: int


def trip_text(problem: str) -> Trip | None:
    """Parse every sentence of a trip problem; None if one cannot be parsed."""
    heading = problem.find(_HEADING)
    flights = _FLIGHTS.match(problem, heading) if heading >= 0 else None
    if flights is None:
        return None
    total: re.Match[str] | None = None
    stays: dict[str, int] = {}
    events: list[tuple[str, int, int]] = []
    for sentence in re.split(r"(?<=\.)\s+", (problem[: flights.start()] + problem[flights.end() :]).strip()):
        if found := _TOTAL.fullmatch(sentence):
            total = found
        elif found := _STAY.fullmatch(sentence):
            city = found["city"] or found["city_2"]
            if city in stays:
                return None  # stated twice, and it is unknown which one counts
            stays[city] = int(found["days"] or found["days_2"])
        elif found := next((f for event in _EVENTS if (f := event.fullmatch(sentence))), None):
            events.append((found["city"], int(found["first"]), int(found["last"])))
        elif not _SILENT.fullmatch(sentence):
            return None
    hops = _hops(flights["flights"])
    if total is None or hops is None or int(total["cities"]) != len(stays):
        return None
    if not {city for hop in hops for city in hop} | {city for city, *_ in events} <= set(stays):
        return None
    return Trip(days=int(total["days"]), stays=stays, events=tuple(events), flights=frozenset(hops))


def _hops(text: str) -> set[tuple[str, str]] | None:
    """Read `A and B` as flights both ways, `from A to B` as one way."""
    hops: set[tuple[str, str]] = set()
    for part in re.split(r",\s*", text.strip()):
        named = part.removeprefix("from ")
        one, _, two = named.partition(" to ")
        if one and two and named != part:
            hops.add((one, two))
            continue
        one, _, two = named.partition(" and ")
        if not one or not two:
            return None
        hops |= {(one, two), (two, one)}
    return hops


def broken_rules(trip: Trip, visits: tuple[Stay, ...]) -> list[str]:
    """A sentence for every constraint that a whole itinerary breaks; empty if it is right."""
    broken = broken_so_far(trip, visits)
    seen = {visit.city: visit for visit in visits}
    broken += [f"{city} is not visited." for city in trip.stays if city not in seen]
    if not visits or visits[-1].last != trip.days:
        broken.append(f"The trip does not end on day {trip.days}.")
    return broken


def broken_so_far(trip: Trip, visits: tuple[Stay, ...]) -> list[str]:
    """A sentence for every constraint that the beginning of an itinerary already breaks."""
    broken: list[str] = []
    for number, visit in enumerate(visits):
        before = visits[number - 1] if number else None
        if visit.city not in trip.stays:
            broken.append(f"{visit.city[:40]} is no city of this trip.")
            continue
        if visit.first != (before.last if before else 1):
            broken.append(f"The stay in {visit.city} begins on day {visit.first}, which leaves a gap.")
        if visit.last - visit.first + 1 != trip.stays[visit.city]:
            broken.append(f"The stay in {visit.city} must have {trip.stays[visit.city]} days.")
        if before and (before.city, visit.city) not in trip.flights:
            broken.append(f"There is no direct flight from {before.city[:40]} to {visit.city}.")
        if visit.city in {v.city for v in visits[:number]}:
            broken.append(f"{visit.city} is visited twice.")
    for city, first, last in trip.events:
        if any(v.city == city and not (v.first <= first and last <= v.last) for v in visits):
            broken.append(f"One must be in {city} from day {first} to day {last}.")
    return broken


def trip_data(trip: Trip) -> Mapping[str, Json]:
    """The JSON form of a trip, as constraints carry it."""
    return {
        "days": trip.days,
        "stays": dict(trip.stays),
        "events": [list(event) for event in trip.events],
        "flights": [list(hop) for hop in sorted(trip.flights)],
    }


def typed_trip(data: Mapping[str, Json]) -> Trip | None:
    """Parse the JSON form; None if it is invalid."""
    days, stays, events, flights = (data.get(name) for name in ("days", "stays", "events", "flights"))
    if not isinstance(days, int) or not isinstance(stays, Mapping):
        return None
    if not isinstance(events, list) or not isinstance(flights, list):
        return None
    return Trip(
        days=days,
        stays={str(city): n for city, n in stays.items() if isinstance(n, int)},
        events=tuple((str(e[0]), int(str(e[1])), int(str(e[2]))) for e in events if isinstance(e, list)),
        flights=frozenset((str(hop[0]), str(hop[1])) for hop in flights if isinstance(hop, list)),
    )
