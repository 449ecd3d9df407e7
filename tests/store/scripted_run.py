"""A run and its effects for tests of the store."""

from __future__ import annotations

from typing import Any

from branchwise.store.leases import Lease
from branchwise.store.records import Json, Usage
from branchwise.store.rows import RunRecord
from branchwise.store.store import Store


class Counted:
    """An effect that counts how often it is asked and answers with the count."""

    def __init__(self, usage: Usage | None = None) -> None:
        self.sent = 0
        self._usage = usage or Usage(calls=1, prompt_tokens=10, completion_tokens=5)

    async def __call__(self) -> tuple[Json, Usage]:
        self.sent += 1
        return {"text": f"answer {self.sent}"}, self._usage


async def new_run(store: Store, **more: Any) -> RunRecord:
    usual: dict[str, Any] = {
        "task": "text",
        "strategy": "auto",
        "model": "scripted",
        "spec": {"problem": "p"},
    }
    return await store.create_run(**usual | more)


async def new_lease(store: Store) -> Lease:
    return await store.claim((await new_run(store)).id)


async def queued(store: Store, **more: Any) -> RunRecord:
    return await new_run(store, queue="default", **more)
