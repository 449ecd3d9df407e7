"""Parser of replies that are JSON: the document and the fields of its objects, by any of several names."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import NoReturn

from branchwise.store.records import Json

_LONGEST = 20_000
_FENCED = re.compile(r"(?:```|~~~)[ \t]*+(?:json|JSON)?[ \t]*+\n(?P<body>[^`~]{1,20000})(?:```|~~~)")


def document(text: str) -> Json:
    """The JSON object or list that a reply is; None for any other reply.

    It may be fenced, with words around it; if these hold a digit they may say something else, and it is not read.
    """
    text = text.strip()
    fenced = list(_FENCED.finditer(text[:_LONGEST]))
    if len(fenced) == 1 and not re.search(r"\d", text[: fenced[0].start()] + text[fenced[0].end() :]):
        text = fenced[0]["body"].strip()
    if len(text) > _LONGEST or not text.startswith(("{", "[")):
        return None
    try:
        found: Json = json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None
    return found


def unwrapped(value: Json) -> Json:
    """The value inside objects and lists of a single object or list."""
    for _ in range(4):
        inner = list(value.values()) if isinstance(value, Mapping) else value
        if not isinstance(inner, list) or len(inner) != 1 or not isinstance(inner[0], dict | list):
            break
        value = inner[0]
    return value


class Fields:
    """The fields of an object, each read once; what is left over was not understood."""

    def __init__(self, value: Mapping[str, Json]) -> None:
        self._left = {_name(key): item for key, item in value.items()}
        self.clear = len(self._left) == len(value)
        """Whether no two fields have the same name but for its spelling, and every one that was read was understood."""

    def take(self, names: Collection[str]) -> Json:
        """The only field of these names, or None."""
        found = [name for name in self._left if name in names]
        return self._left.pop(found[0]) if len(found) == 1 else None

    def text(self, names: Collection[str]) -> str | None:
        """The only field of these names, a text without a line break; None without one."""
        found = self.take(names)
        if found is None or (isinstance(found, str) and "\n" not in found):
            return found
        self.clear = False
        return None

    def number(self, names: Collection[str], unit: str) -> int | None:
        """The only field of these names, a whole number with or without its unit; None without one."""
        found = self.take(names)
        read = re.fullmatch(rf"(\d{{1,4}})(?: ?{unit}s?)?", str(found).strip())
        if found is not None and read is None:
            self.clear = False
        return int(read[1]) if read else None

    @property
    def done(self) -> bool:
        """Whether every field was read and understood."""
        return self.clear and not self._left


def _name(key: str) -> str:
    """`startTime`, `start-time` and `Start Time` as `start_time`."""
    return re.sub(r"[ -]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", key.strip()[:80])).lower()


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    """An object; a field that is there twice makes it unreadable.

    Raises:
        ValueError: A field is there twice.
    """
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field is there twice")
    return found


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
