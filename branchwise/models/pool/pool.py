"""A pool of engines as one Model: route requests, share identical ones, avoid failing engines."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from itertools import count
from typing import Final, Literal, Self

from branchwise.models.endpoint import Endpoint
from branchwise.models.failures import BUSY, Lost, Refused, passing
from branchwise.models.pool import registry as state
from branchwise.models.pool.affinity import Chain, chain, price, prompt, rank
from branchwise.models.pool.gate import Gate
from branchwise.models.pool.replica import Replica, ReplicaState
from branchwise.models.pool.shared import Shared
from branchwise.models.protocol import Capabilities, Reply, SampleRequest
from branchwise.models.require import require
from branchwise.models.transport import Transport
from branchwise.store.errors import BadInput, ModelError

Routing = Literal["affinity", "round-robin", "least-loaded"]

_KEY: Final = "OPENAI_API_KEY"
_TICK: Final = 0.1
"""Seconds between checks of the replicas while calls are in flight."""
_PROBE_SECONDS: Final = 5.0
_SLOW: Final = 8.0


def pool(where: str, **options: object) -> Pool:
    """Open a pool from a model spec.

    Args:
        where: The name of a pool that `branchwise pool up` keeps running, or `URL,URL`; with the model's name after
            `#` where engines serve several.
        **options: Those of `Pool.attach`.

    Raises:
        BadInput: A URL cannot be used, or no pool of that name runs.
        ModelError: No replica of the running pool answers.
    """
    place, _, model = where.partition("#")
    urls = [url for url in place.split(",") if url]
    if place and "/" not in place and ":" not in place and "," not in place:
        options.pop("stored", None)  # its addresses are this machine's own
        urls, model = list(state.running(place)), model or state.served(place)
    return Pool.attach(urls, model=model or None, **options)  # type: ignore[arg-type]


class Pool:
    """One model served by many engines; safe to call from many tasks of one event loop at once.

    A request goes to the engine with the fewest samples in flight, where each part of its prompt that another engine
    has cached and this one has not counts like samples, at most four. An engine that fails three times in a row, or
    is eight times slower than the others, is taken out and probed until it is healthy; its requests go elsewhere. A
    429 halves its concurrency limit. Requests that must bring the same samples, those with a seed or at temperature
    0, are sent once while they are in flight. A caller that is cancelled closes its connection, upon which the engine
    stops working for it.
    """

    def __init__(
        self, replicas: Sequence[Replica], *, routing: Routing, timeout: float, retries: int, queue: int
    ) -> None:
        self._replicas = tuple(replicas)
        self._routing = routing
        self._timeout = timeout
        self._retries = retries
        self._shared = Shared()
        self._gate = Gate(self._room, queue)
        self._turns = count()
        self._asking = asyncio.Lock()
        self._probes: set[asyncio.Task[None]] = set()
        self._watch: asyncio.TimerHandle | None = None
        self._closed = self._known = False
        self._model = ""

    @classmethod
    def attach(  # noqa: PLR0913 - deployments differ in each of them
        cls,
        urls: Sequence[str],
        *,
        model: str | None = None,
        api_key_env: str = _KEY,
        limit: int = 256,
        queue: int = 16_384,
        timeout: float = 600.0,
        retries: int = 6,
        routing: Routing = "affinity",
        dialect: Literal["auto", "openai", "vllm"] = "auto",
        stored: bool = False,
    ) -> Self:
        """Make a pool of running servers.

        Args:
            urls: The base URL of each API, for example `http://localhost:8000/v1`.
            model: The model's name there; optional if only one is served.
            api_key_env: The environment variable that holds the key, if required.
            limit: Maximum requests in flight per server; reduced while it refuses for load.
            queue: Maximum number of waiting calls; further ones fail at once.
            timeout: Seconds for one call, retries included.
            retries: Number of retries of a call, on any server.
            routing: "affinity" to the server with the prompt's prefix; "round-robin" and "least-loaded" are baselines.
            dialect: The servers' dialect; "auto" queries each.
            stored: Whether the URLs come from a database row: the key is then sent only if `keys` allows it.

        Raises:
            BadInput: There is no URL, a duplicate, or an invalid one.
        """
        if not urls or len(set(urls)) != len(urls):
            raise BadInput(
                "A pool needs one or more different URLs, like `http://a:8000/v1,http://b:8000/v1`."
            )
        known = None if dialect == "auto" else dialect
        replicas = []
        for url in urls:
            transport = Transport(url, api_key_env=api_key_env, timeout=None, retries=0, stored=stored)
            replicas.append(Replica(url, Endpoint(model or "", transport, known), limit))
        return cls(replicas, routing=routing, timeout=timeout, retries=retries, queue=queue)

    @property
    def name(self) -> str:
        """`pool:` and the model's name."""
        if not self._model:
            names = [replica.endpoint.name.partition(":")[2] for replica in self._replicas]
            self._model = next(filter(None, names), "")
        return f"pool:{self._model or '?'}"

    @property
    def known(self) -> bool:
        """Whether an engine has been queried."""
        self._known = self._known or any(replica.endpoint.known for replica in self._replicas)
        return self._known

    @property
    def capabilities(self) -> Capabilities:
        """The common capabilities of all queried engines."""
        if len(self._replicas) == 1:
            return self._replicas[0].endpoint.capabilities
        asked = [replica.endpoint.capabilities for replica in self._replicas if replica.endpoint.known]
        return _common(tuple(asked or [self._replicas[0].endpoint.capabilities]))

    @property
    def shared(self) -> int:
        """Number of requests not sent because an identical one was in flight."""
        return self._shared.count

    @property
    def waiting(self) -> int:
        """Number of calls waiting for room."""
        return self._gate.waiting

    def states(self) -> tuple[ReplicaState, ...]:
        """The state of each engine."""
        return tuple(replica.state() for replica in self._replicas)

    def slot(self) -> AbstractAsyncContextManager[None]:
        """Wait for room in the pool and hold it; `sample` inside uses it."""
        return self._gate()

    async def check(self) -> None:
        """Query every engine's list of models; one healthy engine is enough.

        Raises:
            ModelError: No engine is healthy; lists the errors.
        """
        outcomes = await asyncio.gather(
            *(replica.endpoint.check() for replica in self._replicas), return_exceptions=True
        )
        now = asyncio.get_running_loop().time()
        for replica, outcome in zip(self._replicas, outcomes, strict=True):
            if isinstance(outcome, ModelError):
                replica.breaker.trip(now, str(outcome))
            elif isinstance(outcome, BaseException):
                raise outcome
        if not any(replica.well for replica in self._replicas):
            raise ModelError(" ".join(str(outcome) for outcome in outcomes))

    async def ask(self) -> None:
        """Run `check` unless an engine has been queried; concurrent runs share one query."""
        async with self._asking:
            if not self.known:
                await self.check()

    async def sample(self, request: SampleRequest) -> Reply:
        """Answer with exactly `request.n` samples; see `Model.sample`."""
        if self._closed:
            raise ModelError("This pool is closed.")
        if not self.known:
            await self.ask()
        require(self, request)
        return await self._shared(request, self._send)

    async def aclose(self) -> None:
        """Close all connections; calls in flight are cancelled."""
        self._closed = True
        if self._watch is not None:
            self._watch.cancel()
        for probe in self._probes:
            probe.cancel()
        await asyncio.gather(*(replica.endpoint.aclose() for replica in self._replicas))

    async def _send(self, request: SampleRequest) -> Reply:
        async with self._gate():
            self._look_after()
            try:
                return await self._insist(request, asyncio.get_running_loop().time() + self._timeout)
            except TimeoutError:
                raise Lost(
                    f"The pool gave no answer within {self._timeout:g} s: {self._complaints()}"
                ) from None

    async def _insist(self, request: SampleRequest, ends: float) -> Reply:
        text = (
            prompt(request) if len(self._replicas) > 1 else ""
        )  # with one replica there is nothing to route
        blocks = chain(text)
        failed: set[Replica] = set()
        for attempt in count(1):
            replica = await self._placed(text, blocks, failed, ends)
            try:
                return await replica.answer(request, text, blocks, ends)
            except Refused as refusal:
                if not passing(refusal.status) or attempt > self._retries:
                    raise
                if refusal.status not in BUSY:
                    failed.add(replica)
            except Lost:
                if attempt > self._retries or self._closed:
                    raise
                failed.add(replica)
        raise AssertionError("not reached")

    async def _placed(self, text: str, blocks: Chain, failed: set[Replica], ends: float) -> Replica:
        """Wait until a replica has room; those that failed this request are tried last."""
        while (now := asyncio.get_running_loop().time()) < ends:
            free = [replica for replica in self._replicas if replica.room(now)]
            chosen = self._chosen([r for r in free if r not in failed] or free, text, blocks)
            if chosen is not None:
                return chosen
            await asyncio.sleep(_TICK / 2)
        raise TimeoutError

    def _chosen(self, free: Sequence[Replica], text: str, blocks: Chain) -> Replica | None:
        if len(free) < 2:
            return free[0] if free else None
        if self._routing == "round-robin":
            return free[next(self._turns) % len(free)]
        if self._routing == "least-loaded":
            turn = next(self._turns)
            return min(enumerate(free, turn), key=lambda one: (one[1].samples, one[0] % len(free)))[1]
        depths = {replica: replica.held.depth(blocks) for replica in free}
        deepest = max(depths.values())
        return min(
            free, key=lambda r: (r.samples + price(deepest - depths[r]), -depths[r], rank(r.url, text))
        )

    def _room(self) -> int:
        now = asyncio.get_running_loop().time()
        return max(
            1, sum([replica.requests + replica.room(now) for replica in self._replicas if replica.well])
        )

    def _look_after(self) -> None:
        if self._watch is None and not self._closed:
            self._watch = asyncio.get_running_loop().call_later(_TICK, self._look)

    def _look(self) -> None:
        """Take out slow replicas, probe those taken out, admit waiting calls; runs while calls are inside."""
        self._watch = None
        now = asyncio.get_running_loop().time()
        for replica in self._replicas:
            paces = [r.pace for r in self._replicas if r is not replica and r.pace is not None and r.well]
            replica.trip_if_slow(statistics.median(paces) if paces else None, _SLOW, now)
            if replica.breaker.due(now):
                probe = asyncio.ensure_future(replica.probe(_PROBE_SECONDS))
                self._probes.add(probe)
                probe.add_done_callback(self._probes.discard)
        self._gate.wake()
        if self._gate.inside:
            self._look_after()

    def _complaints(self) -> str:
        reasons = (f"`{r.url}` {r.breaker.reason or 'is busy'}" for r in self._replicas)
        return "; ".join(reasons)


@cache  # called on every call
def _common(those: tuple[Capabilities, ...]) -> Capabilities:
    fields = Capabilities.__dataclass_fields__
    return Capabilities(**{field: all(getattr(can, field) for can in those) for field in fields})
