"""One engine of a pool: what it holds, how much it takes, whether it is well."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from branchwise.models.endpoint import Endpoint
from branchwise.models.failures import BUSY, Lost, Refused, passing
from branchwise.models.pool.affinity import Chain, Held, chain
from branchwise.models.pool.breaker import Breaker, BreakerState
from branchwise.models.pool.limit import Limit
from branchwise.models.protocol import Reply, SampleRequest
from branchwise.store.errors import ModelError, Unsupported
from branchwise.store.records import Usage

_PAUSE: Final = 0.25
"""Seconds that a replica is left alone after "too many requests", unless it asks for more."""
_START_TOKENS: Final = 8
"""Reading the prompt and the way there and back count as so many tokens' time."""
_WEIGHT: Final = 0.2
_SURE: Final = 3
"""Answers after which a pace means something."""
_GRACE: Final = 1.0
"""No call of fewer seconds is slow: on a fast engine the noise of a busy client is many times a call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaState:
    """A replica as people and programs see it."""

    url: str
    state: BreakerState
    reason: str
    """Why it was taken out last; empty when it is well."""
    requests: int
    """In flight now."""
    samples: int
    """In flight now, over all requests."""
    limit: int
    """Requests that it takes at once."""
    seconds_a_token: float | None
    failures: int
    usage: Usage
    """What it has answered so far."""


@dataclass(slots=True, eq=False)
class _Call:
    began: float
    patience: asyncio.Timeout
    tokens: int
    """The most that each sample may take."""


class Replica:
    """Sends requests to one engine and learns from what becomes of them."""

    def __init__(self, url: str, endpoint: Endpoint, most: int) -> None:
        self.url, self.endpoint = url, endpoint
        self.limit, self.breaker, self.held = Limit(most), Breaker(), Held()
        self.samples = 0
        self.failures = 0
        self.usage = Usage()
        self.pace: float | None = None
        """Seconds a token of the longest sample, a moving mean; None while too few calls were answered."""
        self._answers, self._mean, self._seconds, self._tokens = 0, 0.0, 0.0, 0.0
        self._calls: set[_Call] = set()
        self._alone_until = 0.0

    @property
    def requests(self) -> int:
        """Requests in flight."""
        return len(self._calls)

    @property
    def well(self) -> bool:
        """Whether it is asked at all."""
        return self.breaker.state == "closed"

    def room(self, now: float) -> int:
        """How many more requests it takes now."""
        if not self.well or now < self._alone_until:
            return 0
        return max(0, int(self.limit.now) - len(self._calls))

    async def answer(self, request: SampleRequest, text: str, blocks: Chain, ends: float) -> Reply:
        """Send a request and take note of how it went.

        Args:
            request: What is asked.
            text: Its prompt, as `affinity.prompt` writes it; empty where nothing is placed by it.
            blocks: The chain of `text`.
            ends: Until when to wait, by the event loop's time.

        Raises:
            ModelError: As `Model.sample`; Lost also when the pool gave up waiting for this replica.
            TimeoutError: There was no answer until then.
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
            if patience.when() == ends:  # nobody has called it off sooner
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
        """Take the replica out when it takes `factor` times as long as others do; its overdue calls go elsewhere.

        Args:
            usual: The others' median seconds a token; None when it is not known.
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
        """Ask the engine for its models; it is well again when it answers."""
        try:
            async with asyncio.timeout(seconds):
                await self.endpoint.check()
        except (ModelError, TimeoutError) as error:
            reason = str(error) or f"no answer within {seconds:g} s"
            self.breaker.failed(asyncio.get_running_loop().time(), reason)
        else:
            self.breaker.succeeded()

    def state(self) -> ReplicaState:
        """What there is to see."""
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
        # A limit on tokens is mostly far above what a sample takes.
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
            return  # it speaks of the request, not of the replica
        else:
            self.failures += 1
            self.breaker.failed(now, str(error))
