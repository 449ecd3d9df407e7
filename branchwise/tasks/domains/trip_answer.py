"""Parser of an itinerary, line by line; an unreadable line makes it unreadable."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from branchwise.tasks.domains.reading import digits, plain
from branchwise.tasks.domains.trip_forms import day_first, lines_of_json
from branchwise.tasks.domains.trips import Stay, Trip

_DAYS = r"\bdays? ?(?P<first>\d{1,4})(?: ?(?:-|to|through|until|and) ?(?:days? ?)?(?P<last>\d{1,4}))?\b"
_LINE = re.compile(rf"{_DAYS}[ \t]*[:.,)\]|-]*[ \t]*(?P<rest>[^\n]*)", re.IGNORECASE)
_START = re.compile(
    rf"(?:^|[;|.,→>]\s?)(?:on )?(?={_DAYS.replace('?P<first>', '?:').replace('?P<last>', '?:')})",
    re.IGNORECASE,
)
_MENTION = re.compile(r"\bdays? ?\d", re.IGNORECASE)
_VERBS = re.compile(
    r"(?:(?:then|we|you|i|will|start(?:ing)?|begin(?:ning)?|your|the|trip|arriv(?:e|ing)|visit(?:ing)?|stay(?:ing)?|"
    r"spend(?:ing)?|explor(?:e|ing)|enjoy(?:ing)?|in|at|to|time|continue|attend(?:ing)?|the|a|city|of|remain(?:ing)?|"
    r"tour(?:ing)?|relax(?:ing)?)\b[ ,]*)+",
    re.IGNORECASE,
)
_FLIGHT = re.compile(
    r"(?:take (?:a |the )?)?(?:direct )?(?:\b(?:fly|flight|flying|travel(?:ing)?|train|transfer|depart|move|go)\b )?"
    r"(?:direct(?:ly)? )?\bfrom (?>(?P<one>.{1,120}?) to )(?P<two>.{1,120}?)(?: on day (?P<day>\d{1,4}))?(?=$|[.,;)(])",
    re.IGNORECASE,
)
_LENGTH = re.compile(
    r"\bfor (?:a total of )?(?P<days>\d{1,4}) days?\b|\((?P<days_2>\d{1,4}) days?\)", re.IGNORECASE
)
_DOUBT = re.compile(
    r"(?i:\b(?:not|no|or|either|instead|except|maybe|perhaps|if|unless|without|skip\w*|avoid\w*)\b|n['’]t\b|/)"
    r"|(?:\b(?i:then|to|in|and|via)|[,&>→]) ?[A-ZÀ-Þ]"
)
"""Words that retract or extend a stay: such a line is not parsed in full."""
_FINAL = re.compile(
    r"^[^\w\n]*+(?:(?:the|my|here is (?:the|my)) )?(?:final|corrected|revised|updated)\b[^\n]{0,60}$",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(
    r"[A-ZÀ-Þ][\w'’.-]*(?: (?:de|del|di|la|le|op|of|am|an|der|upon|sur|[A-ZÀ-Þ])[\w'’.-]*){0,4}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Itinerary:
    """The parsed trip of a reply."""

    visits: tuple[Stay, ...] = ()
    flights: tuple[tuple[int, str, str], ...] = ()
    """Day, origin and destination of each flight that the reply states."""
    lengths: tuple[tuple[str, int], ...] = ()
    """City and days, if a stay's length is stated beside its span."""
    unread: str = ""
    """The first unreadable line, or empty."""


def itinerary(text: str, trip: Trip) -> Itinerary:
    """Read the stays `Day 1-3: ... City ...`, one a line, with the flights and lengths that the lines state.

    Spans may have any dash or `to`, numbers or number words, days in any case; cities are whole names. A city of the
    trip may come before its days, and the whole may be JSON (`trip_forms`). A line about a
    flight alone, `Day 3: Fly from Oslo to Porto`, is not a stay. A line with a day and no city is unreadable.
    """
    visits: list[Stay] = []
    flights: list[tuple[int, str, str]] = []
    lengths: list[tuple[str, int]] = []
    for line in map(_day_first(trip), _settled(digits(plain(lines_of_json(text)))).split("\n")):
        starts = [found.end() for found in _START.finditer(re.sub(r"\([^()\n]{0,300}\)", _blank, line))]
        if not starts:
            if _MENTION.search(line) is not None:
                return Itinerary(unread=line[:80])
            continue
        for begin, end in zip(starts, [*starts[1:], len(line)], strict=True):
            read = _read(line[begin:end].strip(" ;|"), trip)
            if read is None:
                return Itinerary(unread=line[:80])
            visit, told, length = read
            flights += told
            if visit is not None:
                lengths += [(visit.city, length)] if length else []
                _add(visits, visit)
    return Itinerary(visits=tuple(visits), flights=tuple(flights), lengths=tuple(lengths))


