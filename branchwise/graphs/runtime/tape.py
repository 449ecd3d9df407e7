"""The tape of a replay: the recorded calls of a finished run, in place of the ledger."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import cast

from branchwise.models.budget import BudgetTracker
from branchwise.models.protocol import Capabilities, Reply, SampleRequest
from branchwise.store.bill import Bill
from branchwise.store.errors import BudgetSpent, ModelError
from branchwise.store.final_failures import FinalFailures
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, Usage
from branchwise.store.redaction import Redaction
from branchwise.store.rows import CallRecord, CallState


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """A difference between a replay and the record."""

    what: str
    """"call", "node", "decision", "answer" or "bill"."""
    key: str
    recorded: str
    replayed: str


class SilentModel:
    """Placeholder of a replay's model: it has the recorded capabilities and is never called."""

    def __init__(self, name: str, engine: Json) -> None:
        self.name = name
        known = {field.name for field in fields(Capabilities)}
        kept = cast("Mapping[str, Mapping[str, bool]]", engine or {}).get("capabilities", {})
        self.capabilities = Capabilities(**{name: value for name, value in kept.items() if name in known})

    async def sample(self, request: SampleRequest) -> Reply:
        """Refuse: a call without a record was refused by the budget."""
        raise BudgetSpent("recorded calls")

    async def aclose(self) -> None:
        """Do nothing: there are no resources."""


class Tape:
    """The recorded calls in the ledger's place. A call that is not there was refused by the budget, or is new."""

    def __init__(self, calls: Sequence[CallRecord]) -> None:
        self.bill = Bill()
        self.failures = FinalFailures()
        self.tracker: BudgetTracker | None = None
        self.heard = 0
        self._scrub = Redaction()
        self._calls: dict[str, list[CallRecord]] = {}
        for call in sorted(calls, key=lambda call: call.attempt):
            self._calls.setdefault(call.key, []).append(call)
        self._left = set(self._calls)
        self._changed: list[Difference] = []
        self._missing: Counter[str] = Counter()

    def clock(self) -> float:
        """The replay's clock, which expires with the last recorded call: a budget of seconds refused later ones."""
        limited = self.tracker is not None and self.tracker.budget.seconds is not None
        return math.inf if limited and not self._left else 0.0

    @property
    def effects(self) -> int:
        """Number of earlier effects; a replay starts with none."""
        return 0

    def unsettled(self, key: str) -> bool:
        """Whether `key` was started and its outcome is unknown."""
        known = self._calls.get(key, [])
        unknown = bool(known) and known[-1].state is not CallState.DONE
        if unknown:
            self._left.discard(key)
        return unknown

    def attempts(self, key: str) -> int:
        """Number of attempts of `key`."""
        return len(self._calls.get(key, []))

    def answers(self) -> Iterator[tuple[str, Json]]:
        """The answers before the run started: none, since a replay records them as they occur."""
        return iter(())

    def recorded(self, key: str, request: Json) -> bool:
        """True: every call is on the tape or refused, so none reserves budget."""
        return True

    async def __call__(
        self,
        key: str,
        request: Json,
        effect: Callable[[], Awaitable[tuple[Json, Usage]]],
        *,
        kind: str = "model",
        model: str = "",
    ) -> Json:
        """Answer from the tape."""
        if key not in self._calls:
            self._missing[key] += 1
            raise BudgetSpent("recorded calls")
        self.pass_over(key)
        last = self._calls[key][-1]
        asked = self._scrub.request(to_json(request))
        if asked != to_json(last.request):
            self._changed.append(
                Difference(what="call", key=key, recorded=to_json(last.request), replayed=asked)
            )
        if last.state is not CallState.DONE:
            raise ModelError((last.error or "no answer was kept").partition(": ")[2])
        return last.response

    def pass_over(self, key: str) -> None:
        """Count a recorded call whose outcome the run is told by a decision."""
        if key in self._left:
            self._left.remove(key)
            self._hear(key)

    def _hear(self, key: str) -> None:
        self.heard += 1
        for call in self._calls[key]:
            self.bill.add(call.state, call.usage)
            if call.state is not CallState.AMBIGUOUS and self.tracker is not None:
                self.tracker.pay(call.usage)

    def differences(self, *, budgeted: bool) -> list[Difference]:
        """Calls with another request, calls only on the tape, and calls missing on it."""
        new = [] if budgeted else sorted(self._missing)
        return [
            *self._changed,
            *(Difference(what="call", key=key, recorded="not made", replayed="asked for") for key in new),
            *(
                Difference(what="call", key=key, recorded="made", replayed="not asked for")
                for key in sorted(self._left)
            ),
        ]
