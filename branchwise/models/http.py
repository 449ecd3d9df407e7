"""HTTP client for model servers, on aiohttp (docs/decisions/0022)."""

from __future__ import annotations

import asyncio
import os
import ssl
import zlib
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

from yarl import URL

from branchwise.store.errors import BadInput

if TYPE_CHECKING:
    import aiohttp

_IDLE_SECONDS: Final = 4.0
"""Servers of engines (uvicorn) close an idle connection after five seconds; a request sent then is lost."""
_CONNECT_SECONDS: Final = 10.0
_LINE: Final = 65_536
"""Maximum bytes of one header."""
_HEADERS: Final = 256
_SENT: Final = {
    "User-Agent": "branchwise",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
}
_CA_FILES: Final = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
"""Further certificate authorities; OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR."""
_FRESH: ContextVar[bool] = ContextVar("branchwise_fresh", default=True)
"""Whether the connection of the current request was opened for it."""
_WANTED: ContextVar[bool] = ContextVar("branchwise_fresh_wanted", default=False)
"""Whether it must be."""


class Broken(Exception):
    """The HTTP exchange failed; the text gives the reason.

    Args:
        reason: What happened, without the server's address.
        stale: Whether a kept connection had been closed by the server before the request reached it.
    """

    def __init__(self, reason: str, *, stale: bool = False) -> None:
        self.stale = stale
        super().__init__(reason)


class TooLong(Exception):
    """The reply is longer than the request allows."""


@dataclass(frozen=True, slots=True)
class Response:
    """An HTTP response."""

    status: int
    headers: Mapping[str, str]
    """Header names are case-insensitive."""
    body: bytes


