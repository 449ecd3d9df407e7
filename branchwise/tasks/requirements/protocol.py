"""The Requirement record: a property of a text that a program can check."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Result of checking one text against a requirement."""

    kept: bool | None
    """None if undecided."""
    wrong: str = ""
    """The fault and its size, as feedback for the next attempt; empty if the requirement is kept."""
    degree: float = 0.0
    """Degree in [0, 1] to which it is kept; 1 if it is kept."""


def kept() -> Finding:
    """The finding of a text that meets a requirement."""
    return Finding(kept=True, degree=1.0)


def finding(holds: bool | None, wrong: str, degree: float = 0.0) -> Finding:
    """The finding of a rule that returns only yes, no, or None if undecided."""
    return kept() if holds else Finding(kept=holds, wrong=wrong, degree=degree)


def _nothing() -> None: ...


def _never(text: str) -> bool:
    return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Requirement:
    """One requirement on a text."""

    stored: Mapping[str, Any]
    """The form that is stored with the run, from which `read` makes the same requirement again."""
    words: str
    """The requirement in words, as shown to a model."""
    check: Callable[[str], Finding]
    """Judge a whole text."""
    refutes: Callable[[str], bool] = _never
    """Whether no text with this beginning can meet the requirement."""
    regex: str | None = None
    """A pattern of the whole text, to constrain decoding."""
    schema: Mapping[str, object] | None = None
    """A JSON schema of the whole text, to constrain decoding."""
    ready: Callable[[], None] = _nothing
    """Raise if this machine lacks a dependency of `check`."""
    blocking: bool = False
    """Whether `check` waits for other programs."""
