"""Exceptions of branchwise.

BranchwiseError
├── BadInput            the caller's problem, option or file cannot be used; nothing was spent
│   └── UnknownName     a task, strategy, verifier or run of that name does not exist
├── StoreError          the database cannot be opened, read or written
│   ├── SchemaMismatch  the database is of another schema revision
│   ├── Unavailable     the database did not answer, or took no writes, for two minutes; it may do so later
│   ├── TooLarge        the server takes no row of this size
│   ├── Damaged         a stored row cannot be read
│   └── LeaseLost       another worker holds this run now
├── RequestChanged      a resumed call's request differs from the recorded one
├── CodeFailed          a checker, strategy or watcher of the user's own raised an exception
├── BudgetSpent         the next call would pass the run's budget
├── NoAnswer            a search ended without an answer that may be given
├── CheckFailed         a checker of the user's own raised an error or gave no verdict
├── ModelError          a model could not answer
│   └── Unsupported     the engine lacks what the request needs
├── EnvironmentFailed   an environment cannot go on: no browser, a site that does not answer
├── BadAction           a line is not an action, or its target is missing or ambiguous here
└── ActionRefused       an action that would leave something behind was not done
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from branchwise.store.records import Usage


class BranchwiseError(Exception):
    """Base of every error that branchwise raises on purpose; its text says what to do next."""


class BadInput(BranchwiseError):
    """The input cannot be used; no token was spent and nothing was stored."""


_PLACES = frozenset({"run", "response", "node", "place", "question", "running pool", "pool", "device"})
"""Kinds of names that refer to something in a store or on a machine, not to a part of branchwise."""


class UnknownName(BadInput):
    """An unknown name; the message lists the closest known names.

    Args:
        kind: The kind of thing looked for, for example "strategy".
        name: The name that was given.
        known: The names that exist.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind = kind
        self.name = name
        self.known = tuple(sorted(known))
        near = difflib.get_close_matches(name, self.known, n=1, cutoff=0.6)
        hint = f"Did you mean `{near[0]}`?" if near else f"Known: {', '.join(self.known) or 'none'}."
        super().__init__(f"There is no {kind} `{name}`. {hint}")

    @property
    def is_part(self) -> bool:
        """Whether the name is a part of branchwise (a strategy, an option) that another version may have."""
        return self.kind not in _PLACES


class StoreError(BranchwiseError):
    """The database cannot be opened, read or written."""


class SchemaMismatch(StoreError):
    """The database was written by another schema revision."""


class Unavailable(StoreError):
    """The database did not answer, or took no writes, within the waiting time; it may do so later."""


class Damaged(StoreError):
    """A stored row is damaged, or another program wrote it; reading it again does not help."""


class LeaseLost(StoreError):
    """Another worker holds this run now; this one must stop without writing."""


class RequestChanged(BranchwiseError):
    """A resumed call's request differs from the recorded one of the same key."""

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The call `{key}` was recorded with another request: code, prompt or options changed since. "
            "Resume with --on-change fork to sample anew, or --on-change accept to keep what was recorded."
        )


class CodeFailed(BranchwiseError):
    """The user's own code (a checker, strategy or watcher) raised an exception; the text names the place."""


class BudgetSpent(BranchwiseError):
    """The next call would pass the run's budget.

    Args:
        what: Which limit is reached: "tokens", "completion_tokens", "calls", "seconds" or "cost".
        limit: The limit; None where it is not known.
        need: What the smallest useful call needs of it.
        left: What is left of it.
    """

    def __init__(
        self, what: str, *, limit: float | None = None, need: float | None = None, left: float | None = None
    ) -> None:
        self.what = what
        self.limit = limit
        self.need = need
        self.left = left
        words = what.replace("_", " ")
        known = f" {left or 0:,.10g} of {limit:,.10g} are left" if limit is not None else ""
        needed = f", and the next call needs {need:,.10g}" if known and need is not None else ""
        super().__init__(f"The run's budget of {words} is spent.{known}{needed}{'.' if known else ''}")


class CutShort(BudgetSpent):
    """A reply is unusable because the budget cut it off; request a longer one."""


class CheckFailed(BranchwiseError):
    """A checker of the user's own raised an error or gave no verdict."""


class ModelError(BranchwiseError):
    """A model could not answer.

    Args:
        message: Why, and what to do next.
        charged: The usage of a call whose reply cannot be used; None where no reply
            came.
    """

    def __init__(self, message: str = "", *, charged: Usage | None = None) -> None:
        self.charged = charged
        super().__init__(message)


class TooLarge(StoreError, ModelError):
    """The database cannot store a row of this size; a reply that large is refused."""


class Unsupported(ModelError):
    """The engine lacks what the request needs."""


class EnvironmentFailed(BranchwiseError):
    """The environment itself failed: the browser is missing, or a site does not answer."""


class BadAction(BranchwiseError):
    """A line that is not an action, or an action whose target is missing or ambiguous."""


class ActionRefused(BranchwiseError):
    """An action with lasting effects was not executed.

    Args:
        action: The action.
        reason: Why it counts as irreversible.
    """

    def __init__(self, action: str, reason: str) -> None:
        self.action, self.reason = action, reason
        super().__init__(f"`{action}` was held back: {reason}. It needs to be allowed.")


class NoAnswer(BranchwiseError):
    """A search ended without an answer that may be given; the message says why, and which run it is."""
