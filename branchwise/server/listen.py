"""Run the application with uvicorn until a signal asks it to end."""

from __future__ import annotations

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

import uvicorn
from starlette.applications import Starlette

from branchwise.server.serving import Serving
from branchwise.store.errors import BadInput

_PATIENCE = 5
"""Seconds that open connections get at the end."""


class _Server(uvicorn.Server):
    """uvicorn without its own handling of signals, which would send them to this process once more."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def listening(app: Starlette, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Answer requests in a context, which is given the server's URL; at its end runs in progress are paused.

    Args:
        app: The application.
        host: Address to bind.
        port: Port; 0 for a free one.

    Raises:
        BadInput: The address cannot be bound.
    """
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_PATIENCE,
        lifespan="off",
    )
    server = _Server(config)
    with _bound(host, port) as bound:
        async with app.router.lifespan_context(app):
            serving: Serving = app.state.serving
            at, taken = bound.getsockname()[:2]
            answering = asyncio.create_task(server.serve(sockets=[bound]))
            try:
                yield f"http://{f'[{at}]' if ':' in at else at}:{taken}"
            finally:
                server.should_exit = True
                await serving.feeds.close()
                await serving.live_runs.close()  # streams end by this, and connections with them
                await answering


async def listen(
    app: Starlette, *, host: str, port: int, ready: Callable[[str], None] = lambda url: None
) -> None:
    """Answer requests until SIGINT or SIGTERM; runs in progress are then paused, and can be resumed.

    Args:
        app: The application.
        host: Address to bind.
        port: Port; 0 for a free one.
        ready: Called with the server's URL.

    Raises:
        BadInput: The address cannot be bound.
    """
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    async with listening(app, host=host, port=port) as url:
        for number in (signal.SIGINT, signal.SIGTERM):
            with suppress(NotImplementedError):  # Windows: Ctrl-C cancels the task instead
                loop.add_signal_handler(number, stopped.set)
        ready(url)
        await stopped.wait()


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        bound = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise BadInput(f"The address {host}:{port} cannot be bound: {error.strerror or error}.") from error
    # Connections inherit it; asyncio sets it only where a socket names its protocol. Else bodies wait 40 ms.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound
