"""Requests of web pages: those of other sites, and those that reach a local server by another name, are refused."""

from __future__ import annotations

from starlette.requests import Request

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
    if origin is not None and origin not in settings.origins:
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
