"""A deterministic scripted model for tests, examples and dry runs."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from itertools import islice

from branchwise.models.capabilities import EVERYTHING
from branchwise.models.prices import FREE
from branchwise.models.protocol import Capabilities, Reply, Sample, SampleRequest, TokenLogprob
from branchwise.store.records import Usage

Script = Callable[[SampleRequest, int], str | Sample]
"""Writes one sample from the request and that sample's own seed."""

_TOKEN = re.compile(r"\s*\S+|\s+$")


def scripted(
    script: Script | Sequence[str | Sample],
    *,
    name: str = "script",
    latency: float = 0.0,
    capabilities: Capabilities | None = None,
) -> Scripted:
    """Make a model that answers from a script, deterministically by request and seed.

    Sample `i` of a request has the seed `(request.seed or 0) + i`. A token is a word.

    Args:
        script: A function of the request and the sample's seed, or texts of which seed `s` takes number
            `s` modulo their count. A text is cut at the request's stop texts and at `max_tokens`; a `Sample`
            is passed on as it is, and an exception that the function raises reaches the caller. A text to be scored
            has a log-probability of -1 a word, and so has a sample.
        name: What follows `scripted:` in the model's name.
        latency: Seconds that each request takes.
        capabilities: Its claimed capabilities; all by default.
    """
    if not callable(script):
        if not script:
            raise ValueError("A scripted model needs at least one reply.")
        return Scripted(_take(tuple(script)), name, latency, capabilities)
    return Scripted(script, name, latency, capabilities)


class Scripted:
    """The model that `scripted` makes; it records its requests."""

    def __init__(self, script: Script, name: str, latency: float, capabilities: Capabilities | None) -> None:
        self.name = f"scripted:{name}"
        self.price = FREE
        self.capabilities = capabilities or EVERYTHING
        self.requests: list[SampleRequest] = []
        """Every request so far, in order of arrival."""
        self._script = script
        self._latency = latency

    @property
    def calls(self) -> int:
        """Number of requests so far."""
        return len(self.requests)

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer from the script after the latency."""
        self.requests.append(request)
        await asyncio.sleep(self._latency)
        first = request.seed or 0
        samples = tuple(_cut(self._script(request, first + i), request) for i in range(request.n))
        texts = [message.content for message in request.messages] + [request.prefix]
        usage = Usage(
            calls=1,
            prompt_tokens=sum(len(text.split()) for text in texts),
            completion_tokens=sum(sample.tokens for sample in samples),
            seconds=self._latency,
        )
        return Reply(samples=samples, usage=usage)

    async def aclose(self) -> None:
        """Do nothing; there is nothing to release."""


def _take(replies: tuple[str | Sample, ...]) -> Script:
    return lambda request, seed: replies[seed % len(replies)]


def _cut(written: str | Sample, request: SampleRequest) -> Sample:
    if isinstance(written, Sample):
        return written
    if request.scored:
        return Sample(text=request.scored, tokens=1, logprob=-float(len(request.scored.split())))
    ends = [at for text in request.output_format.stop if (at := written.find(text)) >= 0]
    text = written[: min(ends)] if ends else written
    words = [found.group() for found in islice(_TOKEN.finditer(text), request.output_format.max_tokens + 1)]
    over = len(words) > request.output_format.max_tokens
    kept = words[: request.output_format.max_tokens] if over else words
    tokens = () if request.token_logprobs is None else tuple(_likely(word, request) for word in kept)
    return Sample(
        text="".join(kept) if over else text,
        tokens=len(kept),
        finish="length" if over else "stop",
        logprob=-float(len(kept)) if request.logprobs else None,
        token_logprobs=tokens if request.logprobs else (),
    )


def _likely(word: str, request: SampleRequest) -> TokenLogprob:
    return TokenLogprob(token=word, logprob=-1.0, top=((word, -1.0),) if request.token_logprobs else ())
