"""A replica of a pool: cached prefixes, concurrency limit, pace and health."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from branchwise.models.endpoint import Endpoint
from branchwise.models.failures import BUSY, Lost, Refused, passing
from branchwise.models.pool.affinity import CachedBlocks, Chain, chain
from branchwise.models.pool.breaker import Breaker, BreakerState
from branchwise.models.pool.limit import Limit
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.store.errors import ModelError, Unsupported
from branchwise.store.records import Usage

_PAUSE: Final = 0.25
"""Seconds without requests to a replica after a 429, unless it asks for more."""
_START_TOKENS: Final = 8
"""Reading the prompt and the round trip count as the time of this many tokens."""
_WEIGHT: Final = 0.2
_SURE: Final = 3
"""Minimum number of answers for a meaningful pace."""
_GRACE: Final = 1.0
"""Calls shorter than this, in seconds, are never slow: on fast engines the client's noise exceeds a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaState:
    """Public snapshot of a replica."""

    url: str
    state: BreakerState
    reason: str
    """Why it was last taken out; empty when it is healthy."""
    requests: int
    """In flight now."""
    samples: int
    """Samples in flight, over all requests."""
    limit: int
    """Its current limit of concurrent requests."""
    seconds_a_token: float | None
    failures: int
    usage: Usage
    """What it has answered so far."""


@dataclass(slots=True, eq=False)
class _Call:
    began: float
    patience: asyncio.Timeout
    tokens: int
    """The maximum tokens of each sample."""


class Replica:
    """Sends requests to one engine and adapts to their outcomes."""

    def __init__(self, url: str, endpoint: Endpoint, most: int) -> None:
        self.url, self.endpoint = url, endpoint
        self.limit = Limit(most)
        self.breaker = Breaker()
        self.held = CachedBlocks()
        self.samples = 0
        self.failures = 0
        self.usage = Usage()
        self.pace: float | None = None
        """Seconds per token of the longest sample, a moving mean; None while too few calls were answered."""
        self._answers = 0
        self._mean = 0.0
        self._seconds = 0.0
        self._tokens = 0.0
        self._calls: set[_Call] = set()
        self._alone_until = 0.0

    @property
    def requests(self) -> int:
        """Number of requests in flight."""
        return len(self._calls)

    @property
    def well(self) -> bool:
        """Whether it receives requests."""
        return self.breaker.state == "closed"

    def room(self, now: float) -> int:
        """How many more requests it accepts now."""
        if not self.well or now < self._alone_until:
            return 0
        return max(0, int(self.limit.now) - len(self._calls))

    async def answer(self, request: SampleRequest, text: str, blocks: Chain, ends: float) -> Reply:
        """Send a request and record its outcome.

        Args:
            request: The request.
            text: Its prompt, as `affinity.prompt` writes it; empty if it is not used for routing.
            blocks: The chain of `text`.
            ends: The deadline, in the event loop's time.

        Raises:
            ModelError: As `Model.sample`; Lost also when the pool gave up waiting for this replica.
            TimeoutError: There was no answer before the deadline.
        """
        began = asyncio.get_running_loop().time()
        self.held.add(blocks)
        self.samples += request.n
        patience = asyncio.timeout_at(ends)
        call = _Call(began, patience, request.output_format.max_tokens)
        self._calls.add(call)
        try:
            async with patience:
                reply = await self.endpoint.sample(request)
        except TimeoutError:
            if patience.when() == ends:  # not cancelled earlier
                raise
            self.failures += 1
            raise Lost(f"The engine at `{self.url}` was given up on: {self.breaker.reason}") from None
        except ModelError as error:
            self._failed(error, began)
            raise
        finally:
            self._calls.discard(call)
            self.samples -= request.n
        self._answered(reply, asyncio.get_running_loop().time() - began)
        for sample in reply.samples if text else ():
            self.held.add(chain(text + sample.text, blocks)[len(blocks) :])
        return reply

    def trip_if_slow(self, usual: float | None, factor: float, now: float) -> None:
        """Take the replica out if it is `factor` times slower than others; its overdue calls go elsewhere.

        Args:
            usual: The others' median seconds per token; None if unknown.
            factor: How many times slower is too slow.
            now: The event loop's time.
        """
        if usual is None or not self.well:
            return
        overdue = [
            call for call in self._calls if now - call.began > max(_GRACE, self._due(call, usual, factor))
        ]
        if overdue or (self.pace is not None and self.pace > usual * factor and self._seconds > _GRACE):
            self.breaker.trip(now, f"more than {factor:g} times slower than the others")
            self._answers, self.pace = 0, None
            for call in overdue:
                if not call.patience.expired():
                    call.patience.reschedule(now)

    async def probe(self, seconds: float) -> None:
        """Query the engine's models; if it answers, the replica is healthy again."""
        try:
            async with asyncio.timeout(seconds):
                await self.endpoint.check()
        except (ModelError, TimeoutError) as error:
            reason = str(error) or f"no answer within {seconds:g} s"
            self.breaker.failed(asyncio.get_running_loop().time(), reason)
        else:
            self.breaker.succeeded()

    def state(self) -> ReplicaState:
        """A snapshot of the replica."""
        return ReplicaState(
            url=self.url,
            state=self.breaker.state,
            reason=self.breaker.reason,
            requests=len(self._calls),
            samples=self.samples,
            limit=int(self.limit.now),
            seconds_a_token=self.pace,
            failures=self.failures,
            usage=self.usage,
        )

    def _due(self, call: _Call, usual: float, factor: float) -> float:
        # Token limits are usually far above the length of a sample.
        tokens = min(float(call.tokens), 4 * self._tokens) if self._tokens else float(call.tokens)
        return factor * usual * (_START_TOKENS + tokens)

    def _answered(self, reply: Reply, seconds: float) -> None:
        self.limit.answered()
        self.breaker.succeeded()
        self.usage += reply.usage
        longest = max((sample.tokens for sample in reply.samples), default=0)
        pace = seconds / (_START_TOKENS + longest)
        weight = _WEIGHT if self._answers else 1.0
        self._mean += weight * (pace - self._mean)
        self._seconds += weight * (seconds - self._seconds)
        self._tokens += weight * (longest - self._tokens)
        self._answers += 1
        self.pace = self._mean if self._answers >= _SURE else None

    def _failed(self, error: ModelError, sent: float) -> None:
        now = asyncio.get_running_loop().time()
        if isinstance(error, Refused) and error.status in BUSY:
            self.limit.refused(sent, now)
            self._alone_until = now + (_PAUSE if error.wait is None else error.wait)
        elif isinstance(error, Unsupported) or (isinstance(error, Refused) and not passing(error.status)):
            return  # the error is about the request, not the replica
        else:
            self.failures += 1
            self.breaker.failed(now, str(error))
