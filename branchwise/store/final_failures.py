"""Failed calls of a search's rounds that are not repeated after their worker was killed."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from branchwise.store.errors import ModelError
from branchwise.store.rows import CallState
from branchwise.store.texts import RedactedRequest


class FinalFailures:
    """The failures that earlier claims of a run recorded.

    In a search a failed call of a round is a result: a dead branch. A run whose worker was killed before that result
    was written as a node would otherwise repeat the call, pay for it twice, and grow another tree than a run that was
    not killed. Nothing is final until `keep` is called.
    """

    def __init__(self) -> None:
        self._last: dict[str, _Failure] = {}
        self._after: int | None = None
        self._used = False

    def note(self, row: sa.RowMapping) -> None:
        """Note an attempt at a call; those of one key in order."""
        self._last.pop(row["key"], None)
        kind, _, message = (row["error"] or "").partition(": ")
        if row["state"] == CallState.FAILED and row["round"] is not None and kind in _names(ModelError):
            self._last[row["key"]] = _Failure(row["request_hash"], message, row["epoch"])

    def keep(self, *, after: int) -> None:
        """Make the failures of claims later than the epoch `after` final; the others are repeated."""
        self._after = after

    def forget(self) -> bool:
        """Make no failure final any more; return whether one was used."""
        self._after = None
        used, self._used = self._used, False
        return used

    def of(self, key: str, asked: RedactedRequest) -> ModelError | None:
        """The error that the call `key` ended with, if it is final and the request is the same."""
        known = self._last.get(key) if self._after is not None else None
        if known is None or known.epoch <= (self._after or 0) or not asked.was(known.request_hash):
            return None
        self._used = True
        return ModelError(known.message)

    def __contains__(self, key: str) -> bool:
        """Whether the call `key` failed last time."""
        return key in self._last


class _Failure(NamedTuple):
    """The last attempt at a call, which the model could not answer."""

    request_hash: str
    message: str
    epoch: int


def _names(error: type[Exception]) -> set[str]:
    """The names of an exception and of those derived from it."""
    return {error.__name__}.union(*(_names(derived) for derived in error.__subclasses__()))
