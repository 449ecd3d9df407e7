"""Total usage of a run's calls; sums do not depend on the order of the calls."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from branchwise.store.as_fields import as_fields
from branchwise.store.records import Usage
from branchwise.store.rows import CallState

COSTS = tuple(field.name for field in fields(Usage))
_REALS = ("seconds", "cost")


def cost(row: sa.RowMapping) -> Usage:
    """The usage of the attempt in a row of `calls`."""
    return Usage(**{name: row[name] for name in COSTS})


class Bill:
    """Sums the usage of calls, one attempt each."""

    def __init__(self) -> None:
        self.ambiguous = 0
        """Ambiguous calls: possibly billed, but no reply was stored."""
        self._answered = 0
        self._whole = Usage()
        self._reals: dict[str, list[float]] = {name: [] for name in _REALS}

    def add(self, state: CallState, usage: Usage) -> None:
        """Add an attempt that has ended."""
        if state is CallState.AMBIGUOUS:
            self.ambiguous += 1
            return
        self._whole += usage
        for name, summands in self._reals.items():
            summands.append(getattr(usage, name))
        self._answered += state is CallState.DONE

    @property
    def usage(self) -> Usage:
        """Usage of calls that were answered or refused; equal calls in any order give equal totals."""
        return _with_reals(self._whole, {name: math.fsum(some) for name, some in self._reals.items()})

    @property
    def estimate(self) -> Usage:
        """Estimated usage of the ambiguous calls, not in `usage`: each counts as the mean answered call."""
        share = self.ambiguous / self._answered if self._answered else 0.0
        spent: dict[str, Any] = {name: getattr(self.usage, name) * share for name in COSTS}
        whole = {name: round(spent[name]) for name in COSTS if name not in _REALS}
        return Usage(**{**spent, **whole, "calls": self.ambiguous})


def _with_reals(usage: Usage, reals: dict[str, float]) -> Usage:
    return Usage(**{**as_fields(usage), **reals})
