"""W3C trace contexts, and ids of traces and spans that follow from a run's record.

A span of a run has the same id whenever and wherever it is computed, so that what is exported after the fact joins
what a model server reported while the run was working.
"""

from __future__ import annotations

import hashlib
import re
from contextvars import ContextVar
from dataclasses import dataclass

_HEADER = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.{0,200})?")
_TRACE_BYTES, _SPAN_BYTES = 16, 8


@dataclass(frozen=True, slots=True)
class TraceContext:
    """One span's place in a trace, as the header `traceparent` carries it."""

    trace_id: str
    """32 lower-case hexadecimal digits."""
    span_id: str
    """16 lower-case hexadecimal digits."""
    sampled: bool = True

    @property
    def header(self) -> str:
        """The value of the header `traceparent`."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"


CURRENT: ContextVar[TraceContext | None] = ContextVar("branchwise_trace", default=None)
"""The span that the running code belongs to; requests to model servers carry it."""


def parse(header: str | None) -> TraceContext | None:
    """Read a `traceparent` header; None if there is none or it is invalid (W3C Trace Context, section 3.2.2)."""
    found = _HEADER.fullmatch(header.strip()) if header and len(header) <= 256 else None
    if found is None:
        return None
    version, trace, span, flags, more = found.groups()
    if version == "ff" or (version == "00" and more) or not trace.strip("0") or not span.strip("0"):
        return None
    return TraceContext(trace, span, sampled=bool(int(flags, 16) & 1))


def trace_of(run_id: str, epoch: int) -> str:
    """The trace id of a run's claim."""
    return _digest(_TRACE_BYTES, run_id, epoch)


def span_of(run_id: str, epoch: int, *path: object) -> str:
    """The id of a span of a run's claim; without a path that of the claim itself."""
    return _digest(_SPAN_BYTES, run_id, epoch, *path)


def _digest(size: int, *parts: object) -> str:
    return hashlib.blake2b(
        "\0".join(map(str, parts)).encode(), digest_size=size, person=b"branchwise"
    ).hexdigest()
