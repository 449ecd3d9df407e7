"""`branchwise ui`: look at runs in a browser."""

from __future__ import annotations

import json
import secrets
from typing import Annotated

import typer

from branchwise.cli import console
from branchwise.cli.exits import refuse, run
from branchwise.cli.options import AsJson, StoreUrl

_LOCAL = ("localhost", "127.0.0.1", "::1")


def ui(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8401,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Look at runs in a browser while they go on; needs no model.

    Looking needs no key as long as the store has none. Acting (answer, cancel, fork) needs the key that is printed,
    or an API key. Ctrl-C ends it.
    """
    from branchwise.store.errors import BadInput

    try:
        from branchwise.server.choice import Defaults
        from branchwise.server.listen import listen
        from branchwise.server.serving import ServerSettings
        from branchwise.server.viewing import viewer
    except ImportError as error:
        refuse(BadInput(f"The page needs the extra `serve`: pip install 'branchwise[serve]' ({error})."))
    key = f"ui-{secrets.token_urlsafe(18)}"
    settings = ServerSettings(defaults=Defaults(model=""), store=store, hosts=_LOCAL, operator_key=key)

    def ready(url: str) -> None:
        if as_json:
            console.say(json.dumps({"url": url, "key": key}))
            return
        err = console.err()
        err.print(f"branchwise ui: {url}", soft_wrap=True)
        err.print(f"key to act, until Ctrl-C: {key}", soft_wrap=True)

    run(listen(viewer(settings), host="127.0.0.1", port=port, ready=ready))
