"""`branchwise serve`: an OpenAI-compatible server that searches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from branchwise.cli import completing, console
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import (
    AsJson,
    BaseUrl,
    ModelName,
    ModelOption,
    PriceText,
    StoreUrl,
    UnsafeSandbox,
)

if TYPE_CHECKING:
    from branchwise.server.app import Mounted

_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def serve(
    host: Annotated[str, typer.Option(help="Address to bind.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8400,
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    strategy: Annotated[
        str,
        typer.Option(
            help="Strategy of requests that name none.", autocompletion=completing.strategies_or_auto
        ),
    ] = "auto",
    task: Annotated[
        str, typer.Option(help="Task of requests that name none.", autocompletion=completing.tasks)
    ] = "chat",
    tokens: Annotated[int, typer.Option(min=1, help="Token budget of a request that names none.")] = 50_000,
    max_runs: Annotated[int, typer.Option(min=1, help="Runs at once.")] = 16,
    max_queued: Annotated[int, typer.Option(min=0, help="Runs that may wait for a place.")] = 256,
    workers: Annotated[
        int, typer.Option(min=0, help="Background runs at once; 0 leaves them to other workers.")
    ] = 4,
    workflow: Annotated[
        list[str] | None,
        typer.Option(help="Workflow that POST /v1/runs may start: an installed one, or module:attribute."),
    ] = None,
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Origin of web pages that may call the server.")
    ] = None,
    store: StoreUrl = None,
    as_json: AsJson = False,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Serve the model behind OpenAI's API: each request is a search, and a recorded run.

    SIGTERM and Ctrl-C pause the runs in progress; the exit code is 0.
    """
    from branchwise.cli.configured import chosen, served
    from branchwise.cli.importing import importable
    from branchwise.graphs.runtime.registry import load
    from branchwise.store.errors import BadInput

    try:
        from branchwise.server.app import application
        from branchwise.server.listen import listen
        from branchwise.server.serving import ServerSettings
    except ImportError as error:
        refuse(BadInput(f"The server needs the extra `serve`: pip install 'branchwise[serve]' ({error})."))
    try:
        named = chosen(model, base_url, model_option, price)
        defaults = served(named, strategy=strategy, task=task, tokens=tokens)
        workflow = [importable(one) for one in workflow or ()]
        for one in workflow:
            load(one)
    except BadInput as error:
        refuse(error)
    _check_host(host, store)
    settings = ServerSettings(
        defaults=defaults,
        store=store,
        max_runs=max_runs,
        max_queued=max_queued,
        workers=workers,
        workflows=tuple(workflow),
        origins=tuple(allow_origin or ()),
        hosts=(*_LOCAL, host) if host in _LOCAL else (),
        open=host in _LOCAL,
    )

    def ready(url: str) -> None:
        if as_json:
            console.say(json.dumps({"url": url, "model": defaults.model}))
            return
        console.err().print(f"branchwise serves {defaults.model} at {url}/v1; Ctrl-C ends it", soft_wrap=True)
        console.err().print(f"its runs in a browser: {url}", soft_wrap=True)

    run(listen(application(settings, mcp=_mcp()), host=host, port=port, ready=ready))


def _mcp() -> Mounted | None:
    """What answers /mcp; nothing where the extra `mcp` is not installed."""
    try:
        from branchwise.mcp_server.http import mounted
    except ImportError:
        return None
    return mounted


def _check_host(host: str, store: str | None) -> None:
    from branchwise.store.errors import BadInput

    if host not in _LOCAL and not run(_any_key(store)):
        refuse(
            BadInput(
                f"`{host}` can be reached from other machines, and there are no keys: make one with "
                "`branchwise keys add LABEL`, or bind 127.0.0.1."
            )
        )


async def _any_key(store: str | None) -> bool:
    from branchwise.store import api_keys
    from branchwise.store.store import Store

    async with Store.opened(store) as db:
        return await db.database.aread(api_keys.any_valid)
