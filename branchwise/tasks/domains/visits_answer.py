"""Replay of a day's plan of meetings against the problem, claim by claim (docs/decisions/0015)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from branchwise.tasks.domains.clock_text import at
from branchwise.tasks.domains.reading import digits, plain
from branchwise.tasks.domains.visits import Outing
from branchwise.tasks.domains.visits_forms import friends_of_json, steps_of_json

_TIME = r"(?:\d{1,2}(?::\d{2})? ?[ap]\.?m\b\.?|(?:1[3-9]|2[0-4]):\d{2}\b|noon\b|midnight\b)"


def _steps(time: str) -> re.Pattern[str]:
    name = r"[^\n]{1,60}?"
    return re.compile(
        rf"\bYou (?:start at (?P<start>{name}) at (?P<at>{time})"
        rf"|travel to (?P<to>{name}) in (?P<takes>\d{{1,4}}) minutes? and arrive at (?P<arrives>{time})"
        rf"|wait until (?P<wait>{time})"
        rf"|meet (?P<who>{name}) for (?P<stays>\d{{1,4}}) minutes? from (?P<first>{time}) to (?P<last>{time}))\.?",
        re.IGNORECASE,
    )


_STEPS, _OFFICIAL = _steps(_TIME), _steps(r"\d{1,2}:\d{2}[AP]M")
_LEFT = re.compile(
    rf"\d:\d\d|{_TIME}|\d ?min"
    r"|\b(?:you|then|next),? (?:start|travel|walk|go|drive|head|wait|meet|visit)\b(?! \d+ (?:friend|people))",
    re.IGNORECASE,
)
"""Words that occur only in steps; if any is left over, a step was not parsed."""
_DAY = 24 * 60
_LONGEST_STAY = 20 * 60
"""A meeting that would last longer ends before it begins."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """Outcome of a plan."""

    met: tuple[str, ...] = ()
    """Friends met before the first violation."""
    violation: str = ""
    """The first violation, or empty."""
    unread: str = ""
    """The unreadable text, or empty."""


class _Violated(Exception):
    """A step that the problem or the clock contradicts."""


def replay(outing: Outing, text: str, *, claims: bool = True) -> Day:
    """Replay the sentences `You start/travel/wait/meet ...` up to the first violation.

    With `claims` every number of the plan must be true: minutes of travel those of the problem, a time that
    of the clock, a meeting as long as it says and as the problem asks for, inside the friend's hours.
    Without, the clock follows the problem regardless of the plan's numbers, as in the official grader. Times
    past midnight are of the next day where a friend can be met past midnight.

    Args:
        outing: The problem.
        text: The plan; text before its last `SOLUTION:` is ignored.
        claims: Whether the plan's numbers must be true.
    """
    text = steps_of_json(text, outing) if claims else text
    text = digits(plain(text)).rpartition("SOLUTION:")[2]
    steps = list((_STEPS if claims else _OFFICIAL).finditer(text))
    left = _LEFT.search(_STEPS.sub("\n", text))
    if left is not None and claims:
        return Day(unread=_STEPS.sub("\n", text)[max(0, left.start() - 20) : left.end() + 40].strip())
    walk = _Walk(outing, claims)
    try:
        for step in steps:
            walk.take(step)
    except _Violated as violated:
        return Day(met=tuple(walk.met), violation=str(violated))
    return Day(met=tuple(walk.met))


def friends_in(text: str) -> Iterator[str]:
    """The friends that a plan meets, in its order."""
    yield from friends_of_json(text)
    for step in _STEPS.finditer(digits(plain(text)).rpartition("SOLUTION:")[2]):
        if step["who"]:
            yield step["who"]


class _Walk:
    """State of the replay: place, time and friends met."""

    def __init__(self, outing: Outing, claims: bool) -> None:
        self._outing, self._claims = outing, claims
        self._way: Mapping[tuple[str, str], int] = {
            (here.casefold(), there.casefold()): n for here, there, n in outing.travel
        }
        self._friends = {friend.name.casefold(): friend for friend in outing.friends}
        self._late = any(friend.end > _DAY for friend in outing.friends)
        self._place, self._time = outing.place.casefold(), outing.time
        self.met: list[str] = []

    def take(self, step: re.Match[str]) -> None:
        """Do one step.

        Raises:
            _Violated: It cannot be done as stated.
        """
        if step["start"]:
            if (step["start"].casefold(), at(step["at"])) != (self._place, self._time) or self.met:
                raise _Violated(f"One starts at {self._outing.place}.")
        elif step["to"]:
            self._travel(step)
        elif step["wait"]:
            until = at(step["wait"])
            if until is not None and until <= self._time and self._late:
                until += _DAY
            if until is None or until <= self._time:
                raise _Violated(f"It is already later than {step['wait']}.")
            self._time = until
        else:
            self._meet(step)

    def _travel(self, step: re.Match[str]) -> None:
        takes = self._way.get((self._place, step["to"].casefold()))
        if takes is None:
            raise _Violated(f"There is no way from {self._place} to {step['to'][:60]}.")
        if self._claims and int(step["takes"]) != takes:
            raise _Violated(f"The way to {step['to'][:60]} takes {takes} minutes and not {step['takes']}.")
        self._time, self._place = self._time + takes, step["to"].casefold()
        self._is_now(step["arrives"])

    def _meet(self, step: re.Match[str]) -> None:
        friend = self._friends.get(step["who"].casefold())
        if friend is None or friend.name in self.met:
            raise _Violated(f"{step['who'][:60]} is nobody to meet, or was met before.")
        here = friend.place.casefold() == self._place
        if not here or not friend.start <= self._time <= friend.end - friend.stay:
            raise _Violated(f"{friend.name} cannot be met for {friend.stay} minutes there and then.")
        stays = friend.stay
        if self._claims:
            self._is_now(step["first"])
            stays = ((at(step["last"]) or 0) - self._time) % _DAY
            if not friend.stay <= int(step["stays"]) <= stays <= _LONGEST_STAY:
                raise _Violated(
                    f"{friend.name} is to be met for {friend.stay} minutes or more, and as long as is said."
                )
        self._time += stays
        self.met.append(friend.name)

    def _is_now(self, told: str) -> None:
        time = at(told)
        if self._claims and (time is None or (time - self._time) % _DAY):
            hour, minute = divmod(self._time % _DAY, 60)
            raise _Violated(f"It is {hour}:{minute:02} then and not {told}.")
