"""Validate stored values against their types; a row may be damaged or untrusted."""

from __future__ import annotations

import json
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from branchwise.store.errors import Damaged
from branchwise.store.records import Json

T = TypeVar("T")


def read_stored(kind: TypeAdapter[T], value: object, what: str) -> T:
    """Read a row's value as the type `kind`.

    Args:
        kind: The expected type.
        value: The stored value.
        what: The value's name in messages, for example "request".

    Raises:
        Damaged: The value does not have this type.
    """
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise Damaged(
            f"The run's {what} is damaged: {place or 'all of it'}: {first['msg'][:120]}."
        ) from error
    except (RecursionError, OverflowError) as error:
        raise Damaged(
            f"The run's {what} is damaged: it is nested too deep, or a number is too large."
        ) from error


def parsed(text: str, what: str) -> Json:
    """Parse a row's JSON.

    Raises:
        Damaged: It is not JSON.
    """
    try:
        return json.loads(text)  # type: ignore[no-any-return]
    except (ValueError, TypeError, RecursionError) as error:
        raise Damaged(f"The {what} is damaged: it is no JSON.") from error
