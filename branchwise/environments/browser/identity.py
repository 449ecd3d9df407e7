"""Identity of a page's state: what later actions depend on, without what changes by itself."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_MOST = 4000
"""States remembered."""
_RUN = re.compile(r"[\w+/=-]{16,}|\d{7,}")
_TOKEN_DIGITS = 3
"""Digits that a long run has at least if it is a time or a session id."""
_SHORT = re.compile(r"(?<=/)(?=[^/]*\d)[^/]+")
_LONGEST = 100_000
Places = Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class State:
    """One reading of a page's state."""

    pattern: str
    """Address without numbers and query: pages of one make."""
    address: str
    """What must agree whatever changes by itself: URL, frames, tabs, answer."""
    places: Places
    """What is shown, held and stored, by place."""
    done: tuple[str, ...] = ()
    """Actions since the document was loaded."""
    dirty: bool = False
    """Whether they ran scripts, so that memory that nobody sees may differ."""


@dataclass(kw_only=True, slots=True)
class Changing:
    """Places of one pattern that change by themselves."""

    places: set[str] = field(default_factory=set)
    within: set[str] = field(default_factory=set)
    """Containers of which most places change."""
    idle: set[str] = field(default_factory=set)
    """Functions that run although nobody acts."""
    loads: Counter[str] = field(default_factory=Counter)
    """How often each address was loaded twice to learn this."""

    def learn(self, one: Places, other: Places) -> None:
        """Take over where two loads of one page differ."""
        differ = {place for place in one.keys() | other.keys() if one.get(place) != other.get(place)}
        total, changed = _children(one.keys() | other.keys()), _children(differ)
        lone = {place for place in differ if place not in one or place not in other}
        crowded = {
            c for c in changed if c and changed[c] * 2 > total[c] and any(_parent(p) == c for p in lone)
        }
        self.within |= crowded | lone
        self.places |= differ

    def covers(self, place: str) -> bool:
        """Whether a place changes by itself."""
        if place in self.places:
            return True
        while place:
            if place in self.within:
                return True
            place = _parent(place)
        return False


@dataclass(kw_only=True, slots=True)
class Identities:
    """Fingerprints of states, shared by all sessions of one browser.

    States that differ only where their pattern changes by itself carry the fingerprint of the first of them.
    """

    changing: dict[str, Changing] = field(default_factory=dict)
    named: OrderedDict[str, State] = field(default_factory=OrderedDict)
    by_address: dict[str, list[str]] = field(default_factory=dict)

    def of(self, pattern: str) -> Changing:
        """What is known to change on pages of a pattern."""
        return self.changing.setdefault(pattern, Changing())

    def fingerprint(self, state: State) -> str:
        """The state's fingerprint: what is seen and held, then what was done where scripts ran."""
        for name in self.by_address.get(state.address, ()):
            if name in self.named and self._reason(self.named[name], state) is None:
                return name
        name = self._own(state)
        self.named[name] = state
        self.by_address.setdefault(state.address, []).append(name)
        while len(self.named) > _MOST:
            old, gone = self.named.popitem(last=False)
            self.by_address[gone.address].remove(old)
        return name

    def difference(self, fingerprint: str, state: State) -> str | None:
        """Why the state is not the recorded one; None if it is."""
        if self.fingerprint(state) == fingerprint:
            return None
        known = self.named.get(fingerprint)
        if known is not None:
            return self._reason(known, state)
        # Recorded by another process, which may have seen a script run that did not run here.
        seen, _, did = fingerprint.partition("-")
        if seen == self._seen(state) and (not did or did == _digest(state.done)):
            return None
        return "it shows another state"

    def _reason(self, known: State, state: State) -> str | None:
        if known.address != state.address:
            return f"it is another page: {_told(known.address, state.address)}"
        skip = self.of(state.pattern)
        for place in known.places.keys() | state.places.keys():
            was, now = known.places.get(place), state.places.get(place)
            if was != now and not skip.covers(place):
                return f"it shows another state: {_told(was, now)}"
        if (known.dirty or state.dirty) and known.done != state.done:
            return "its scripts may stand elsewhere: other actions were done since the page was loaded"
        return None

    def _own(self, state: State) -> str:
        did = f"-{_digest(state.done)}" if state.dirty else ""
        return self._seen(state) + did

    def _seen(self, state: State) -> str:
        skip = self.of(state.pattern)
        kept = [(place, said) for place, said in sorted(state.places.items()) if not skip.covers(place)]
        return _digest([state.address, *(f"{place}={said}" for place, said in kept)])


def pattern(url: str) -> str:
    """The address without query, fragment and path parts with digits, so that `/issue/7` and `/issue/8` are one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}{_SHORT.sub('*', parts.path)}"


def shown(lines: Iterable[str]) -> dict[str, str]:
    """Lines of a page by place: the roles above a line, and which of its role it is there."""
    places: dict[str, str] = {}
    above: list[tuple[int, str]] = []
    counts: Counter[str] = Counter()
    for line in lines:
        bare = line.lstrip(" ")
        depth = len(line) - len(bare)
        while above and above[-1][0] >= depth:
            above.pop()
        role = re.match(r"- (?:\[\d+\] )?([^ \"\[:]+)", bare)
        name = f"{above[-1][1] if above else 'shown'}/{role[1] if role else 'text'}"
        counts[name] += 1
        place = f"{name}:{counts[name]}"
        above.append((depth, place))
        places[place] = bare
    return places


def stored(kind: str, values: Mapping[str, object]) -> dict[str, str]:
    """Stored values by name, without times and tokens; only digests, since they may be secret."""
    return {f"{kind}/{name[:80]}": _digest([steady(value)]) for name, value in values.items()}


def steady(value: object) -> str:
    """A stored value as text, without times and tokens."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return _RUN.sub(
        lambda run: "…" if sum(c.isdigit() for c in run[0]) >= _TOKEN_DIGITS else run[0], text[:_LONGEST]
    )


def _children(places: Iterable[str]) -> Counter[str]:
    return Counter(_parent(place) for place in places)


def _parent(place: str) -> str:
    parent = place.rpartition("/")[0]
    return parent if "/" in parent else ""


def _digest(parts: Sequence[str]) -> str:
    return hashlib.blake2b("\n".join(parts).encode("utf-8", "replace"), digest_size=12).hexdigest()


def _told(was: str | None, now: str | None) -> str:
    return f"`{_short(now)}` instead of `{_short(was)}`"


def _short(said: str | None) -> str:
    return "nothing" if said is None else " ".join(said.split())[:80]
