"""JSON transport to one server: deadlines, retries, and API key handling."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from branchwise.models.base_url import parse
from branchwise.models.failures import Lost, Refused, refusal
from branchwise.models.http import Broken, Client, Response, TooLong
from branchwise.models.keys import may_have, withheld
from branchwise.models.retries import insist
from branchwise.models.scrub import scrub
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.json_text import to_json
from branchwise.store.trace_context import CURRENT

T = TypeVar("T")

_LONGEST: Final = 8 * 1024 * 1024
"""Maximum bytes of a reply without a stated length."""
_LONG: Final = 256 * 1024
"""Bytes from which a reply is parsed in a thread, so that it does not block the event loop."""


class Transport:
    """Sends JSON to one server, in one event loop.

    The key is read from the environment for each call and never stored. Redirects are not followed, so that it
    is not sent to another server.
    """

    def __init__(
        self,
        base_url: str,
        *,
        api_key_env: str,
        timeout: float | None,
        retries: int,
        stored: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Configure the transport.

        Args:
            base_url: Where the API begins, for example `http://localhost:8000/v1`.
            api_key_env: The environment variable that holds the key; without it no key is sent.
            timeout: Seconds for one call, retries included; None if the caller enforces the deadline.
            retries: Number of retries.
            stored: Whether the URL comes from a database row: the key is then sent only if `keys` allows it.
            headers: Further headers of every request.

        Raises:
            BadInput: The URL, the environment's proxy or a header is invalid.
        """
        self.base = parse(base_url, key=f"${api_key_env}")
        self.api_key_env = api_key_env
        self._timeout = timeout
        self._retries = retries
        self._stored = stored
        self._headers = _sound(headers or {})
        self._client = Client(self.base)
        self._closed = False

    async def post(
        self, path: str, body: Mapping[str, Any], read: Callable[[bytes], T], *, longest: int = _LONGEST
    ) -> T:
        """Post a body and read the reply, with retries on 429, 5xx and lost connections.

        Waits grow exponentially with full jitter, or follow the server's Retry-After.

        Args:
            path: The path after the base URL.
            body: The request's body.
            read: Parses the reply's body; errors it finds inside may be retried as well.
            longest: Maximum bytes of the reply's body.

        Raises:
            Refused: The server refused, or asked to retry after the last attempt.
            ModelError: It did not answer in time or at all, or its answer cannot be read.
        """
        written = to_json(body, sort=False).encode()
        fresh = False

        async def once() -> T:
            nonlocal fresh
            try:
                answer = await self._send("POST", path, written, longest, fresh=fresh)
            except Lost as lost:
                fresh = fresh or lost.stale
                raise
            if len(answer.body) > _LONG:
                return await asyncio.to_thread(read, answer.body)
            return read(answer.body)

        if self._timeout is None:
            return await insist(once, self._retries, None)
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                return await insist(once, self._retries, deadline.when())
        except TimeoutError:
            raise Lost(f"The server at `{self.base}` gave no answer within {self._timeout:g} s.") from None

    async def once(self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> bytes:
        """Send one request, without retries.

        Raises:
            Refused: The server said no.
            ModelError: It did not answer in time or at all.
        """
        written = b"" if body is None else to_json(body, sort=False).encode()
        try:
            async with asyncio.timeout(seconds):
                try:
                    return (await self._send(method, path, written, _LONGEST)).body
                except Lost as lost:
                    if not lost.stale:
                        raise
                    return (await self._send(method, path, written, _LONGEST, fresh=True)).body
        except TimeoutError:
            raise Lost(f"The server at `{self.base}` gave no answer within {seconds:g} s.") from None

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        await self._client.aclose()

    async def _send(
        self, method: str, path: str, body: bytes, longest: int, *, fresh: bool = False
    ) -> Response:
        """Send one request, on a kept connection unless `fresh`."""
        key = self._key()
        headers = {**self._headers, "Authorization": f"Bearer {key}"} if key else self._headers
        if (trace := CURRENT.get()) is not None:
            headers = {**headers, "traceparent": trace.header}
        try:
            if self._closed:
                raise ModelError("This model is closed.")
            answer = await self._client.send(method, path, body, headers, longest=longest, fresh=fresh)
        except Broken as error:
            # Not the client's own exception: it contains the request and thus the key.
            reason = f"The connection to `{self.base}` failed: {scrub(str(error))}"
            raise Lost(reason, stale=error.stale and not self._closed) from None
        except TooLong as error:
            raise ModelError(str(error)) from None
        if 200 <= answer.status < 300:
            return answer
        raise self._refused(answer, sent_key=bool(key))

    def _key(self) -> str:
        key = os.environ.get(self.api_key_env, "").strip()
        if not key.isascii() or not key.isprintable():
            raise BadInput(f"The key in ${self.api_key_env} holds characters that no key has.")
        return key if not self._stored or may_have(self.base, self.api_key_env) else ""

    def _refused(self, answer: Response, *, sent_key: bool) -> Refused:
        if 300 <= answer.status < 400:
            where = scrub(answer.headers.get("Location", "") or "nowhere")
            return Refused(
                answer.status, f"it redirects to `{where}`. Give that server's own address as base URL."
            )
        refused = refusal(answer.status, answer.body, answer.headers.get("Retry-After"))
        if answer.status in {401, 403} and not sent_key and os.environ.get(self.api_key_env, "").strip():
            return Refused(answer.status, f"{refused.reason} {withheld(self.base, self.api_key_env)}")
        return refused


def _sound(headers: Mapping[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not name.isascii() or not f"{name}{value}".isprintable() or ":" in name:
            raise BadInput(f"The header `{''.join(filter(str.isprintable, name))[:60]}` cannot be sent.")
    return dict(headers)
