"""Outcomes of runs for counting, and runs by their exact ids."""

from __future__ import annotations

from pathlib import Path

from branchwise import solve
from branchwise.models.scripted import scripted
from branchwise.store.outcome import outcome_of
from branchwise.store.records import VerifiedBy
from branchwise.store.rows import CallState, Status
from branchwise.store.store import Store


async def test_an_outcome_counts_what_the_bill_has(tmp_path: Path) -> None:
    def script(request: object, seed: int) -> str:
        text = str(request)
        if '"Score: "' not in text:
            return f"An answer, number {seed % 3}."
        return "Score: 80" if "number 1" in text else "I cannot say."

    async with Store.opened(str(tmp_path / "s.sqlite")) as store:
        result = await solve(
            "Say something.", task="chat", strategy="best_of_n", model=scripted(script), store=store
        )
        found = await store.database.aread(lambda c: outcome_of(c, result.run_id))
        part = await store.database.aread(lambda c: outcome_of(c, result.run_id[:-1]))
        bill = await store.usage(result.run_id)
        exact, near = await store.exact_run(result.run_id), await store.exact_run(result.run_id[:-1])
    assert part is None
    assert near is None
    assert exact is not None
    assert exact.id == result.run_id
    assert found is not None
    assert (found.task, found.strategy, found.status) == ("chat", "best_of_n", Status.DONE)
    assert found.verified_by is VerifiedBy.MODEL
    assert sum(call.usage.completion_tokens for call in found.calls) == bill.completion_tokens > 0
    assert {call.state for call in found.calls} == {CallState.DONE}
    assert all(call.seconds is not None for call in found.calls)
    assert set(found.unparsed) == {"llm"}
