"""Selective answering: precision and coverage of accepted answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Selective:
    """Precision and coverage of accepted answers."""

    precision: float | None
    """Right answers among accepted ones; None when none was accepted."""
    accepted: float
    """Share of instances whose answer was accepted."""
    abstained: float
    """Share of instances without any answer."""


def selective(outcomes: Iterable[tuple[bool | None, bool]]) -> Selective:
    """Summarise (right, accepted) pairs, one an instance; right is None where there was no answer.

    Raises:
        ValueError: There are no outcomes.
    """
    seen = list(outcomes)
    if not seen:
        raise ValueError("Precision needs at least one outcome.")
    accepted = [right for right, taken in seen if taken and right is not None]
    return Selective(
        precision=sum(accepted) / len(accepted) if accepted else None,
        accepted=len(accepted) / len(seen),
        abstained=sum(right is None for right, _ in seen) / len(seen),
    )
