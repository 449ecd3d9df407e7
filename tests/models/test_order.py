"""A call waits for its turn first; then intent, lease, sending and commit follow without a pause."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Message, Reply, SampleRequest
from branchwise.models.recorded import recorded
from branchwise.models.scripted import Scripted, scripted
from branchwise.store.errors import LeaseLost
from branchwise.store.records import Budget
from branchwise.store.rows import CallState
from branchwise.store.store import Store
from tests.store.scripted_run import new_lease


class Slow:
    """Answers when its gate is opened."""

    def __init__(self) -> None:
        self._model: Scripted = scripted(["fine"])
        self.name, self.capabilities = self._model.name, self._model.capabilities
        self.gate, self.asked = asyncio.Event(), asyncio.Event()
        self.sent = 0

    async def sample(self, request: SampleRequest) -> Reply:
        self.sent += 1
        self.asked.set()
        await self.gate.wait()
        return await self._model.sample(request)

    async def aclose(self) -> None: ...


async def test_who_lost_its_lease_while_a_call_waited_sends_nothing(tmp_path: Path) -> None:
    async with Store.opened(str(tmp_path / "runs.sqlite")) as store:
        lease, model = await new_lease(store), Slow()
        ledger = await store.ledger(lease)
        sample = recorded(model, ledger, BudgetTracker(Budget(), ledger.bill.usage), limit=1)
        first, second = (
            asyncio.create_task(sample(key, SampleRequest(messages=(Message(role="user", content=key),))))
            for key in ("r1/0/first", "r1/0/second")
        )
        await model.asked.wait()
        await asyncio.sleep(0.05)
        assert [call.key for call in await store.calls(lease.run_id)] == ["r1/0/first"]
        lease.deadline = 0.0  # as after a long pause of the whole process
        model.gate.set()
        assert (await first).samples[0].text == "fine"
        with pytest.raises(LeaseLost):
            await second
        assert model.sent == 1
        states = {call.key: call.state for call in await store.calls(lease.run_id)}
        assert states["r1/0/first"] is CallState.DONE
        assert states.get("r1/0/second", CallState.STARTED) is CallState.STARTED
