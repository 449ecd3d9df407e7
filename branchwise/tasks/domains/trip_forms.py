"""Other forms of an itinerary, rewritten as lines `Day 1-3: Oslo`: the city first, a flight with its day, JSON."""

from __future__ import annotations

import re
from collections.abc import Mapping

from branchwise.store.records import Json
from branchwise.tasks.domains.json_replies import Fields, document, unwrapped

_DAYS = r"days? ?(?P<first>\d{1,4})(?: ?(?:-|to|through|until) ?(?:days? ?)?(?P<last>\d{1,4}))?"
_CITY_FIRST = re.compile(
    r"(?:(?:stay(?:ing)?|arrive|visit(?:ing)?|explore|spend time|be) )?(?:in )?(?P<city>[^\W\d_][^\d:;,()|\n]{0,60}?)"
    r" ?(?:\((?P<before>\d{1,4} days?)\)|[:,-] ?(?P<bare>\d{1,4} days?))? ?[:,-]? ?[(\[]?(?:from |on |for )?"
    rf"{_DAYS}[)\]]? ?(?:\((?P<after>\d{{1,4}} days?)\))?\.?",
    re.IGNORECASE,
)
_FLIGHT = re.compile(
    r"(?P<flight>(?:take (?:a |the )?)?(?:direct )?(?:fly|flight|train|travel)"
    r" from [^\d:;,()|\n]{1,60} to [^\d:;,()|\n]{1,60}?)"
    r" ?(?:on |[:,-] ?|\()days? ?(?P<day>\d{1,4})\)?\.?",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(?:days? ?)?(\d{1,4})(?: ?(?:-|–|—|to) ?(?:days? ?)?(\d{1,4}))?", re.IGNORECASE)

_RANGE = frozenset({"day_range", "days", "day_span", "range"})
_FIRST = frozenset({"start_day", "first_day", "day_start", "arrival_day", "start"})
_LAST = frozenset({"end_day", "last_day", "day_end", "departure_day", "end"})
_CITY = frozenset({"city", "place", "location", "stay"})
_LENGTH = frozenset({"duration", "length", "length_of_stay", "number_of_days", "total_days", "duration_days"})


def day_first(line: str) -> str:
    """The line with its days first, if it is a city with days, or a flight with its day, and nothing else."""
    line = line.strip()
    if flight := _FLIGHT.fullmatch(line):
        return f"Day {flight['day']}: {flight['flight']}"
    found = _CITY_FIRST.fullmatch(line)
    if found is None:
        return line
    length = found["before"] or found["bare"] or found["after"]
    days = f"{found['first']}-{found['last']}" if found["last"] else found["first"]
    return f"Day {days}: {found['city'].strip()}{f' ({length})' if length else ''}"


def lines_of_json(text: str) -> str:
    """The lines of an itinerary that is JSON; any other text, and JSON that is not understood as a whole, unchanged."""
    value = unwrapped(document(text))
    if isinstance(value, Mapping):
        value = [{"day_range": key, "city": city} for key, city in value.items()]
    lines = [_line(item) for item in value] if isinstance(value, list) else []
    return "\n".join(line for line in lines if line) if lines and all(lines) else text


def _line(item: Json) -> str | None:
    """The line of one stay or flight."""
    if not isinstance(item, Mapping):
        return None
    fields = Fields(item)
    days = _range(fields)
    one, two = fields.text({"from"}), fields.text({"to"})
    city = fields.text(_CITY)
    length = fields.number(_LENGTH, "day")
    if days is None or not fields.done:
        return None
    if city is not None and one is None and two is None:
        return f"Day {days}: {city}{f' ({length} days)' if length else ''}"
    return f"Day {days}: Fly from {one} to {two}" if one and two and not city and not length else None


def _range(fields: Fields) -> str | None:
    """The days of an item; a bare number is a day only where its field is called so, not where it may be a length."""
    ends = fields.number(_FIRST, "day"), fields.number(_LAST, "day")
    day, told = fields.take({"day"}), fields.take(_RANGE)
    if sum(part is not None for part in (*ends, day, told)) != 1 + (ends != (None, None)):
        return None
    if type(day) is int:
        return str(day)
    if isinstance(told, list) and len(told) == 2 and all(type(part) is int for part in told):
        return f"{told[0]}-{told[1]}"
    words = str(told if day is None else day).strip()
    span = _SPAN.fullmatch(words)
    if span is None:
        return None if None in ends else f"{ends[0]}-{ends[1]}"
    if span[2]:
        return f"{span[1]}-{span[2]}"
    return span[1] if day is not None or words.lower().startswith("day") else None
