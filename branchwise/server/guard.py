"""Requests of web pages: those of other sites, and those that reach a local server by another name, are refused."""

from __future__ import annotations

from starlette.requests import Request

from branchwise.server.callers import Caller
from branchwise.server.refusals import Refusal
from branchwise.server.serving import ServerSettings


def check_origin(request: Request, settings: ServerSettings) -> None:
    """Refuse a web page that is not allowed to call the server.

    A browser that visits a hostile page sends that page's requests to local servers, too; it names the page in
    `Origin`, and after DNS rebinding the page's host in `Host`.

    Raises:
        Refusal: The page is not allowed.
    """
    origin = request.headers.get("origin")
    if origin is not None and origin not in settings.origins and not _own_page(request, origin):
        raise Refusal(
            message=f"Web pages of `{origin[:200]}` may not call this server; allow them with --allow-origin.",
            status=403,
            code="origin_not_allowed",
        )


def check_host(request: Request, settings: ServerSettings) -> None:
    """Refuse a request without a key that calls the server by another than its local names.

    Raises:
        Refusal: It does.
    """
    host = request.url.hostname or ""
    if settings.hosts and host not in settings.hosts:
        raise Refusal(
            message=f"This server is not called `{host[:200]}`; it answers to its local names only.",
            status=403,
            code="host_not_allowed",
        )


def check_act(request: Request, settings: ServerSettings, caller: Caller) -> None:
    """Refuse an act of the server's own page without a key that may write: without one it is for looking.

    Raises:
        Refusal: It is one.
    """
    origin = request.headers.get("origin")
    from_page = origin is not None and origin not in settings.origins
    if request.method == "POST" and from_page and not caller.may_act:
        raise Refusal(
            message="Without a key this page is for looking; enter a key, or use the command line.",
            status=403,
            code="read_only",
        )


def _own_page(request: Request, origin: str) -> bool:
    """Whether the page is the server's own: the browser names the host that it asks, and `check_host` checks it."""
    return origin.partition("://")[2] == request.headers.get("host", "")
