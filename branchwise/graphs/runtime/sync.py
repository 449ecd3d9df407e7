"""Synchronous versions of coroutine functions; they also work in a notebook, which runs an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from branchwise.store.errors import BadInput
from branchwise.store.importing import refuse_in_import

P = ParamSpec("P")
T = TypeVar("T")


def synchronous(function: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The synchronous version of a coroutine function."""

    @wraps(function)
    def twin(*args: P.args, **options: P.kwargs) -> T:
        return waited(function(*args, **options))

    twin.__doc__ = f"Do what `{function.__name__}` does, and wait for it.\n\n    {function.__doc__ or ''}"
    return twin


def waited(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, in a separate thread if an event loop is already running.

    Ctrl-C cancels the work, so that a run is left resumable, and is raised when the work has ended.

    Raises:
        BadInput: A module does this while it is imported for a run, which would wait for itself.
    """
    try:
        refuse_in_import()
    except BadInput:
        work.close()
        raise
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    return _in_thread(work)


def _in_thread(work: Coroutine[Any, Any, T]) -> T:
    loop = asyncio.new_event_loop()
    task = loop.create_task(work)

    def serve() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(asyncio.wait([task]))
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.run_until_complete(loop.shutdown_default_executor())

    thread = threading.Thread(target=serve, name="branchwise-sync", daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(0.1)
    except KeyboardInterrupt:
        loop.call_soon_threadsafe(task.cancel)
        thread.join()
        raise
    finally:
        if not thread.is_alive():
            loop.close()
    return task.result()
