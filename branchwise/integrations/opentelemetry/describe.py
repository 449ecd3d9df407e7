"""What a span says about a call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from branchwise.integrations.opentelemetry import conventions as names
from branchwise.integrations.opentelemetry.spans import AttributeValue, SpanKind
from branchwise.models.codec import read_reply, read_request
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.store.errors import StoreError
from branchwise.store.rows import CallRecord, CallState, RunRecord

OPENINFERENCE: Final = "openinference"
CONTENT: Final = "content"
ALSO: Final = (OPENINFERENCE, CONTENT)
"""What spans may hold besides the GenAI conventions' attributes without words."""
_UNKNOWN = frozenset({CallState.AMBIGUOUS, CallState.STARTED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """A span's name, kind and attributes."""

    name: str
    kind: SpanKind
    attributes: Mapping[str, AttributeValue]
    error: str | None
    """Type of the error the call ended with."""


def describe(run: RunRecord, call: CallRecord, also: Collection[str], *, ended: bool = True) -> Description:
    """Describe a call.

    Args:
        run: Its run.
        call: The call.
        also: Of `ALSO`.
        ended: Whether it is over; one that is not has no usage and no error yet.
    """
    request, reply = _read(call)
    attributes: dict[str, AttributeValue] = {
        names.CONVERSATION: run.id,
        "branchwise.run.id": run.id,
        "branchwise.epoch": call.epoch,
        "branchwise.attempt": call.attempt,
    }
    for name, value in (("round", call.round), ("node", call.node), ("strategy", call.strategy)):
        if value not in {None, ""}:
            attributes[f"branchwise.{name}"] = value
    error = _failure(call) if ended else None
    if error is not None:
        attributes[names.ERROR] = error
    if ended and call.state in _UNKNOWN:
        attributes["branchwise.ambiguous"] = True
    model = call.kind == "model"
    if model:
        attributes |= _of_model(run, call, request, reply, words=CONTENT in also)
        attributes |= names.usage_attributes(call.usage) if ended else {}
    else:
        tool = call.model.rpartition(":")[2] or call.kind
        attributes |= {names.OPERATION: "execute_tool", "gen_ai.tool.name": tool}
    if OPENINFERENCE in also:
        words = request if CONTENT in also else None
        attributes |= names.openinference("LLM" if model else "TOOL", attributes, words, reply)
    subject = attributes["gen_ai.request.model" if model else "gen_ai.tool.name"]
    return Description(
        name=f"{attributes[names.OPERATION]} {subject}",
        kind=SpanKind.CLIENT if model else SpanKind.INTERNAL,
        attributes=attributes,
        error=error,
    )


def _of_model(
    run: RunRecord, call: CallRecord, request: SampleRequest | None, reply: Reply | None, *, words: bool
) -> dict[str, AttributeValue]:
    given = run.spec.get("base_url") if isinstance(run.spec, Mapping) else None
    found: dict[str, AttributeValue] = {
        names.OPERATION: "chat",
        **names.model_attributes(call.model, given if isinstance(given, str) else None),
    }
    if request is not None:
        found |= names.request_attributes(request)
        if words:
            found |= names.content_attributes(request, reply)
    return found | (names.reply_attributes(reply) if reply is not None else {})


def _failure(call: CallRecord) -> str | None:
    """The error's type, which stands before its message; None without one."""
    if call.state is CallState.DONE:
        return None
    if call.state in _UNKNOWN:
        return "ambiguous"
    kind = (call.error or "").partition(":")[0]
    return kind if kind.isidentifier() else "_OTHER"


def _read(call: CallRecord) -> tuple[SampleRequest | None, Reply | None]:
    """The call's request and reply, as far as they can be read: those of a damaged or forgotten row cannot."""
    if call.kind != "model":
        return None, None
    try:
        return read_request(call.request), None if call.response is None else read_reply(call.response)
    except StoreError:
        return None, None
