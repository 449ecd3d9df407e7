"""The Agent protocol: a LangGraph node, typed state in, typed update out."""

from __future__ import annotations

from typing import Protocol, TypedDict, TypeVar

_State = TypeVar("_State", contravariant=True)  # noqa: PLC0105
_Update = TypeVar("_Update", covariant=True)  # noqa: PLC0105


class Agent(Protocol[_State, _Update]):
    """A LangGraph node: typed state in, typed update out. Other dependencies are arguments of its factory."""

    async def __call__(self, state: _State) -> _Update:
        """Run the agent once."""
        ...


class ProblemState(TypedDict):
    """State that every agent reads."""

    problem: str
    path: str
    """Logical path of this piece of work within the run; the beginning of its ledger keys."""
