"""The driver: starts actors, restarts their work, adapts their number to the queue, and hands runs back at the end.

Ray restarts a dead actor's process (`max_restarts=-1`) and repeats no call of it (`max_task_retries=0`): a run whose
worker died is taken up again by its lease. Nothing depends on the driver; without it actors end with Ray's job.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from branchwise.integrations.ray.actor import WorkerActor
from branchwise.integrations.ray.sizing import CrewSize
from branchwise.store.database.dialects import each_clock_its_own
from branchwise.store.database.locate import locate
from branchwise.store.errors import BadInput
from branchwise.store.store import Store

_PATIENCE = 30.0
"""Seconds that actors have to hand their runs back."""
_AGAIN = 1.0
"""Seconds before the work of a dead actor is started again."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cluster:
    """Where Ray runs, and what an actor takes of it."""

    address: str | None = None
    """Of a cluster, or "auto" for the one that this machine belongs to; None starts Ray on this machine."""
    cpus: float = 0.25
    period: float = 5.0
    """Seconds between looks at the queue."""


async def work_on_ray(
    options: Mapping[str, Any],
    size: CrewSize,
    cluster: Cluster,
    *,
    until_empty: bool = False,
    say: Callable[[str], None] = lambda text: None,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Work on a queue with actors until cancelled, or until it is empty; runs in progress are then handed back.

    Args:
        options: Those of `work`, with the store's URL.
        size: How many actors.
        cluster: Where.
        until_empty: Return when no run of the queue waits or is worked on.
        say: Called with a line when the number of actors changes.
        started: Called when Ray has started, which sets signal handlers of its own.

    Raises:
        BadInput: Ray is not installed or cannot be reached, or the store is a file and the cluster has several nodes.
    """
    ray = _ray()
    async with _connected(ray, cluster), Store.opened(options["store"]) as store:
        refuse_file(str(options["store"]), sum(bool(node["Alive"]) for node in ray.nodes()))
        started()
        crew = _Crew(ray, dict(options), cluster, say)
        try:
            while True:
                waiting = await store.open_in(str(options["queue"]))
                if until_empty and not waiting:
                    break
                await crew.resize(size.wanted(waiting), keep=0 if until_empty else size.least)
                await asyncio.sleep(cluster.period)
        finally:
            await asyncio.shield(crew.dismiss())


def refuse_file(url: str, nodes: int) -> None:
    """Refuse an SQLite file on a cluster of several nodes.

    Raises:
        BadInput: It is one: other nodes would see another file, or none.
    """
    if nodes > 1 and each_clock_its_own(locate(url).get_backend_name()):
        raise BadInput(
            f"The store is an SQLite file, which the {nodes} nodes of the cluster do not share: "
            "use --store postgresql://HOST/NAME."
        )


@dataclass(slots=True)
class _Crew:
    ray: Any
    options: dict[str, Any]
    cluster: Cluster
    say: Callable[[str], None]
    actors: dict[int, Any] = field(default_factory=dict)
    tasks: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    async def resize(self, wanted: int, *, keep: int) -> None:
        """Start actors up to `wanted`; those beyond `keep` end by themselves when the queue is empty."""
        before = len(self.actors)
        if wanted > before:
            self._request(wanted)
        for number in range(wanted):
            if number not in self.actors:
                self.actors[number] = self._actor(number)
                self.tasks[number] = asyncio.create_task(self._work(number, forever=number < keep))
        if len(self.actors) != before:
            self.say(f"{len(self.actors)} actors")

    async def dismiss(self) -> None:
        """Have all runs handed back, then end the actors."""
        returned = [actor.hand_back.remote() for actor in self.actors.values()]
        with suppress(Exception):
            await asyncio.wait_for(asyncio.gather(*returned, return_exceptions=True), _PATIENCE)
        for task in self.tasks.values():
            task.cancel()
        for number in list(self.actors):
            self._end(number)

    async def _work(self, number: int, *, forever: bool) -> None:
        """Keep an actor at work; one whose process died works on once Ray has restarted it."""
        errors = self.ray.exceptions
        while True:
            try:
                await self.actors[number].work.remote({**self.options, "until_empty": not forever})
                break
            except errors.ActorUnavailableError:
                self.say(f"actor {number} died; Ray restarts it")
                await asyncio.sleep(_AGAIN)
            except errors.ActorDiedError:
                self.say(f"actor {number} is gone; another one takes its place")
                self.actors[number] = self._actor(number)
        self._end(number)
        self.say(f"{len(self.actors)} actors")

    def _actor(self, number: int) -> Any:
        made = self.ray.remote(num_cpus=self.cluster.cpus, max_restarts=-1, max_task_retries=0)(WorkerActor)
        return made.options(max_concurrency=4).remote()

    def _end(self, number: int) -> None:
        with suppress(Exception):
            self.ray.kill(self.actors.pop(number))

    def _request(self, actors: int) -> None:
        """Have Ray's autoscaler bring nodes for that many actors; it takes idle ones away by itself."""
        sdk = import_module("ray.autoscaler.sdk")
        with suppress(Exception):  # a cluster of fixed size has no autoscaler
            sdk.request_resources(bundles=[{"CPU": self.cluster.cpus}] * actors)


def _ray() -> Any:
    try:
        return import_module("ray")
    except ImportError:
        raise BadInput("Ray is not installed: pip install 'branchwise[ray]'.") from None


@asynccontextmanager
async def _connected(ray: Any, cluster: Cluster) -> AsyncIterator[None]:
    """Connect to Ray, or start it here; what was connected before stays connected."""
    if ray.is_initialized():
        yield
        return
    here = {"include_dashboard": False} if cluster.address is None else {}
    try:
        ray.init(address=cluster.address or "local", namespace="branchwise", **here)
    except (ConnectionError, RuntimeError, ValueError) as error:
        raise BadInput(f"Ray cannot be reached at `{cluster.address}`: {error}.") from error
    try:
        yield
    finally:
        ray.shutdown()
