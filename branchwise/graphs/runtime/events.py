"""Progress events of a run."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.foreign import failed


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Progress event of a run."""

    kind: str
    """`opened` with the run's id, `node` when a node has ended, `custom` for output of LangGraph's stream writer,
    `subrun` for events of a sub-run, `waiting`, `ended`; a workflow may have kinds of its own."""
    text: str
    data: Any = None
    """The node's update or output; a sub-run's Event; the questions; the run's output."""
    run_id: str = ""
    tokens: int = 0
    """Tokens spent so far."""
    left: int | None = None
    """Tokens left of the budget, if there is one."""


Watch = Callable[[Any], None]
"""Called with each Event."""


def quiet(event: object) -> None:
    """Ignore the event."""


def guarded(watch: Watch) -> Watch:
    """A watcher whose exceptions name it.

    Raises:
        BadInput: It is a coroutine function.
    """
    check_watch(watch)
    if watch is quiet:
        return watch

    def told(event: Event) -> None:
        try:
            watch(event)
        except BranchwiseError:
            raise
        except Exception as error:
            raise failed(f"The watcher `{getattr(watch, '__qualname__', repr(watch))}`", error) from error

    return told


def check_watch(watch: Callable[..., object]) -> None:
    """Refuse a watcher that would be called and never awaited.

    Raises:
        BadInput: It is a coroutine function.
    """
    if inspect.iscoroutinefunction(watch):
        raise BadInput(
            "`watch` is a coroutine function, and a run calls it without awaiting it. Pass a plain function, or read "
            "the events from `branchwise.stream`."
        )
