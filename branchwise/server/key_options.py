"""Limits of an API key, as stored with it; without the web framework, for `branchwise keys`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from branchwise.store.charges import KeyLimits
from branchwise.store.errors import BadInput
from branchwise.store.records import Json

DAY = 86_400.0
WINDOWS = {"day": DAY, "month": 30 * DAY, "total": None}
"""Seconds of a budget's window."""

Count = Annotated[int, Field(ge=1, le=2**53)]


class KeyOptions(BaseModel):
    """The limits of a key, as stored with it."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    tokens: Count | None = None
    """Tokens of all its runs in a window."""
    cost: Annotated[float, Field(gt=0)] | None = None
    """US dollars of all its runs in a window."""
    window: Literal["day", "month", "total"] = "day"
    """The last 24 hours, the last 30 days, or all time."""
    tokens_per_run: Count | None = None
    requests_per_minute: Count | None = None
    runs_at_once: Count | None = None
    models: tuple[Annotated[str, Field(min_length=1, max_length=200)], ...] = ()
    """Patterns of model names, `branchwise/best_of_n`, `branchwise/*@gsm8k`; none allows all."""
    priority: Annotated[int, Field(ge=-1000, le=1000)] = 0
    """Runs of a higher one wait less."""

    @property
    def charged(self) -> KeyLimits:
        """The limits that reservations check."""
        return KeyLimits(
            tokens=self.tokens,
            cost=self.cost,
            window=WINDOWS[self.window],
            requests_per_minute=self.requests_per_minute,
            runs_at_once=self.runs_at_once,
        )


def limits_of(stored: Mapping[str, Json]) -> KeyOptions:
    """Read a key's limits.

    Raises:
        BadInput: One cannot be used.
    """
    try:
        return KeyOptions.model_validate(dict(stored))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadInput(f"The limit `{first['loc'][0]}` of a key: {first['msg']}.") from error