class Client:
    """Client of one server with kept-alive connections; one aiohttp session per event loop.

    Redirects are not followed, cookies not kept. Connections and time are not limited: callers limit both.
    A request that is cancelled closes its connection. Proxies are those of the environment (HTTP_PROXY, HTTPS_PROXY,
    ALL_PROXY, NO_PROXY), looked up once; addresses of this machine are reached without one.
    """

    def __init__(self, base: URL) -> None:
        """Configure the client; no connection is opened yet.

        Args:
            base: An http or https URL; requests are made below its path.

        Raises:
            BadInput: The environment names a proxy that cannot be used.
        """
        self._base, self._secure = base, base.scheme == "https"
        self.proxy = _proxy(base)
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def send(
        self,
        method: str,
        path: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        longest: int,
        fresh: bool = False,
    ) -> Response:
        """Send one request and read its reply.

        Args:
            method: "GET" or "POST".
            path: The path after the base URL.
            body: JSON bytes, or None.
            headers: Additional headers.
            longest: Maximum bytes of the reply's body, also after decompression.
            fresh: Whether to open a new connection for it.

        Raises:
            Broken: The server cannot be reached, hung up, or speaks something else.
            TooLong: The body is longer.
        """
        import aiohttp  # noqa: PLC0415 - a third of a second, which many commands save

        session = await self._opened()
        try:
            url = self._urls[path]
        except KeyError:
            url = self._urls[path] = URL(f"{str(self._base).rstrip('/')}/{path}", encoded=True)
        _FRESH.set(False)
        _WANTED.set(fresh)
        begun = False
        try:
            response = await session.request(
                method, url, data=body, headers=headers, proxy=self.proxy, allow_redirects=False
            )
            begun = True
            try:
                received = await _read(response, longest)
            except BaseException:
                response.close()
                raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            gone = isinstance(error, aiohttp.ServerDisconnectedError | OSError)
            stale = gone and not begun and not _FRESH.get()
            raise Broken(self._words(error), stale=stale) from None
        coding = response.headers.get("Content-Encoding", "")
        return Response(response.status, response.headers, _plain(received, coding, longest))

    async def aclose(self) -> None:
        """Close every connection; requests in flight fail."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _opened(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        if self._session is not None and self._loop is loop:
            return self._session
        await self.aclose()  # of a loop that has ended
        self._loop, self._session = loop, _session(self._secure)
        return self._session

    def _words(self, error: Exception) -> str:
        reason = str(error) or type(error).__name__
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE_VERIFY_FAILED" in reason:
            reason += ". If its certificate is signed by your own authority, name that in SSL_CERT_FILE"
        if self.proxy is not None:
            reason = reason.replace(str(self.proxy), str(self.proxy.with_user(None)))
            reason += f" (through the proxy `{self.proxy.with_user(None)}` that the environment names)"
        return reason


def _session(secure: bool) -> aiohttp.ClientSession:
    import aiohttp  # noqa: PLC0415

    return aiohttp.ClientSession(
        connector=_connector()(limit=0, keepalive_timeout=_IDLE_SECONDS, ssl=_tls() if secure else True),
        headers=_SENT,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
        auto_decompress=False,
        trust_env=False,  # it takes longer than the request, and sends passwords from ~/.netrc to the server
        max_line_size=_LINE,
        max_field_size=_LINE,
        max_headers=_HEADERS,
    )


@cache
def _connector() -> type[aiohttp.TCPConnector]:
    import aiohttp  # noqa: PLC0415

    class Connector(aiohttp.TCPConnector):
        """Records for each request whether its connection is new."""

        async def _create_connection(self, *given: Any, **named: Any) -> Any:
            _FRESH.set(True)
            return await super()._create_connection(*given, **named)

        async def connect(self, *given: Any, **named: Any) -> Any:
            connection = await super().connect(*given, **named)
            while _WANTED.get() and not _FRESH.get():
                connection.close()
                connection = await super().connect(*given, **named)
            return connection

    return Connector


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()  # not aiohttp's own, which is created at import
    for variable in _CA_FILES:
        place = os.environ.get(variable)
        if not place:
            continue
        folder = Path(place).is_dir()
        try:
            context.load_verify_locations(capath=place if folder else None, cafile=None if folder else place)
        except (OSError, ssl.SSLError) as error:
            raise BadInput(f"The certificates in ${variable} cannot be read: {error}") from None
    return context


def _proxy(base: URL) -> URL | None:
    host = base.host or ""
    if host == "localhost" or host.startswith("127.") or host == "::1" or proxy_bypass(host):
        return None
    named = getproxies()
    proxy = named.get(base.scheme) or named.get("all")
    if not proxy:
        return None
    url = URL(proxy if "://" in proxy else f"http://{proxy}")
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadInput(
            f"The environment names a proxy of kind `{url.scheme}` for {base.scheme}, which cannot be used: only http "
            "and https proxies can. Set another one, or name the server in NO_PROXY."
        )
    return url


async def _read(response: aiohttp.ClientResponse, longest: int) -> bytes:
    parts: list[bytes] = []
    length = 0
    while part := await response.content.readany():
        length += len(part)
        if length > longest:
            raise TooLong(f"The reply is longer than {longest} bytes, more than the request can need.")
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain(body: bytes, coding: str, longest: int) -> bytes:
    """Decompress gzip and zlib, detected by their first bytes, because headers are sometimes wrong."""
    if body[:2] == b"\x1f\x8b":
        bits = 31
    elif body[:1] == b"\x78" and int.from_bytes(body[:2]) % 31 == 0:
        bits = 15
    elif coding.lower() in {"", "identity", "gzip", "deflate"}:
        return body
    else:
        raise Broken(
            f"the reply is compressed with `{coding[:40]}`, which was not asked for and cannot be read"
        )
    reader = zlib.decompressobj(bits)
    try:
        plain = reader.decompress(body, longest + 1)
    except zlib.error as error:
        raise Broken(f"the compressed reply cannot be read: {error}") from None
    if len(plain) > longest:
        raise TooLong(f"The reply unpacks to more than {longest} bytes, more than the request can need.")
    if not reader.eof:
        raise Broken("the compressed reply breaks off")
    return plain
