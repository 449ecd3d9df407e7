"""What a run's calls have cost: sums that do not depend on the order of the calls."""

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
    """What the attempt in a row of `calls` has cost."""
    return Usage(**{name: row[name] for name in COSTS})


class Bill:
    """Adds up calls; each belongs to one attempt."""

    def __init__(self) -> None:
        self.ambiguous = 0
        """Calls that may have been billed without an answer that was kept."""
        self._answered = 0
        self._whole = Usage()
        self._reals: dict[str, list[float]] = {name: [] for name in _REALS}

    def add(self, state: CallState, usage: Usage) -> None:
        """Take note of an attempt that has ended."""
        if state is CallState.AMBIGUOUS:
            self.ambiguous += 1
            return
        self._whole += usage
        for name, summands in self._reals.items():
            summands.append(getattr(usage, name))
        self._answered += state is CallState.DONE

    @property
    def usage(self) -> Usage:
        """What calls that were answered or refused have cost; equal calls in any order give equal bills."""
        return _with_reals(self._whole, {name: math.fsum(some) for name, some in self._reals.items()})

    @property
    def estimate(self) -> Usage:
        """What the ambiguous calls may have cost besides `usage`: as much as the mean of those answered."""
        share = self.ambiguous / self._answered if self._answered else 0.0
        spent: dict[str, Any] = {name: getattr(self.usage, name) * share for name in COSTS}
        whole = {name: round(spent[name]) for name in COSTS if name not in _REALS}
        return Usage(**{**spent, **whole, "calls": self.ambiguous})


def _with_reals(usage: Usage, reals: dict[str, float]) -> Usage:
    return Usage(**{**as_fields(usage), **reals})
