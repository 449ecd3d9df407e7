"""Parser of requirements: the text, Python and stored forms, all read to a `Requirement`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from branchwise.store.errors import BadInput, UnknownName
from branchwise.store.reading import reason
from branchwise.store.records import Json
from branchwise.tasks.requirements import counts, schemas, texts
from branchwise.tasks.requirements.calls import call, name_of
from branchwise.tasks.requirements.instructions import ifeval
from branchwise.tasks.requirements.patterns import pattern
from branchwise.tasks.requirements.programs import passes_tests
from branchwise.tasks.requirements.protocol import Requirement

_MAKERS: Mapping[str, Callable[[Json], Requirement]] = {
    **{name: partial(counts.count, name) for name in counts.COUNTS},
    "call": call,
    "case": texts.case,
    "contains": texts.contains,
    "ends": texts.ends,
    "forbids": texts.forbids,
    "ifeval": ifeval,
    "json": schemas.as_json,
    "language": texts.language,
    "one_of": texts.one_of,
    "pattern": pattern,
    "schema": schemas.schema,
    "sections": texts.sections,
    "starts": texts.starts,
    "tests": passes_tests,
    "python_type": schemas.python_type,
}
_FILES = frozenset({"schema", "tests"})
"""Requirements whose value may be the name of a file."""
_MOST = 100
_FUNCTION = re.compile(r"[\w.]+:[\w.]+")


def names() -> tuple[str, ...]:
    """The kinds of requirements."""
    return tuple(sorted(_MAKERS))


def requirements(given: Iterable[object]) -> tuple[Requirement, ...]:
    """Read requirements.

    Args:
        given: Each a text (`words=50..100`, `contains=tea`, `json`, `schema=FILE`, `pattern=REGEX`,
            `module:function`, or JSON of the stored form), the stored form `{"words": {"most": 100}}`, a JSON schema, a
            compiled pattern, a type that pydantic knows, a function of a text, or a Requirement.

    Raises:
        BadInput: One is invalid; the message names it.
    """
    found = []
    for number, one in enumerate(given, 1):
        try:
            found.append(requirement(one))
        except BadInput as error:
            raise BadInput(f"Requirement {number}: {error}") from error
    if len(found) > _MOST:
        raise BadInput(f"There are {len(found)} requirements; at most {_MOST} are taken.")
    return tuple(found)


def modules(stored: Iterable[Any]) -> frozenset[str]:
    """The modules from which stored requirements import functions and types."""
    named = (one.get("call") or one.get("python_type") for one in stored if isinstance(one, Mapping))
    return frozenset(str(name).partition(":")[0] for name in named if name)


def requirement(given: object) -> Requirement:
    """Read one requirement; see `requirements`."""
    if isinstance(given, Requirement):
        return given
    if isinstance(given, str):
        return _written(given)
    if isinstance(given, re.Pattern):
        if given.flags & ~re.UNICODE or not isinstance(given.pattern, str):
            raise BadInput(
                "A compiled pattern with flags cannot be stored: write them into the pattern, (?i:...)."
            )
        return pattern(given.pattern)
    if isinstance(given, Mapping):
        return _stored(given)
    if isinstance(given, type):
        return schemas.python_type(name_of(given))
    if callable(given):
        return call(name_of(given))
    raise BadInput(f"A {type(given).__name__} is no requirement.")


def _stored(given: Mapping[Any, Any]) -> Requirement:
    if len(given) == 1:
        ((name, value),) = given.items()
        if name in _MAKERS:
            return _MAKERS[name](value)
    if any(
        word in given
        for word in ("type", "properties", "$ref", "anyOf", "oneOf", "allOf", "enum", "const", "$schema")
    ):
        return schemas.schema(dict(given))
    raise UnknownName("kind of requirement", ", ".join(map(str, given)), _MAKERS)


def _written(text: str) -> Requirement:
    name, equals, value = text.partition("=")
    name = name.strip()
    if text.lstrip().startswith("{"):
        try:
            return _stored(json.loads(text))
        except (ValueError, RecursionError, AttributeError) as error:
            raise BadInput(f"`{text:.100}` is no JSON: {error}.") from error
    if not equals and _FUNCTION.fullmatch(text.strip()):
        return call(text.strip())
    if name not in _MAKERS:
        raise UnknownName("kind of requirement", name, _MAKERS)
    if not equals and name != "json":
        raise BadInput(f"The requirement `{name}` needs a value: {name}=VALUE.")
    return _MAKERS[name](_value(name, value))


def _value(name: str, value: str) -> Json:
    if name in _FILES:
        value = _file(value)
    if name == "json" and value in {"", "true"}:
        return True
    if name in {"schema", "ifeval"} or (
        name in {"sections", "one_of", "contains", "forbids"} and value.startswith("[")
    ):
        try:
            read: Json = json.loads(value)
        except (ValueError, RecursionError) as error:
            raise BadInput(f"The requirement `{name}` takes JSON: {error}.") from error
        return read
    return value


def _file(value: str) -> str:
    """The content of the named file, if the value names one; else the value."""
    if "\n" in value or value.lstrip().startswith("{") or len(value) > 1_000:
        return value
    path = Path(value)
    try:
        return path.read_text(encoding="utf-8") if path.suffix in {".json", ".py"} else value
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"`{path}` cannot be read: {reason(error)}.") from error
