"""What a requirement is: something that a program can tell about a text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a requirement says of one text."""

    kept: bool | None
    """None where it cannot be told."""
    wrong: str = ""
    """What is wrong and by how much, for the next attempt; empty where it is kept."""
    degree: float = 0.0
    """How nearly it is kept, in [0, 1]; 1 where it is kept."""


def kept() -> Finding:
    """The finding of a text that keeps a requirement."""
    return Finding(kept=True, degree=1.0)


def finding(holds: bool | None, wrong: str, degree: float = 0.0) -> Finding:
    """The finding of a rule that tells no more than yes, no, or None where it cannot tell."""
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
    """What is required, as a model is told."""
    check: Callable[[str], Finding]
    """Judge a whole text."""
    refutes: Callable[[str], bool] = _never
    """Whether no text that begins so keeps the requirement."""
    regex: str | None = None
    """A pattern of the whole text, by which decoding can be steered."""
    schema: Mapping[str, object] | None = None
    """A JSON schema of the whole text, by which decoding can be steered."""
    ready: Callable[[], None] = _nothing
    """Raise when this machine lacks what `check` needs."""
    blocking: bool = False
    """Whether `check` waits for other programs."""
