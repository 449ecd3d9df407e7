"""Replies to chat requests: whole, and as the chunks of a stream."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import metadata
from typing import Any

from branchwise.graphs.search.finalists import Finalist
from branchwise.graphs.search.result import Result
from branchwise.models.openai_usage import usage_json
from branchwise.models.token_logprobs import openai_logprobs
from branchwise.store.records import Json

_PIECE = 40
"""Characters of a piece of a streamed answer."""
DONE = b"data: [DONE]\n\n"
KEEP_ALIVE = b": keep-alive\n\n"


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """What the reply to a request and all its chunks have in common."""

    run_id: str
    model: str
    """The model's name as the client wrote it."""
    include_usage: bool = False
    """Whether a stream ends with the usage."""
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def common(self) -> dict[str, Any]:
        """The fields of every object."""
        return {
            "id": f"chatcmpl-{self.run_id}",
            "created": self.created,
            "model": self.model,
            "system_fingerprint": f"branchwise-{_version()}",
        }

    def completion(self, result: Result, answers: list[Finalist], strategy: str) -> dict[str, Any]:
        """The whole reply."""
        return {
            **self.common,
            "object": "chat.completion",
            "choices": [_choice(index, one) for index, one in enumerate(answers)],
            "usage": usage_json(result.usage, sum(one.tokens for one in answers)),
            "branchwise": about(result, strategy),
        }

    def chunk(self, *choices: dict[str, Any], **more: Any) -> bytes:
        """One event of the stream."""
        said = {**self.common, "object": "chat.completion.chunk", "choices": list(choices)}
        if self.include_usage:
            said["usage"] = None
        return event({**said, **more})

    def begin(self) -> bytes:
        """The first chunk."""
        return self.chunk(_delta(0, role="assistant", content=""))

    def progress(self, line: str) -> bytes:
        """A line on the search."""
        return self.chunk(_delta(0, reasoning_content=f"{line}\n"))

    def end(self, result: Result, answers: list[Finalist], strategy: str) -> Iterator[bytes]:
        """The chunks of the answers, and the end of the stream."""
        for index, one in enumerate(answers):
            if index:
                yield self.chunk(_delta(index, role="assistant", content=""))
            for at in range(0, len(one.text), _PIECE):
                piece = _delta(index, content=one.text[at : at + _PIECE])
                # All at once: clients join the lists of the chunks, and pieces need not end where tokens do.
                yield self.chunk(piece | ({} if at else {"logprobs": _logprobs(one)}))
            for number, call in enumerate(one.tool_calls):
                yield self.chunk(_delta(index, tool_calls=[{"index": number, **call}]))
            last = index == len(answers) - 1
            more = {"branchwise": about(result, strategy)} if last else {}
            yield self.chunk({**_delta(index), "finish_reason": one.finish}, **more)
        if self.include_usage:
            yield self.chunk(usage=usage_json(result.usage, sum(one.tokens for one in answers)))
        yield DONE


def event(data: object) -> bytes:
    """An event of a stream."""
    return f"data: {json.dumps(data, ensure_ascii=False, separators=(',', ':'))}\n\n".encode(errors="replace")


def about(result: Result, strategy: str) -> dict[str, Json]:
    """The object `branchwise` of a reply: what became of the search."""
    return {
        "run_id": result.run_id,
        "strategy": strategy,
        "solved": result.solved,
        "reason": result.reason,
        "verified_by": result.verified_by,
        "score": result.score,
        "confidence": result.confidence,
        "calls": result.usage.calls,
        "samples": result.usage.samples,
        "cost": result.usage.cost if not result.usage.unpriced else None,
        "estimated_calls": result.usage.estimated,
        "seconds": round(result.seconds, 3),
        "warnings": list(result.notes),
    }


def headers(result: Result) -> dict[str, str]:
    """The headers of a whole reply."""
    cost = {} if result.usage.unpriced else {"x-branchwise-cost": f"{result.usage.cost:.8g}"}
    return {"x-branchwise-run": result.run_id, "x-branchwise-verified-by": result.verified_by, **cost}


def _choice(index: int, one: Finalist) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": one.text, "refusal": None}
    if one.calls:
        message |= {"content": one.text or None, "tool_calls": one.tool_calls}
    return {"index": index, "message": message, "logprobs": _logprobs(one), "finish_reason": one.finish}


def _logprobs(one: Finalist) -> dict[str, Json] | None:
    return openai_logprobs(one.logprobs) if one.logprobs else None


def _delta(index: int, **delta: Any) -> dict[str, Any]:
    return {"index": index, "delta": delta, "logprobs": None, "finish_reason": None}


@cache
def _version() -> str:
    return metadata.version("branchwise")
