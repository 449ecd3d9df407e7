"""What the server's endpoints share: the store, the upstream model, the runs in progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from branchwise import models
from branchwise.graphs.runtime.resources import opened_store
from branchwise.integrations.prometheus.metrics import Metrics
from branchwise.models.protocol import Model
from branchwise.server.admission import Admission
from branchwise.server.choice import Defaults
from branchwise.server.live_runs import LiveRuns
from branchwise.store.errors import BranchwiseError, Unsupported
from branchwise.store.store import Store
from branchwise.ui.feed import Feeds
from branchwise.ui.run_list import RunLister

_SLOW = 10.0
"""Seconds after which a store or a model that does not answer counts as not ready."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerSettings:
    """How a server runs."""

    defaults: Defaults
    store: str | Store | None = None
    max_runs: int = 16
    """Runs at once."""
    max_queued: int = 256
    """Runs that wait for a place."""
    workers: int = 4
    """Background runs that this process executes at once; 0 leaves them to `branchwise worker --queue serve`."""
    workflows: tuple[str, ...] = ()
    """Workflows that requests may start."""
    origins: tuple[str, ...] = ()
    """Origins of web pages that may call the server."""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    """Names by which it may be called; empty for any."""
    open: bool = True
    """Whether callers need no key while none was made."""
    operator_key: str = ""
    """A key of this process alone, whose holder may look at and act on all runs; empty for none."""
    keep_alive: float = 10.0
    """Seconds of silence after which a stream gets a comment line."""


@dataclass(kw_only=True, slots=True, eq=False)
class Serving:
    """The open parts of a running server."""

    settings: ServerSettings
    store: Store
    model: Model | None
    """None on a server that is for looking only."""
    live_runs: LiveRuns
    admission: Admission
    metrics: Metrics
    feeds: Feeds
    run_list: RunLister = field(default_factory=RunLister)
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a run with an idempotency key is looked up and started."""

    @property
    def engine(self) -> Model:
        """The upstream model.

        Raises:
            Unsupported: There is none.
        """
        if self.model is None:
            raise Unsupported("This server is for looking and has no model; `branchwise serve` has one.")
        return self.model

    async def faults(self) -> dict[str, str]:
        """What keeps the server from answering, by part; empty if nothing does."""
        found: dict[str, str] = {}
        for part, asked in (("store", self.store.open_in()), ("model", models.check(self.engine))):
            try:
                await asyncio.wait_for(asked, _SLOW)
            except (BranchwiseError, TimeoutError, OSError) as error:
                found[part] = type(error).__name__  # whoever asks may not be allowed to know addresses
        return found


@asynccontextmanager
async def opened(settings: ServerSettings, engine: Model | None = None) -> AsyncIterator[Serving]:
    """Open the store and the model; at the end runs in progress are paused.

    Args:
        settings: How the server runs.
        engine: An open Model, instead of the one that the settings name.

    Raises:
        BadInput: The model or the store cannot be found.
        StoreError: The store cannot be used.
    """
    async with opened_store(settings.store) as store:
        mine = engine or _model(settings.defaults)
        metrics = Metrics(store)
        live_runs, feeds = LiveRuns(store, metrics.ended), Feeds(store, settings.keep_alive)
        try:
            yield Serving(
                settings=settings,
                store=store,
                model=mine,
                live_runs=live_runs,
                metrics=metrics,
                admission=Admission(settings.max_runs, settings.max_queued),
                feeds=feeds,
            )
        finally:
            await feeds.close()
            await live_runs.close()
            if engine is None and mine is not None:
                await mine.aclose()


def _model(named: Defaults) -> Model | None:
    """The model that the settings name; None if they name none."""
    if not named.model:
        return None
    base: dict[str, Any] = {"base_url": named.base_url} if named.base_url else {}
    models.trust(named.model, named.base_url, named.model_options.api_key_env)
    return models.load(named.model, **base, **named.model_options.connection)
