"""Exit codes, and the conversion of errors into them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from enum import IntEnum
from types import FrameType
from typing import Any, NoReturn, TypeVar

import typer

from branchwise.cli import console
from branchwise.cli.console import Terminal, visible
from branchwise.cli.gc_settings import calm
from branchwise.store.errors import BadInput, BranchwiseError
from branchwise.store.foreign import place

T = TypeVar("T")
_PATIENCE = 1.0
"""Seconds after which a pending cancellation is reported."""
_STOPS = (signal.SIGINT, signal.SIGTERM)
_CURSOR = "\x1b[?25h"
"""Shows the cursor again, which a live line hides."""


class Exit(IntEnum):
    """Exit codes of `branchwise`."""

    SOLVED = 0
    NOT_SOLVED = 1
    BAD_INPUT = 2
    FAILED = 3
    """The store or the model could not be used."""
    WAITING = 4
    """The run waits until a person answers a question or allows or refuses an action."""
    INTERRUPTED = 130


class _Interrupted(Exception):
    """A signal cancelled the work."""


def run(work: Coroutine[Any, Any, T], *, when_interrupted: Callable[[], str] = str) -> T:
    """Run `work`; turn branchwise's own errors into a message and an exit code.

    Args:
        work: The coroutine to run.
        when_interrupted: Returns the message on what is kept and how to continue, if the work is interrupted or fails.
    """
    err = console.err()
    calm()

    def farewell() -> str:
        return f"Interrupted. {when_interrupted()}".strip()

    try:
        return asyncio.run(_heeding(work, err, farewell))
    except (KeyboardInterrupt, _Interrupted):
        err.print(farewell(), style="yellow", soft_wrap=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    except (BranchwiseError, BaseExceptionGroup) as error:
        first = _first(error)
        if not isinstance(first, BranchwiseError):
            _unexpected(first, when_interrupted())
        err.print(f"branchwise: {first}", style="red", soft_wrap=True)
        if (left := when_interrupted()) and not isinstance(first, BadInput):
            err.print(left, style="yellow", soft_wrap=True)
        raise typer.Exit(Exit.BAD_INPUT if isinstance(first, BadInput) else Exit.FAILED) from None
    except (typer.Exit, typer.Abort, typer.BadParameter):
        raise
    except Exception as error:
        _unexpected(error, when_interrupted())


def _unexpected(error: BaseException, left: str) -> NoReturn:
    """Report an unexpected error and its place, in branchwise or in the user's code, and exit.

    With $BRANCHWISE_TRACEBACK set, the exception is raised unchanged.
    """
    if os.environ.get("BRANCHWISE_TRACEBACK") or not isinstance(error, Exception):
        raise error
    terminal, reason = console.err(), f"{type(error).__name__}: {error}"[:2000]
    terminal.print(f"branchwise: {reason} ({place(error)})", style="red", soft_wrap=True)
    terminal.print("This error is unexpected; set BRANCHWISE_TRACEBACK=1 to see the traceback.", style="dim")
    if left:
        terminal.print(left, style="yellow", soft_wrap=True)
    raise typer.Exit(Exit.FAILED) from None


async def _heeding(work: Coroutine[Any, Any, T], err: Terminal, farewell: Callable[[], str]) -> T:
    """Await `work`; Ctrl-C and SIGTERM cancel it.

    A second signal ends the process at once; committed work is not lost.
    """
    me = asyncio.current_task()
    if me is None or threading.current_thread() is not threading.main_thread():
        return await work
    signals = _Signals(me, err, farewell)
    try:
        return await work
    except asyncio.CancelledError:
        if signals.told and me.uncancel() == 0:
            raise _Interrupted from None
        raise
    finally:
        signals.restore()


class _Signals:
    """Cancels a task on the first SIGINT or SIGTERM, and ends the process on the second."""

    def __init__(self, task: asyncio.Task[Any], err: Terminal, farewell: Callable[[], str]) -> None:
        self.told = False
        self._task, self._loop = task, asyncio.get_running_loop()
        self._err, self._farewell = err, farewell
        handlers = {number: signal.getsignal(number) for number in _STOPS}
        # A shell starts its background commands with SIGINT ignored, which stays so.
        self._before = {n: handler for n, handler in handlers.items() if handler is not signal.SIG_IGN}
        for number in self._before:
            signal.signal(number, self._first)

    def restore(self) -> None:
        """Put the handlers back that were there before, unless the work has set others."""
        for number, handler in self._before.items():
            if signal.getsignal(number) in {self._first, self._second}:
                signal.signal(number, handler)

    def _first(self, number: int, frame: FrameType | None) -> None:
        self.told = True
        for one in self._before:
            signal.signal(one, self._second)
        # An engine cannot be interrupted while it evaluates a long prompt.
        self._loop.call_soon_threadsafe(self._loop.call_later, _PATIENCE, self._say)
        self._loop.call_soon_threadsafe(self._task.cancel)

    def _say(self) -> None:
        self._err.print("Stopping; Ctrl-C again stops at once.", style="dim")

    def _second(self, number: int, frame: FrameType | None) -> None:
        # Do not use Python's streams: this handler may have interrupted one.
        shown = _CURSOR if sys.stderr.isatty() else ""
        os.write(2, f"{shown}{visible(self._farewell())}\n".encode(errors="backslashreplace"))
        os._exit(Exit.INTERRUPTED)


def refuse(error: Exception) -> NoReturn:
    """Print what is wrong with the input, and exit."""
    console.err().print(f"branchwise: {error}", style="red", soft_wrap=True)
    raise typer.Exit(Exit.BAD_INPUT) from None


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
