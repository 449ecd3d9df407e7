"""Where `worker` and `batch` work: in this process, or with actors on Ray."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from branchwise.cli import console
from branchwise.cli.exits import run
from branchwise.store.errors import BadInput, UnknownName

ENGINES = ("local", "ray")
Engine = Annotated[str, typer.Option(help="Where runs are worked on: local, or ray (extra `ray`).")]
Address = Annotated[
    str | None, typer.Option(help="With ray: the cluster's address, or auto; by default Ray starts here.")
]
Actors = Annotated[int | None, typer.Option(min=1, help="With ray: number of actors.")]
Least = Annotated[int | None, typer.Option("--min", min=0, help="With ray: fewest actors.")]
Most = Annotated[
    int | None, typer.Option("--max", min=1, help="With ray: most actors; their number follows the queue.")
]
Cpus = Annotated[float, typer.Option(min=0.0, help="With ray: CPUs that an actor takes.")]


@dataclass(frozen=True, kw_only=True, slots=True)
class OnRay:
    """Options of an engine on Ray."""

    address: str | None = None
    actors: int | None = None
    least: int | None = None
    most: int | None = None
    cpus: float = 0.25

    def check(self, engine: str) -> None:
        """Refuse an unknown engine, and options of Ray without it.

        Raises:
            BadInput: The options cannot be used together.
        """
        if engine not in ENGINES:
            raise UnknownName("engine", engine, ENGINES)
        given = (self.address, self.actors, self.least, self.most)
        if engine == "local" and any(one is not None for one in given):
            raise BadInput("--address, --actors, --min and --max need --engine ray.")


def working_on_ray(options: Mapping[str, Any], how: OnRay, *, store: str | None, until_empty: bool) -> None:
    """Work with actors until the queue is empty or a signal asks to end.

    Args:
        options: Those of `work`, without `until_empty`.
        how: Where and with how many actors.
        store: Database URL.
        until_empty: Whether to end when the queue is empty.
    """
    from branchwise.integrations.ray.driver import Cluster, work_on_ray
    from branchwise.integrations.ray.sizing import size_of
    from branchwise.store.database.locate import locate

    size_and_options: dict[str, Any] = {}

    def prepare() -> None:
        size_and_options["size"] = size_of(how.actors, how.least, how.most, int(options["concurrency"]))
        url = locate(store).render_as_string(hide_password=False)
        size_and_options["options"] = {**options, "store": url}

    def say(text: str) -> None:
        console.err().print(text, style="dim", soft_wrap=True)

    async def until_told() -> None:
        prepare()
        me = asyncio.current_task()
        told: list[int] = []

        def stop(number: int) -> None:
            if not told and me is not None:
                told.append(number)
                say("returning runs to the queue ...")
                me.cancel()

        # Ray sets handlers of its own when it starts, so ours follow.
        cluster = Cluster(address=how.address, cpus=how.cpus)
        job = asyncio.ensure_future(
            work_on_ray(
                size_and_options["options"],
                size_and_options["size"],
                cluster,
                until_empty=until_empty,
                say=say,
                started=lambda: _heed(stop),
            )
        )
        try:
            await job
        except asyncio.CancelledError:
            job.cancel()
            with suppress(asyncio.CancelledError):
                await job
            if not told:
                raise

    run(until_told())


def _heed(stop: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(number, stop, number)
