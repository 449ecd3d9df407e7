"""A day of meeting friends across a city: NATURAL PLAN's meeting problems, replayed minute by minute."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

_TIME = r"\d{1,2}:\d{2}(?:AM|PM)"
_TRAVEL = re.compile(r"(?P<here>.+?) to (?P<there>.+?): (?P<minutes>\d+)\.")
_ARRIVE = re.compile(rf"(?:CONSTRAINTS: )?You arrive at (?P<place>.+?) at (?P<time>{_TIME})\.")
_FRIEND = re.compile(rf"(?P<who>.+?) will be at (?P<place>.+?) from (?P<start>{_TIME}) to (?P<end>{_TIME})\.")
_STAY = re.compile(r"You'd like to meet (?P<who>.+?) for a minimum of (?P<minutes>\d+) minutes\.")
_SILENT = re.compile(
    r"You are visiting .+ for the day and want to meet as many friends as possible\."
    r"|Solve the problem by considering various different schedules and picking the best one .+"
    r"|Travel distances \(in minutes\):|Your response should start with 'SOLUTION:'\."
)
_STEPS = re.compile(
    rf"You (?:start at (?P<start>.+?) at (?P<at>{_TIME})"
    rf"|travel to (?P<to>.+?) in (?P<takes>\d+) minutes and arrive at (?P<arrives>{_TIME})"
    rf"|wait until (?P<wait>{_TIME})"
    rf"|meet (?P<who>.+?) for (?P<stays>\d+) minutes from (?P<first>{_TIME}) to (?P<last>{_TIME}))\.?"
)

Travel: TypeAlias = tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Friend:
    """Where and when a friend can be met, in minutes after midnight, and for how long at least."""

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


def minutes12(text: str) -> int:
    """Minutes after midnight of a time like `2:45PM`."""
    hour, _, minute = text[:-2].partition(":")
    return (int(hour) % 12 + (12 if text.endswith("PM") else 0)) * 60 + int(minute)


def visits_text(problem: str) -> Outing | None:
    """Read every sentence of a meeting problem, or return None when one is not understood."""
    travel: list[tuple[str, str, int]] = []
    arrive: re.Match[str] | None = None
    where: dict[str, re.Match[str]] = {}
    stays: dict[str, int] = {}
    for sentence in re.split(r"\n+|(?<=\.)\s+", problem.strip()):
        if found := _TRAVEL.fullmatch(sentence):
            travel.append((found["here"], found["there"], int(found["minutes"])))
        elif found := _ARRIVE.fullmatch(sentence):
            arrive = found
        elif found := _FRIEND.fullmatch(sentence):
            where[found["who"]] = found
        elif found := _STAY.fullmatch(sentence):
            stays[found["who"]] = int(found["minutes"])
        elif not _SILENT.fullmatch(sentence):
            return None
    if arrive is None or set(where) != set(stays) or not where or len(where) > 12:
        return None
    friends = tuple(
        Friend(
            name=who, place=f["place"], start=minutes12(f["start"]), end=minutes12(f["end"]), stay=stays[who]
        )
        for who, f in where.items()
    )
    return Outing(
        place=arrive["place"], time=minutes12(arrive["time"]), friends=friends, travel=tuple(travel)
    )


@lru_cache(maxsize=512)
def most_friends(outing: Outing) -> int:
    """The largest number of friends that one day allows, exactly.

    For every set of friends met and the last of them it keeps the earliest time to be done; waiting longer or
    meeting longer never helps, so that is enough. At most 12 friends: 2^12 sets.
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
                if end <= friend.end and end < grown.get(key, 10**9):
                    grown[key] = end
        if not grown:
            return size
        done = grown
    return len(outing.friends)


def replay(outing: Outing, text: str) -> tuple[tuple[str, ...], str]:
    """Replay the sentences `You start/travel/wait/meet ...`; return the friends met and the first violation.

    The clock follows the problem, not the times that the text claims, as in the official grader; a meeting
    lasts the minutes that the problem asks for.
    """
    way: Mapping[tuple[str, str], int] = {(here, there): n for here, there, n in outing.travel}
    friends = {friend.name: friend for friend in outing.friends}
    place, time = outing.place, outing.time
    met: list[str] = []
    for step in _STEPS.finditer(text):
        if step["start"]:
            if (step["start"], minutes12(step["at"])) != (place, time) or met:
                return tuple(met), f"One starts at {outing.place}."
        elif step["to"]:
            if (place, step["to"]) not in way:
                return tuple(met), f"There is no way from {place} to {step['to'][:60]}."
            time, place = time + way[place, step["to"]], step["to"]
        elif step["wait"]:
            if minutes12(step["wait"]) <= time:
                return tuple(met), f"It is already later than {step['wait']}."
            time = minutes12(step["wait"])
        else:
            friend = friends.get(step["who"])
            if friend is None or friend.name in met:
                return tuple(met), f"{step['who'][:60]} is nobody to meet, or was met before."
            if friend.place != place or not friend.start <= time <= friend.end - friend.stay:
                return tuple(met), f"{friend.name} cannot be met for {friend.stay} minutes there and then."
            time, met = time + friend.stay, [*met, friend.name]
    return tuple(met), ""
