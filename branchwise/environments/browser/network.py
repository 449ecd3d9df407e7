"""Network policy of a browser: which hosts it may reach, and which writes may be sent."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Error, Request, Route, WebSocketRoute

from branchwise.store.errors import BadInput

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_MOST_TOLD = 5
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, kw_only=True, slots=True)
class Border:
    """The sites that a browser may reach; every other name does not resolve."""

    sites: frozenset[str]
    """`host:port` of each."""
    addresses: tuple[tuple[str, str], ...]
    """Each site with the address it has, fixed so that a name cannot be moved to another machine meanwhile."""

    @property
    def flags(self) -> list[str]:
        """Browser flags that resolve admitted hosts only; page routing alone misses redirects and WebSockets."""
        rules = [f"MAP {site} {address}" for site, address in self.addresses]
        return [f"--host-resolver-rules={', '.join([*rules, 'MAP * ~NOTFOUND'])}"]

    def admits(self, url: str) -> bool:
        """Whether `url` is on one of the sites, or carries its own content (`data:`, `blob:`)."""
        if url.startswith(("data:", "blob:", "about:")):
            return True
        return _site(url) in self.sites


def border(url: str, hosts: Sequence[str] = ()) -> Border:
    """Make the policy that admits a start page and more sites.

    Private addresses are for the start page only: a public name that leads to one is refused.

    Args:
        url: The start page.
        hosts: More sites, as `host` (port 443) or `host:port`.

    Raises:
        BadInput: The URL is not http(s), a name has no address, or one of `hosts` is private.
    """
    start = _site(url)
    if start is None:
        raise BadInput(f"The start page must be an http or https address, not `{url}`.")
    addresses = [(start, _address(start, private=True))]
    for host in hosts:
        site = host.lower() if ":" in host else f"{host.lower()}:443"
        if site != start:
            addresses.append((site, _address(site, private=False)))
    return Border(sites=frozenset(site for site, _ in addresses), addresses=tuple(addresses))


def _site(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname or ":" in parts.hostname:
        return None
    return f"{parts.hostname}:{port}"


def _address(site: str, *, private: bool) -> str:
    host, _, port = site.rpartition(":")
    try:
        found = socket.getaddrinfo(host, int(port), family=socket.AF_INET, type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise BadInput(f"`{site}` has no address: {error}") from error
    address = str(found[0][4][0])
    if not private and not ipaddress.ip_address(address).is_global:
        raise BadInput(f"`{site}` is at the private address {address}; only the start page may be private.")
    return f"{address}:{port}"


# Without slots: Playwright sets an attribute on whom a handler belongs to.
@dataclass(kw_only=True)
class Guard:
    """Network guard of one session: refuses other hosts, and holds or records writes."""

    border: Border
    open: bool = False
    """Whether writes may pass now."""
    held: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)
    """Requests to sites outside the border."""
    refusals: list[str] = field(default_factory=list)
    """What was refused, as a reader of the page is told."""

    def told(self, since: int = 0) -> list[str]:
        """Lines that say what was refused, each once."""
        return [f"- note: {said}" for said in dict.fromkeys(self.refusals[since:])][:_MOST_TOLD]

    async def route(self, route: Route) -> None:
        """Decide about one request."""
        request = route.request
        try:
            if not self.border.admits(request.url):
                self.turned.append(_line(request))
                if request.is_navigation_request():
                    self.refusals.append(
                        f"a page of a site that is not allowed was not opened: {_bare(request.url)}"
                    )
                await route.abort("blockedbyclient")
            elif request.method in _READS:
                await route.continue_()
            elif self.open:
                self.writes.append(_line(request))
                await route.continue_()
            else:
                # 204 leaves the page as it is; an error page would be a change that search then sees.
                self.held.append(_line(request))
                self.refusals.append(f"a request that may write was held back: {_line(request)}")
                await route.fulfill(status=204)
        except Error:
            # The page that asked is gone, and its request with it.
            return

    async def socket(self, socket: WebSocketRoute) -> None:
        """Close a WebSocket: what goes through one cannot be told apart into reads and writes."""
        self.held.append(f"WEBSOCKET {_bare(socket.url)}")
        self.refusals.append(f"a WebSocket was closed: {_bare(socket.url)}")
        await socket.close()


def _line(request: Request) -> str:
    return f"{request.method} {_bare(request.url)}"


def _bare(url: str) -> str:
    # Queries may carry tokens, and these lines are stored.
    return urlsplit(url)._replace(query="", fragment="").geturl()[:300]