def _day_first(trip: Trip) -> Callable[[str], str]:
    """Rewrite lines that name a city of the trip before its days; other words there may be no city at all."""

    def written(line: str) -> str:
        other = day_first(line)
        named = _city(other.partition(": ")[2].partition(" (")[0], trip)
        return other if named in trip.stays or _FLIGHT.search(other) else line

    return written


def _settled(text: str) -> str:
    """The text after the last heading of a final plan, if days follow it; else the whole text."""
    for mark in reversed(list(_FINAL.finditer(text))[-5:]):
        if _MENTION.search(text, mark.end()):
            return text[mark.end() :]
    return text


def _folded(text: str) -> str:
    """The text in small letters without accents."""
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)).casefold()


def _blank(found: re.Match[str]) -> str:
    return "." * len(found[0])


def _add(visits: list[Stay], visit: Stay) -> None:
    """Add a stay, or extend the last one: a stay may span several lines."""
    last = visits[-1] if visits else None
    if last is not None and last.city == visit.city and last.first <= visit.first <= last.last + 1:
        visits[-1] = Stay(city=last.city, first=last.first, last=max(last.last, visit.last))
    else:
        visits.append(visit)


def _read(line: str, trip: Trip) -> tuple[Stay | None, list[tuple[int, str, str]], int] | None:
    """The stay of a line, its flights and its stated length; None if it is unreadable."""
    found = _LINE.match(line)
    if found is None:
        return None
    first, last = int(found["first"]), int(found["last"] or found["first"])
    rest, flights = found["rest"], []
    for hop in list(_FLIGHT.finditer(rest)):
        one, two = (_city(hop[name], trip) for name in ("one", "two"))
        if one is None or two is None or hop["one"].strip() == hop["two"].strip():
            continue
        flights.append((int(hop["day"] or (first if first == last else 0)), one, two))
        rest = rest.replace(hop[0], " ")
    told = _LENGTH.search(rest)
    length = int(told["days"] or told["days_2"]) if told else 0
    folded = _folded(rest)
    named = list(dict.fromkeys(city["name"] for city in _cities(tuple(trip.stays)).finditer(folded)))
    if len(named) > 1 or _MENTION.search(rest):
        return None
    if named:
        city = next(city for city in trip.stays if _folded(city) == named[0])
        if _DOUBT.search(_without(rest, city)):
            return None
        return Stay(city=city, first=first, last=last), flights, length
    if flights and not re.search(
        r"\w{3}", _VERBS.sub("", rest.replace("direct flight", "").replace("flight", ""))
    ):
        return None, flights, 0
    stranger = _NAME.match(_VERBS.sub("", rest.strip(" .,()"), count=1))
    return (Stay(city=stranger[0], first=first, last=last), flights, length) if stranger else None


def _without(rest: str, city: str) -> str:
    """The rest of a line without the city, the verbs before it and the length beside it."""
    rest = unicodedata.normalize("NFKC", rest)
    return _LENGTH.sub(
        "",
        re.sub(
            rf"(?:\b(?:in|to|and|visit\w*|explore|arriv\w+) )*{re.escape(city)}",
            "",
            rest,
            flags=re.IGNORECASE,
        ),
    )


def _city(text: str, trip: Trip) -> str | None:
    """The city that a text names, an unknown city's name, or None for a text that is not a name."""
    wanted = _folded(text.strip(" .,"))
    known = next((city for city in trip.stays if _folded(city) == wanted), None)
    return known or (text.strip() if _NAME.fullmatch(text.strip()) else None)


@lru_cache(maxsize=512)
def _cities(names: tuple[str, ...]) -> re.Pattern[str]:
    """The cities' names, the longest first, so that a name does not match the beginning of a longer one."""
    options = "|".join(re.escape(_folded(name)) for name in sorted(names, key=len, reverse=True))
    return re.compile(rf"(?<!\w)(?P<name>{options})(?![\w’'-]*\w)", re.IGNORECASE)
