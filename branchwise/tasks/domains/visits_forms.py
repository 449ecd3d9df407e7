"""A day's plan of meetings in JSON, rewritten as the sentences of the meeting task."""

from __future__ import annotations

import re
from collections.abc import Mapping

from branchwise.store.records import Json
from branchwise.tasks.domains.clock_text import at
from branchwise.tasks.domains.json_replies import Fields, document, unwrapped
from branchwise.tasks.domains.visits import Outing

_WHO = frozenset({"person", "friend", "name", "who", "meet", "meeting"})
_PLACE = frozenset({"location", "place", "where"})
_START = frozenset({"start_time", "start", "from", "begin"})
_END = frozenset({"end_time", "end", "to", "until"})
_STAY = frozenset({"duration", "duration_minutes", "minutes", "length"})
_DAY = 24 * 60


def steps_of_json(text: str, outing: Outing) -> str:
    """The sentences of a plan that is a JSON list of meetings; any other text unchanged.

    A meeting is a person, a place, a start and an end. The ways and waits between meetings are those of the problem:
    each meeting begins when it says, and the replay finds whether that can be.
    """
    known = _meetings(text)
    if not _of_24_hours([time for *_, times in known for time in times], outing.time):
        return text
    way = {(here.casefold(), there.casefold()): n for here, there, n in outing.travel}
    place, time = outing.place, outing.time
    lines = [f"You start at {place} at {_clock(time)}."]
    for who, there, (first, last) in known:
        start, end = at(first), at(last)
        if start is None or end is None:
            return text
        if there.casefold() != place.casefold():
            takes = way.get((place.casefold(), there.casefold()), 0)
            time, place = time + takes, there
            lines.append(f"You travel to {there} in {takes} minutes and arrive at {_clock(time)}.")
        start += _DAY * (start < outing.time)
        if start > time:
            lines.append(f"You wait until {_clock(start)}.")
        stays = (end - start) % _DAY
        time = start + stays
        lines.append(f"You meet {who} for {stays} minutes from {_clock(start)} to {_clock(time)}.")
    return "\n".join(lines)


def friends_of_json(text: str) -> list[str]:
    """The friends whom a plan in JSON meets, in its order."""
    return [who for who, *_ in _meetings(text)]


def _meetings(text: str) -> list[tuple[str, str, tuple[str, str]]]:
    """The meetings of a plan in JSON; none if one of them is not understood."""
    value = unwrapped(document(text))
    read = [_meeting(item) for item in value] if isinstance(value, list) else [_meeting(value)]
    known = [meeting for meeting in read if meeting is not None]
    return known if len(known) == len(read) else []


def _meeting(item: Json) -> tuple[str, str, tuple[str, str]] | None:
    """Person, place and times of one meeting; None for anything else."""
    if not isinstance(item, Mapping):
        return None
    fields = Fields(item)
    action = fields.text({"action", "type"})
    who, place = fields.text(_WHO), fields.text(_PLACE)
    first, last = fields.text(_START), fields.text(_END)
    stays = fields.number(_STAY, "minute")
    if not fields.done or (action or "meet").lower() not in {"meet", "meeting"}:
        return None
    if who is None or place is None or first is None or last is None:
        return None
    start, end = at(first), at(last)
    if stays is not None and (start is None or end is None or (end - start) % _DAY != stays):
        return None
    return who, place, (first, last)


def _of_24_hours(times: list[str], arrival: int) -> bool:
    """Whether all times have AM or PM, or are plainly of a clock of 24 hours.

    That is plain if one of them is before 1:00 or at 13:00 or later. Hours of two digits (`09:00`) are of such a clock
    only if all times, from the arrival on, come one after the other: `09:00` and then `01:00` may be of the morning
    and the afternoon.
    """
    halves = [bool(re.search(r"[ap]\.?m", time, re.IGNORECASE)) for time in times]
    if not times or any(halves):
        return bool(times) and all(halves)
    if any(re.match(r"00:|1[3-9]:|2\d:", time.strip()) for time in times):
        return True
    read = [minutes for time in times if (minutes := at(time)) is not None]
    return any(re.match(r"0\d:", time.strip()) for time in times) and [arrival, *read] == sorted(
        [arrival, *read]
    )


def _clock(time: int) -> str:
    hour, minute = divmod(time % _DAY, 60)
    return f"{(hour - 1) % 12 + 1}:{minute:02}{'AM' if hour < 12 else 'PM'}"
