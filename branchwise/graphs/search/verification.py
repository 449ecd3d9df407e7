"""Concurrent verification of a round: each text is judged once, as soon as it is sampled."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeAlias

from branchwise.agents.verifiers.protocol import Verifier, VerifierState
from branchwise.store.errors import BudgetSpent, CutShort, ModelError
from branchwise.store.records import Verdict

VerdictOutcome: TypeAlias = Verdict | BudgetSpent | ModelError
"""Outcome of a judgement: a verdict, or the error."""


class PendingVerdicts:
    """The verifications in flight of one run; bound to one event loop.

    Candidates arrive in any order. A judgement is therefore keyed, in the ledger too, by its text and not by
    its branch: branches with equal texts share it, and a resumed run finds it in any order of arrival.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._cases: dict[str, asyncio.Task[VerdictOutcome]] = {}
        self._cut: Counter[str] = Counter()
        self.accepted = asyncio.Event()
        """Set when a whole solution of this round was accepted."""

    def open(self, state: VerifierState) -> asyncio.Task[VerdictOutcome]:
        """Start verifying `state["plan"]`, or join a running verification; its path names the round.

        One that the budget refused is retried.
        """
        path = f"{state['path']}/{judged_digest(state['plan'], complete=state['complete'])}"
        known = self._cases.get(path)
        if known is None or (refused := _refusal(known)) is not None:
            if known is not None and isinstance(refused, CutShort):
                self._cut[path] += 1
            again = f"{path}/again{self._cut[path]}" if self._cut[path] else path
            self._cases[path] = asyncio.create_task(self._judge({**state, "path": again}))
        return self._cases[path]

    async def _judge(self, state: VerifierState) -> VerdictOutcome:
        try:
            verdict = (await self._verifier(state))["verdict"]
        except (BudgetSpent, ModelError) as error:
            return error
        if verdict.accepted and state["complete"]:
            self.accepted.set()
        return verdict

    async def clear(self) -> None:
        """Forget the round and cancel its pending tasks."""
        cases, self._cases = list(self._cases.values()), {}
        self._cut.clear()
        self.accepted.clear()
        await call_off(cases)


def judged_digest(plan: str, *, complete: bool) -> str:
    """The part of a key that names a judged text."""
    text = f"{'plan' if complete else 'step'}:{plan}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=12).hexdigest()


def _refusal(case: asyncio.Task[VerdictOutcome]) -> BudgetSpent | None:
    """The budget's refusal of a judgement, if any."""
    outcome = case.result() if case.done() and not case.cancelled() and case.exception() is None else None
    return outcome if isinstance(outcome, BudgetSpent) else None


async def call_off(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel unfinished tasks and wait for them; ignore errors of finished ones."""
    pending = []
    for task in tasks:
        if not task.done():
            task.cancel()
            pending.append(task)
        elif not task.cancelled():
            task.exception()  # else asyncio warns that the exception was never retrieved
    if pending:
        await asyncio.gather(*pending, return_exceptions=True)


async def ended(tasks: Iterable[asyncio.Task[Any]], *, unless: asyncio.Event | None) -> bool:
    """Wait for the tasks, or until `unless` is set; a task's failure ends the wait and is raised.

    Returns:
        Whether `unless` was set.
    """
    pending = every = set(tasks)
    bell = asyncio.create_task(unless.wait()) if unless is not None else None
    try:
        while pending:
            done, _ = await asyncio.wait(
                pending | ({bell} if bell else set()),
                return_when=asyncio.FIRST_COMPLETED if bell else asyncio.FIRST_EXCEPTION,
            )
            pending = pending - done
            for task in done:
                task.result()
            if bell in done:
                return True
        return unless is not None and unless.is_set()
    finally:
        await call_off([*every, *([bell] if bell else [])])
