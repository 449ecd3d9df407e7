"""Records of spans, before they are written in a protocol's form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from branchwise.store.trace_context import TraceContext

AttributeValue: TypeAlias = str | bool | int | float | Sequence[str]
Attributes: TypeAlias = Mapping[str, AttributeValue]


class SpanKind(IntEnum):
    """Kinds of spans, numbered as in OTLP."""

    INTERNAL = 1
    CLIENT = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class SpanEvent:
    """Something that happened within a span."""

    name: str
    at: float
    """Seconds since 1970."""
    attributes: Attributes = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A finished span."""

    context: TraceContext
    parent: str | None
    """Id of the parent span; None for a trace's root."""
    name: str
    kind: SpanKind = SpanKind.INTERNAL
    began: float
    """Seconds since 1970."""
    ended: float
    attributes: Attributes = field(default_factory=dict)
    events: tuple[SpanEvent, ...] = ()
    links: tuple[TraceContext, ...] = ()
    error: str | None = None
    """Type of the error it ended with; None if it did not fail."""
