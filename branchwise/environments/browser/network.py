"""Network policy of a browser: which hosts it may reach, and which writes may be sent."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.async_api import Error, Request, Route, WebSocketRoute

from branchwise.environments.browser.graphql import only_asks
from branchwise.store.errors import BadInput

_READS = frozenset(("GET", "HEAD", "OPTIONS", "QUERY", "SEARCH", "PROPFIND"))
"""Methods that are safe by their definition (RFC 9110, section 9.2.1, and the registry of methods)."""
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
        BadInput: The URL is not http(s) or holds a password, a name has no address, or one of `hosts` is private.
    """
    if "@" in urlsplit(url).netloc:
        raise BadInput(
            "The start page's address must hold no user name or password: addresses are stored and shown. "
            "Give them as --http-auth USER=VARIABLE."
        )
    start = _site(url)
    if start is None:
        raise BadInput(f"The start page must be an http or https address, not `{url}`.")
    addresses = [(start, _address(start, private=True))]
    for host in hosts:
        site = _ascii(host.lower()) if ":" in host else f"{_ascii(host.lower())}:443"
        if site != start:
            addresses.append((site, _address(site, private=False)))
    return Border(sites=frozenset(site for site, _ in addresses), addresses=tuple(addresses))


def origin(url: str) -> str:
    """The origin of an address as browsers write it: in lower case, ASCII, without a usual port."""
    parts = urlsplit(url)
    host, _, port = (_site(url) or "").rpartition(":")
    return f"{parts.scheme}://{host}" + ("" if port == str(_PORTS.get(parts.scheme)) else f":{port}")


def _site(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
        host = _ascii(parts.hostname or "")
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not host or ":" in host:
        return None
    return f"{host}:{port}"


def _ascii(host: str) -> str:
    """A host's name as it is looked up."""
    return host if host.isascii() else host.encode("idna").decode()


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
    post_reads: tuple[str, ...] = ()
    """Paths that are read by POST, `*` at the end for all below."""
    open: bool = False
    """Whether writes may pass now."""
    held: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    turned: list[str] = field(default_factory=list)
    """Requests to sites outside the border."""
    led_off: bool = False
    """Whether a page was refused since this was last unset."""
    refusals: list[str] = field(default_factory=list)
    """What was refused, as a reader of the page is told."""

    def told(self, since: int = 0) -> list[str]:
        """Lines that say what was refused, each once."""
        return [f"- note: {said}" for said in dict.fromkeys(self.refusals[since:])][:_MOST_TOLD]

    def forget(self) -> None:
        """Forget what was held, sent and refused, and let no write pass."""
        for noted in (self.held, self.writes, self.turned, self.refusals):
            noted.clear()
        self.open = self.led_off = False

    async def route(self, route: Route) -> None:
        """Decide about one request."""
        request = route.request
        try:
            if not self.border.admits(request.url):
                self.turned.append(_line(request))
                if request.is_navigation_request():
                    self.led_off = True
                    self.refusals.append(
                        f"a page of a site that is not allowed was not opened: {_bare(request.url)}"
                    )
                await _refused(route)
            elif request.method in _READS or self._reads_by_post(request):
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

    def _reads_by_post(self, request: Request) -> bool:
        if request.method != "POST":
            return False
        path = urlsplit(request.url).path
        if any(path == one or (one.endswith("*") and path.startswith(one[:-1])) for one in self.post_reads):
            return True
        if request.resource_type not in {"fetch", "xhr"}:
            return False
        body = (request.post_data_buffer or b"").decode(errors="replace")
        return only_asks(request.url, request.headers.get("content-type", ""), body)

    async def socket(self, socket: WebSocketRoute) -> None:
        """Close a WebSocket: what goes through one cannot be told apart into reads and writes."""
        self.held.append(f"WEBSOCKET {_bare(socket.url)}")
        self.refusals.append(f"a WebSocket was closed: {_bare(socket.url)}")
        await socket.close()


async def _refused(route: Route) -> None:
    if route.request.is_navigation_request():
        # Nothing is shown instead: the page that leads there stays.
        await route.fulfill(status=204)
    else:
        await route.abort("blockedbyclient")


def _line(request: Request) -> str:
    return f"{request.method} {_bare(request.url)}"


def _bare(url: str) -> str:
    # Queries may carry tokens, and these lines are stored.
    return urlsplit(url)._replace(query="", fragment="").geturl()[:300]
