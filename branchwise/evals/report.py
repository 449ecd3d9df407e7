"""A report: tables, curves and reliability plots, free of any form of display."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from branchwise.statistics.bootstrap import Interval
from branchwise.statistics.reliability import Reliability


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Rows of text under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"The rows of `{self.title}` do not all have {len(self.columns)} cells.")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One policy in a plot."""

    tokens: float
    """Mean completion tokens an instance."""
    accuracy: Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Curve:
    """Accuracy against tokens."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The findings on one log or live run."""

    title: str
    facts: Mapping[str, str]
    """Provenance: source, hash, seeds, number of instances, command."""
    tables: tuple[Table, ...]
    curves: tuple[Curve, ...] = ()
    reliability: Mapping[str, Reliability] = field(default_factory=dict)

    def dumps(self) -> str:
        """The report as JSON text."""
        return json.dumps(asdict(self), indent=1, sort_keys=True, allow_nan=False)
