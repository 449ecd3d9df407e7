"""Executed actions, counted against a limit."""

from __future__ import annotations

from dataclasses import dataclass

from branchwise.store.errors import BudgetSpent


@dataclass(kw_only=True, slots=True)
class ActionCounter:
    """Counts every action that was executed, replayed ones included."""

    limit: int | None = None
    done: int = 0
    recorded: int = 0
    """The part of `done` that arrivals in the store account for."""

    def begin(self, steps: int) -> None:
        """Count actions that are about to be executed.

        Raises:
            BudgetSpent: They are more than what is left.
        """
        if self.limit is not None and self.done + steps > self.limit:
            raise BudgetSpent("environment steps")
        self.done += steps

    def correct(self, expected: int, executed: int) -> None:
        """Put right what `begin` expected."""
        self.done += executed - expected

    def record(self) -> int:
        """The actions executed since the last record."""
        since, self.recorded = self.done - self.recorded, self.done
        return since
