"""OTLP in JSON: lines that a collector's `otlpjsonfile` receiver reads and its HTTP receiver takes as bodies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.metadata import version
from typing import Final

from branchwise.integrations.opentelemetry.conventions import SCHEMA
from branchwise.integrations.opentelemetry.spans import Attributes, AttributeValue, Span
from branchwise.store.json_text import to_json
from branchwise.store.records import Json

_PORTION: Final = 500
"""Spans of a line, so that a body stays below the receivers' limits."""
_FAILED: Final = 2
"""STATUS_CODE_ERROR."""


def lines(spans: Sequence[Span]) -> Iterator[str]:
    """Write spans as `ExportTraceServiceRequest` messages in JSON, one a line."""
    about = {"service.name": "branchwise", "service.version": version("branchwise")}
    scope: Json = {"name": "branchwise", "version": version("branchwise")}
    for first in range(0, len(spans), _PORTION):
        some = spans[first : first + _PORTION]
        inside: Json = {"scope": scope, "spans": [_span(one) for one in some], "schemaUrl": SCHEMA}
        yield to_json(
            {"resourceSpans": [{"resource": {"attributes": _pairs(about)}, "scopeSpans": [inside]}]}
        )


def _span(span: Span) -> Json:
    found: dict[str, Json] = {
        "traceId": span.context.trace_id,
        "spanId": span.context.span_id,
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": _nanoseconds(span.began),
        "endTimeUnixNano": _nanoseconds(span.ended),
        "attributes": _pairs(span.attributes),
    }
    if span.parent is not None:
        found["parentSpanId"] = span.parent
    if span.events:
        found["events"] = [
            {"timeUnixNano": _nanoseconds(one.at), "name": one.name, "attributes": _pairs(one.attributes)}
            for one in span.events
        ]
    if span.links:
        found["links"] = [{"traceId": one.trace_id, "spanId": one.span_id} for one in span.links]
    if span.error is not None:
        found["status"] = {"code": _FAILED, "message": span.error}
    return found


def _nanoseconds(at: float) -> str:
    return str(round(at * 1e6) * 1000)  # a float of seconds since 1970 is exact to a quarter of a microsecond


def _pairs(attributes: Attributes) -> list[Json]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: AttributeValue) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}  # 64 bits are a string in protobuf's JSON
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"arrayValue": {"values": [_value(one) for one in value]}}
