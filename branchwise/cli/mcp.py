"""`branchwise mcp`: the MCP server on standard input and output."""

from __future__ import annotations

from typing import Annotated

import typer

from branchwise.cli import completing
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import BaseUrl, ModelName, ModelOption, PriceText, StoreUrl, UnsafeSandbox


def mcp(
    model: ModelName = None,
    base_url: BaseUrl = None,
    model_option: ModelOption = None,
    price: PriceText = None,
    strategy: Annotated[
        str,
        typer.Option(help="Strategy of calls that name none.", autocompletion=completing.strategies_or_auto),
    ] = "auto",
    task: Annotated[
        str, typer.Option(help="Task of calls that name none.", autocompletion=completing.tasks)
    ] = "chat",
    tokens: Annotated[int, typer.Option(min=1, help="Token budget of a call that names none.")] = 50_000,
    workers: Annotated[
        int, typer.Option(min=0, help="Background runs at once; 0 leaves them to other workers.")
    ] = 2,
    store: StoreUrl = None,
    unsafe_sandbox: UnsafeSandbox = False,
) -> None:
    """Serve searches as MCP tools on standard input and output, for agents that start this command.

    It ends when standard input ends; unfinished background runs continue at the next start.
    """
    from branchwise.cli.configured import chosen, served
    from branchwise.store.errors import BadInput

    try:
        from branchwise.mcp_server.stdio import serve_stdio
        from branchwise.server.serving import ServerSettings
    except ImportError as error:
        refuse(BadInput(f"The MCP server needs the extra `mcp`: pip install 'branchwise[mcp]' ({error})."))
    try:
        named = chosen(model, base_url, model_option, price)
        defaults = served(named, strategy=strategy, task=task, tokens=tokens)
    except BadInput as error:
        refuse(error)
    run(serve_stdio(ServerSettings(defaults=defaults, store=store, workers=workers)))
