"""NATURAL PLAN's meeting problems: their parser, and the largest number of friends that can be met in a day."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from branchwise.tasks.domains.clock_text import at

_TIME = r"\d{1,2}:\d{2} ?(?:AM|PM)"
_TRAVEL = re.compile(r"(?P<here>.{1,80}?) to (?P<there>.{1,80}?): (?P<minutes>\d+)\.")
_ARRIVE = re.compile(rf"(?:CONSTRAINTS: )?You arrive at (?P<place>.{{1,80}}?) at (?P<time>{_TIME})\.")
_FRIEND = re.compile(
    rf"(?P<who>.{{1,80}}?) will be at (?P<place>.{{1,80}}?) from (?P<start>{_TIME}) to (?P<end>{_TIME})\."
)
_STAY = re.compile(r"You'd like to meet (?P<who>.{1,80}?) for a minimum of (?P<minutes>\d+) minutes\.")
_SILENT = re.compile(
    r"You are visiting .+ for the day and want to meet as many friends as possible\."
    r"|Solve the problem by considering various different schedules and picking the best one .+"
    r"|Travel distances \(in minutes\):|Your response should start with 'SOLUTION:'\."
)
_NIGHT = 5 * 60
"""A span that begins before this hour may be of the night after the day."""

Travel: TypeAlias = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Friend:
    """A friend's place, hours in minutes after midnight, and shortest meeting."""

    name: str
    place: str
    start: int
    end: int
    stay: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Outing:
    """The whole problem; hashable, so that the best number of friends is computed once."""

    place: str
    time: int
    friends: tuple[Friend, ...]
    travel: Travel


def _window(start: str, end: str, arrival: int) -> tuple[int, int]:
    """The hours of a friend; an end that is not after the start is past midnight.

    Raises:
        ValueError: They are not times, or their day is ambiguous.
    """
    first, last = at(start), at(end)
    if first is None or last is None or first == last:
        raise ValueError(f"{start} to {end} is no span of time.")
    last += 24 * 60 if last < first else 0
    if first < _NIGHT and last <= arrival:
        raise ValueError(f"{start} to {end} may be of this day or of the next.")
    return first, last


def visits_text(problem: str) -> Outing | None:
    """Parse every sentence of a meeting problem; None if one cannot be parsed."""
    travel: dict[tuple[str, str], int] = {}
    arrive: list[re.Match[str]] = []
    where: dict[str, re.Match[str]] = {}
    stays: dict[str, int] = {}
    told = 0
    for sentence in re.split(r"\n+|(?<=\.)\s+", problem.strip()):
        if found := _TRAVEL.fullmatch(sentence):
            travel[found["here"], found["there"]] = int(found["minutes"])
        elif found := _ARRIVE.fullmatch(sentence):
            arrive.append(found)
        elif found := _FRIEND.fullmatch(sentence):
            where[found["who"]] = found
        elif found := _STAY.fullmatch(sentence):
            stays[found["who"]] = int(found["minutes"])
        elif _SILENT.fullmatch(sentence):
            continue
        else:
            return None
        told += 1
    if told != len(travel) + len(arrive) + len(where) + len(stays):
        return None  # a fact is stated twice, and it is unknown which one counts
    begins = at(arrive[0]["time"]) if len(arrive) == 1 else None
    if begins is None or set(where) != set(stays) or not 0 < len(where) <= 12:
        return None
    try:
        hours = {who: _window(f["start"], f["end"], begins) for who, f in where.items()}
    except ValueError:
        return None
    friends = tuple(
        Friend(name=who, place=f["place"], start=hours[who][0], end=hours[who][1], stay=stays[who])
        for who, f in where.items()
    )
    return Outing(
        place=arrive[0]["place"],
        time=begins,
        friends=friends,
        travel=tuple((here, there, takes) for (here, there), takes in travel.items()),
    )


@lru_cache(maxsize=512)
def most_friends(outing: Outing) -> int:
    """The largest number of friends that one day allows, exactly.

    For every set of friends met and the last of them it keeps the earliest finishing time; waiting or meeting
    longer never helps, so this is exact. At most 12 friends: 2^12 sets.
    """
    way = {(here, there): n for here, there, n in outing.travel}
    done: dict[tuple[frozenset[str], str], int] = {(frozenset(), outing.place): outing.time}
    for size in range(len(outing.friends)):
        grown: dict[tuple[frozenset[str], str], int] = {}
        for (met, place), time in done.items():
            for friend in outing.friends:
                takes = 0 if friend.place == place else way.get((place, friend.place))
                if friend.name in met or takes is None:
                    continue
                end = max(time + takes, friend.start) + friend.stay
                key = (met | {friend.name}, friend.place)
                if end <= friend.end and (key not in grown or end < grown[key]):
                    grown[key] = end
        if not grown:
            return size
        done = grown
    return len(outing.friends)
