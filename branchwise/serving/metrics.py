"""Engine load, read strictly from vLLM's Prometheus page."""

from __future__ import annotations

import re
from dataclasses import dataclass

import aiohttp
from yarl import URL

from branchwise.store.errors import ModelError

_LINE = re.compile(r"(?P<name>[a-zA-Z_:][\w:]*)(?:\{.*\})? (?P<value>\S+)(?: \d+)?")
_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Load:
    """An engine's load now and its totals since it started, summed over data-parallel ranks."""

    running: int = 0
    """Samples that are being decoded."""
    waiting: int = 0
    """Samples that wait for their turn."""
    prompt_tokens: int = 0
    """Tokens read, cached ones included."""
    cached_tokens: int = 0
    """The part of `prompt_tokens` that the prefix cache held."""
    completion_tokens: int = 0
    finished: int = 0
    """Samples that ended by themselves; vLLM does not count those that were cancelled."""
    preempted: int = 0


def read_load(page: str) -> Load:
    """Read an engine's metrics page; a missing metric counts as 0."""
    return Load(
        running=_sum(page, "vllm:num_requests_running"),
        waiting=_sum(page, "vllm:num_requests_waiting"),
        prompt_tokens=_sum(page, "vllm:prompt_tokens_total"),
        cached_tokens=_sum(page, "vllm:prompt_tokens_cached_total"),
        completion_tokens=_sum(page, "vllm:generation_tokens_total"),
        finished=_sum(page, "vllm:request_success_total"),
        preempted=_sum(page, "vllm:num_preemptions_total"),
    )


async def load(base_url: str) -> Load:
    """Ask the engine behind `base_url` (`http://127.0.0.1:8000/v1`) for its load.

    Raises:
        ModelError: It does not answer.
    """
    url = URL(base_url).origin() / "metrics"
    try:
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as reply:
            if reply.status != 200:
                raise ModelError(f"The engine at `{url.origin()}` has no metrics: status {reply.status}.")
            return read_load(await reply.text(errors="replace"))
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise ModelError(f"The engine at `{url.origin()}` does not answer: {type(error).__name__}.") from None


def _sum(page: str, name: str) -> int:
    total = 0.0
    for line in page.splitlines():
        if not line.startswith(name):
            continue
        found = _LINE.fullmatch(line)
        if found and found["name"] == name:
            try:
                value = float(found["value"])
            except ValueError:
                continue
            total += value if 0 <= value < 1e18 else 0.0
    return round(total)
