"""Stores and engines that are opened by name for as long as they are needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from branchwise import models
from branchwise.models.model_options import ModelOptions
from branchwise.models.protocol import Model
from branchwise.store.store import Store

_PRICED = ("openai-compatible", "litellm")
"""Kinds of models that are told their price."""


@asynccontextmanager
async def opened_engine(
    model: str | Model, base_url: str | None = None, options: ModelOptions | None = None
) -> AsyncIterator[Model]:
    """Open the model that was named, and close it at the end; a Model that is open already is left so.

    The name and the URL are taken to come from a row: a key goes only where `models.keys` allows it, so a door through
    which this process's user names a server calls `models.trust`.
    """
    if not isinstance(model, str):
        # Before anybody judges by its abilities whether it can do the work.
        await models.ask(model)
        yield model
        return
    given = {"base_url": base_url} if base_url else {}
    more = options.connection if options else {}
    if model.partition(":")[0] not in _PRICED:
        more.pop("price", None)  # the budget knows it
    engine = models.load(model, stored=True, **given, **more)
    try:
        await models.check(engine)
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def opened_store(store: str | Store | None, *, ttl: float | None = None) -> AsyncIterator[Store]:
    """Open the store at a URL, and close it at the end; a Store that is open already is left so."""
    if isinstance(store, Store):
        yield store
        return
    async with Store.opened(store, **({} if ttl is None else {"ttl": ttl})) as opened:
        yield opened
