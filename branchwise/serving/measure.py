"""Measure an engine: send it a workload and time it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from branchwise.models.codec import read_request
from branchwise.models.protocol import Message, OutputFormat, SampleRequest
from branchwise.models.wire import write
from branchwise.serving.idealised import Timed
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.records import Json

_SECONDS = 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """Timings and token counts of a workload."""

    seconds: float
    """From the first request to the last reply."""
    prompt_tokens: int
    completion_tokens: int
    calls: tuple[Timed, ...] = field(default=(), repr=False)

    @property
    def tokens_per_second(self) -> float:
        """Tokens written a second, over all requests."""
        return self.completion_tokens / self.seconds if self.seconds else 0.0


async def measure(
    base_urls: Sequence[str], model: str, bodies: Sequence[Mapping[str, Any]], *, in_flight: int = 16
) -> Measured:
    """Send a workload and time it; requests go to the engines in turn.

    Args:
        base_urls: The engines, `http://127.0.0.1:8000/v1`.
        model: The model's name there.
        bodies: Chat completions without `model`, as `typed_workload` and `equal_samples` make them.
        in_flight: Requests at once.

    Raises:
        ModelError: An engine refused or is gone.
    """
    turn, timed = asyncio.Semaphore(in_flight), list[Timed]()
    usage = [0, 0]
    timeout = aiohttp.ClientTimeout(total=_SECONDS)
    connector = aiohttp.TCPConnector(limit=0)

    async def send(session: aiohttp.ClientSession, number: int, body: Mapping[str, Any]) -> None:
        async with turn:
            began = time.monotonic()
            url = f"{base_urls[number % len(base_urls)]}/chat/completions"
            async with session.post(url, json={"model": model, **body}) as reply:
                said = await reply.read()
                if reply.status != 200:
                    reason = said[:300].decode("utf-8", "replace")
                    raise ModelError(f"The engine refused the workload with status {reply.status}: {reason}")
            counts = json.loads(said)["usage"]
            seconds = time.monotonic() - began
        read, written = int(counts["prompt_tokens"]), int(counts["completion_tokens"])
        cached = int((counts.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
        usage[0] += read
        usage[1] += written
        timed.append(
            Timed(prompt=read - cached, completion=written, samples=int(body.get("n", 1)), seconds=seconds)
        )

    began = time.monotonic()
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as session,
            asyncio.TaskGroup() as group,
        ):
            for number, body in enumerate(bodies):
                group.create_task(send(session, number, body))
    except* ModelError as refused:
        raise refused.exceptions[0] from None
    except* (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError) as lost:
        raise ModelError(f"The engine was lost: {type(lost.exceptions[0]).__name__}.") from None
    return Measured(
        seconds=time.monotonic() - began,
        prompt_tokens=usage[0],
        completion_tokens=usage[1],
        calls=tuple(timed),
    )


def equal_samples(*, batch: int, prompt: int, tokens: int, salt: str = "") -> dict[str, Any]:
    """One request whose `batch` samples all have `tokens` tokens, after a prompt of about `prompt` tokens."""
    text = (f"{salt} " + "one two three four five six seven eight nine ten " * (prompt // 10 + 1)).split(" ")
    asked = SampleRequest(
        messages=(Message(role="user", content=" ".join(text[:prompt])),),
        n=batch,
        temperature=1.0,
        output_format=OutputFormat(max_tokens=tokens),
    )
    return {**write(asked, "vllm"), "max_tokens": tokens, "ignore_eos": True}


class _Line(BaseModel):
    """One line of a workload that is no recorded request."""

    prompt: str = ""
    messages: list[dict[str, str]] = []
    n: int = Field(default=1, ge=1)
    max_tokens: int = Field(default=256, ge=1)
    temperature: float = 0.7


def typed_workload(lines: Sequence[Json]) -> list[dict[str, Any]]:
    """Make chat completions of recorded requests, or of lines with `prompt` or `messages`, `n` and `max_tokens`.

    Raises:
        BadInput: There is none, or a line cannot be read; says which.
    """
    if not lines:
        raise BadInput("The workload holds no request.")
    return [_typed(number, line) for number, line in enumerate(lines, 1)]


def _typed(number: int, line: Json) -> dict[str, Any]:
    if isinstance(line, Mapping) and "shape" in line:
        request = read_request(line)
        return {**write(request, "vllm"), "max_tokens": request.output_format.max_tokens}
    try:
        said = _Line.model_validate(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise BadInput(f"Line {number} of the workload cannot be read: {first['msg']}.") from None
    messages = said.messages or [{"role": "user", "content": said.prompt}]
    if not said.prompt and not said.messages:
        raise BadInput(f"Line {number} of the workload has neither `prompt` nor `messages`.")
    return {
        "messages": messages,
        "n": said.n,
        "max_tokens": said.max_tokens,
        "temperature": said.temperature,
    }
