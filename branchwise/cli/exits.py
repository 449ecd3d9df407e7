"""Exit codes, and errors turned into them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, NoReturn, TypeVar

import typer
from rich.console import Console

from branchwise.store.errors import BadInput, BranchwiseError

T = TypeVar("T")


class Exit(IntEnum):
    """What the exit code of `branchwise` means."""

    SOLVED = 0
    NOT_SOLVED = 1
    BAD_INPUT = 2
    FAILED = 3
    """The store or the model could not be used."""
    WAITING = 4
    """The run is paused until a person allows or refuses an action."""
    INTERRUPTED = 130


def run(work: Coroutine[Any, Any, T], *, when_interrupted: Callable[[], str] = str) -> T:
    """Run `work`; turn the errors that branchwise raises on purpose into one line and an exit code."""
    err = Console(stderr=True, highlight=False)
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        err.print(f"Interrupted. {when_interrupted()}".strip(), style="yellow", soft_wrap=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    except (BranchwiseError, BaseExceptionGroup) as error:
        first = _first(error)
        if not isinstance(first, BranchwiseError):
            raise
        err.print(f"branchwise: {first}", style="red", markup=False, soft_wrap=True)
        raise typer.Exit(Exit.BAD_INPUT if isinstance(first, BadInput) else Exit.FAILED) from None


def refuse(error: Exception) -> NoReturn:
    """Say what is wrong with the input, and exit."""
    Console(stderr=True, highlight=False).print(
        f"branchwise: {error}", style="red", markup=False, soft_wrap=True
    )
    raise typer.Exit(Exit.BAD_INPUT) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
