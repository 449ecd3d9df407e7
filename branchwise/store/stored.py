"""Read what a row holds as the type that it should be; a row may be damaged, or a stranger's."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from branchwise.store.errors import StoreError

T = TypeVar("T")


def read_stored(kind: TypeAdapter[T], value: object, what: str) -> T:
    """Read a value of a row.

    Args:
        kind: What it should be.
        value: What the row holds.
        what: What it is called in the message, for example "request".

    Raises:
        StoreError: It is something else.
    """
    try:
        return kind.validate_python(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])[:80]
        raise StoreError(
            f"The run's {what} is damaged: {place or 'all of it'}: {first['msg'][:120]}."
        ) from error
    except (RecursionError, OverflowError) as error:
        raise StoreError(
            f"The run's {what} is damaged: it is nested too deep, or a number is too large."
        ) from error
