"""Context managers that open stores and models by name."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from branchwise import models
from branchwise.models.model_options import ModelOptions
from branchwise.models.protocol import Model
from branchwise.store.errors import BadInput
from branchwise.store.store import Store

_PRICED = ("openai-compatible", "litellm")
"""Kinds of models whose price is configured."""


@asynccontextmanager
async def opened_engine(
    model: str | Model, base_url: str | None = None, options: ModelOptions | None = None
) -> AsyncIterator[Model]:
    """Open the named model, and close it at the end; an open Model is left open.

    The name and the URL are treated as untrusted: an API key is sent only to servers that `models.keys`
    allows, so a caller whose own user names the server calls `models.trust` first.
    """
    if not isinstance(model, str):
        # Before its capabilities are checked.
        await models.ask(model)
        yield model
        return
    given = {"base_url": base_url} if base_url else {}
    more = options.connection if options else {}
    if model.partition(":")[0] not in _PRICED:
        more.pop("price", None)  # the budget has its price
    engine = models.load(model, stored=True, **given, **more)
    try:
        await models.check(engine)
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def opened_store(
    store: str | os.PathLike[str] | Store | None, *, ttl: float | None = None
) -> AsyncIterator[Store]:
    """Open the store at a URL, and close it at the end; an open Store is left open."""
    if isinstance(store, Store):
        yield store
        return
    if isinstance(store, os.PathLike):
        store = os.fspath(store)
    if store is not None and not isinstance(store, str):
        raise BadInput(f"`store` is an open Store, a database URL or a file, not {store!r:.200}.")
    async with Store.opened(store, **({} if ttl is None else {"ttl": ttl})) as opened:
        yield opened
