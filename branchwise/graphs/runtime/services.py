"""Services behind a Run's methods: rows, budget, models, and the keys of its calls."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from langgraph.config import get_config
from langgraph.errors import GraphInterrupt

from branchwise.agents.prompts import Prompts
from branchwise.graphs.runtime.events import Watch
from branchwise.graphs.runtime.journal import Journal
from branchwise.graphs.runtime.places import NodeVisit, Places
from branchwise.graphs.runtime.questions import Question
from branchwise.graphs.runtime.resources import opened_engine
from branchwise.graphs.runtime.spec import RunSpec
from branchwise.models.budget import BudgetTracker
from branchwise.models.prices import stated
from branchwise.models.protocol import Model, Sampler
from branchwise.models.recorded import Recorder, recorded
from branchwise.store.bill import Bill
from branchwise.store.errors import BadInput, BudgetSpent, LeaseLost, RequestChanged
from branchwise.store.final_failures import FinalFailures
from branchwise.store.json_text import to_json
from branchwise.store.records import Json, Usage

T = TypeVar("T")
STOPS = (GraphInterrupt, BudgetSpent, LeaseLost, RequestChanged)
"""Exceptions that end a node's visit even if the node catches them."""


class RunLedger(Recorder, Protocol):
    """Interface of the ledger and of a replay's tape."""

    bill: Bill
    failures: FinalFailures

    def unsettled(self, key: str) -> bool:
        """Whether `key` was started and its outcome is unknown."""
        ...

    def attempts(self, key: str) -> int:
        """Number of attempts of `key`."""
        ...

    def answers(self) -> Iterator[tuple[str, Json]]:
        """The recorded answers by key."""
        ...


@dataclass(kw_only=True, slots=True, eq=False)
class RunServices:
    """Services shared by one execution of a run; not stored."""

    run_id: str
    spec: RunSpec
    ledger: RunLedger
    journal: Journal
    tracker: BudgetTracker
    engine: Model
    prompts: Prompts
    places: Places
    watch: Watch
    stack: AsyncExitStack
    """Closes what was opened for the run when its execution ends."""
    child: Callable[[str, RunSpec], Awaitable[Any]] = field(init=False)
    """Executes a sub-run, by its key and its request; gives its output."""
    usage_below: Callable[[str], Awaitable[Usage]] = field(init=False)
    """The usage of a sub-run so far, by its key."""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.get_running_loop)
    waiting: dict[str, Question] = field(default_factory=dict)
    """The questions that this execution has found open."""
    stops: list[tuple[str, Exception]] = field(default_factory=list)
    """The exceptions that must stop the run, with the namespace of the node that raised them."""
    samplers: dict[str, Sampler] = field(default_factory=dict)
    locks: dict[str, asyncio.Lock] = field(default_factory=dict)
    """One for each sub-run and tool call, so that it is executed once."""

    def visit(self) -> NodeVisit:
        """The visit of the current node."""
        return self.places.visit(get_config())

    def key(self, visit: NodeVisit, name: str, asked: Json) -> str:
        """The key of a node's call of a given name.

        Raises:
            BadInput: The name is invalid, or was used in this visit for another request.
        """
        if not name or any(not "!" <= letter <= "~" for letter in name) or name != name.strip("/"):
            raise BadInput(
                f"A call is named in printable ASCII without spaces, for example `draft`, not {name!r}."
            )
        digest = hashlib.sha256(to_json(asked).encode()).hexdigest()
        if visit.asked.setdefault(name, digest) != digest:
            raise BadInput(
                f"The node at `{visit.place}` uses the name `{name}` for two different calls; "
                f"name each for what it does, for example `{name}/{{i}}` in a loop."
            )
        return f"{visit.place}/{name}"

    async def guarded(self, visit: NodeVisit, doing: Awaitable[T]) -> T:
        """Await `doing`; an exception that must stop the run is recorded even if the node catches it."""
        try:
            return await doing
        except STOPS as error:
            self.stops.append((visit.namespace, error))
            raise

    def stopped(self, namespace: str) -> Exception | None:
        """The exception that must stop the node of this namespace, raised in it or in its subgraphs."""
        for where, error in self.stops:
            if where == namespace or where.startswith(f"{namespace}|"):
                return error
        return None

    def stop(self) -> Exception | None:
        """The exception that must stop the whole run; questions do not, since the run waits for their answers."""
        return next((error for _, error in self.stops if not isinstance(error, GraphInterrupt)), None)

    async def sampler(self, model: str | None = None) -> Sampler:
        """The recorded model of that name, open for this execution; by default the run's own."""
        name = model or self.engine.name
        if name in {self.engine.name, self.spec.model}:
            name = self.engine.name
        if name not in self.samplers:
            engine = self.engine
            if name != engine.name:
                engine = await self.stack.enter_async_context(
                    opened_engine(name, self.spec.base_url if name.startswith("openai-compatible:") else None)
                )
            self.samplers[name] = recorded(
                engine, self.ledger, self.tracker, price=stated(self.spec.model_options.price)
            )
        return self.samplers[name]

    def said(self) -> dict[str, Any]:
        """The fields common to all events of the run."""
        return {
            "run_id": self.run_id,
            "tokens": self.tracker.spent.tokens,
            "left": self.tracker.tokens_left(),
        }
