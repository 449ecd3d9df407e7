"""Events of a streamed response, each with a rising `sequence_number`."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from itertools import count
from typing import Any

from branchwise.server.response_body import ResponseBody
from branchwise.server.response_object import response

_LAST = frozenset({"completed", "incomplete", "failed"})
"""Statuses that have a last event of their own."""
_PIECE = 40
"""Characters of a delta."""


def opening(run_id: str, body: ResponseBody | None) -> Iterator[bytes]:
    """The events before the search."""
    begun = response(run_id, time.time(), "in_progress", body)
    yield _event("response.created", 0, response=begun)
    yield _event("response.in_progress", 1, response=begun)


def ending(found: dict[str, Any], first: int) -> Iterator[bytes]:
    """The events of the answer, and the last one.

    Args:
        found: The whole response.
        first: The number of the first event.
    """
    numbers = count(first)
    for index, item in enumerate(found["output"]):
        at: dict[str, Any] = {"output_index": index}
        nothing: dict[str, Any] = {"content": []} if item["type"] == "message" else {"arguments": ""}
        empty = {**item, "status": "in_progress", **nothing}
        yield _event("response.output_item.added", next(numbers), item=empty, **at)
        at["item_id"] = item["id"]
        events = _call(item, at) if item["type"] == "function_call" else _message(item, at)
        for kind, more in events:
            yield _event(kind, next(numbers), **more)
        yield _event("response.output_item.done", next(numbers), item=item, output_index=index)
    last = found["status"] if found["status"] in _LAST else "failed"
    yield _event(f"response.{last}", next(numbers), response=found)


def _message(item: dict[str, Any], at: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, part in enumerate(item["content"]):
        here = {**at, "content_index": index}
        yield "response.content_part.added", {**here, "part": {**part, "text": ""}}
        text = part["text"]
        for begin in range(0, len(text), _PIECE):
            delta = {"delta": text[begin : begin + _PIECE], "logprobs": []}
            yield "response.output_text.delta", {**here, **delta}
        yield "response.output_text.done", {**here, "text": text, "logprobs": []}
        yield "response.content_part.done", {**here, "part": part}


def _call(item: dict[str, Any], at: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "response.function_call_arguments.delta", {**at, "delta": item["arguments"]}
    said = {"arguments": item["arguments"], "name": item["name"]}
    yield "response.function_call_arguments.done", {**at, **said}


def _event(kind: str, number: int, **fields: Any) -> bytes:
    data = {"type": kind, "sequence_number": number, **fields}
    return f"event: {kind}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode(errors="replace")
