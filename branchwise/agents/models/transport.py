"""One pooled HTTP session to one server: deadlines, retries, and no key in anything it says."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from yarl import URL

from branchwise.agents.models.scrub import scrub
from branchwise.store.errors import BadInput, ModelError

_FIRST_WAIT, _LONGEST_WAIT = 0.25, 20.0
_LONGEST_REPLY = 64 * 1024 * 1024
_AGAIN = frozenset({408, 429, 500, 502, 503, 504, 529})


class Refused(ModelError):
    """The server answered, and the answer is no.

    Args:
        status: The HTTP status.
        reason: What the server said about it.
        wait: Seconds that it asks to be left alone, if it says so.
    """

    def __init__(self, status: int, reason: str, wait: float | None = None) -> None:
        self.status, self.reason, self.wait = status, reason, wait
        super().__init__(f"The server refused with status {status}: {reason}")


class Lost(ModelError):
    """The server did not answer, or not in time."""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes
    wait: float | None


class Transport:
    """Send JSON to a server over one session, opened in the event loop of the first call.

    The key is read from the environment for each call and is kept nowhere. Redirects are not followed, so that it
    goes to no other server.
    """

    def __init__(self, base_url: str, *, api_key_env: str, timeout: float | None, retries: int) -> None:
        """Aim at a server.

        Args:
            base_url: Where the API begins, for example `http://localhost:8000/v1`.
            api_key_env: The environment variable that holds the key; without it no key is sent.
            timeout: Seconds for one call with all its retries; None where whoever calls looks at the clock.
            retries: How often a call is sent again.

        Raises:
            BadInput: The URL cannot be used.
        """
        url = URL(base_url)
        if url.scheme not in {"http", "https"} or not url.host:
            raise BadInput("The base URL must look like `http://localhost:8000/v1`.")
        if url.user or url.password or url.query_string:
            raise BadInput(
                f"The base URL must hold no password and no query: put the key into ${api_key_env}."
            )
        self.base = url
        self.api_key_env = api_key_env
        self._timeout, self._retries = timeout, retries
        self._urls: dict[str, URL] = {}
        self._session: aiohttp.ClientSession | None = None
        self._closed = False

    async def post(self, path: str, body: Mapping[str, Any]) -> bytes:
        """Post a body and return the reply's, trying again on 429, 5xx and lost connections.

        Waits grow exponentially with full jitter, or are what the server's Retry-After asks for.

        Raises:
            Refused: The server said no, or said "later" once too often.
            ModelError: It did not answer in time or at all.
        """
        if self._timeout is None:
            return await self._insist(path, body, None)
        try:
            async with asyncio.timeout(self._timeout) as deadline:
                return await self._insist(path, body, deadline.when())
        except TimeoutError:
            raise Lost(f"The server at `{self.base}` gave no answer within {self._timeout:g} s.") from None

    async def once(self, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> bytes:
        """Send one request, without a second try.

        Raises:
            Refused: The server said no.
            ModelError: It did not answer in time or at all.
        """
        try:
            async with asyncio.timeout(seconds):
                answer = await self._send(method, path, body)
        except TimeoutError:
            raise Lost(f"The server at `{self.base}` gave no answer within {seconds:g} s.") from None
        except (aiohttp.ClientError, OSError) as error:
            raise self._lost(error) from None
        return _accept(answer)

    async def aclose(self) -> None:
        """Close the session's connections."""
        self._closed = True
        if self._session is not None:
            await self._session.close()

    async def _insist(self, path: str, body: Mapping[str, Any], ends: float | None) -> bytes:
        attempt = 0
        while True:
            failure: ModelError
            wait: float | None = None
            try:
                answer = await self._send("POST", path, body)
                if answer.status not in _AGAIN:
                    return _accept(answer)
                failure, wait = _refusal(answer), answer.wait
            except (aiohttp.ClientError, OSError) as error:
                failure = self._lost(error)
            if wait is None:
                wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))  # noqa: S311 - jitter
            attempt += 1
            late = ends is not None and asyncio.get_running_loop().time() + wait >= ends
            if attempt > self._retries or late:
                raise failure from None
            await asyncio.sleep(wait)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> _Answer:
        if self._closed:
            raise ModelError("This model is closed.")
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                timeout=aiohttp.ClientTimeout(total=None),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        key = os.environ.get(self.api_key_env, "").strip()
        if not key.isprintable():
            raise BadInput(f"The key in ${self.api_key_env} holds characters that no key has.")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        async with self._session.request(
            method, self._at(path), json=body, headers=headers, allow_redirects=False
        ) as response:
            received = bytearray()
            async for chunk in response.content.iter_chunked(65_536):
                received += chunk
                if len(received) > _LONGEST_REPLY:
                    raise ModelError(f"The reply is longer than {_LONGEST_REPLY} bytes.")
            return _Answer(response.status, bytes(received), _wait(response.headers.get("Retry-After")))

    def _at(self, path: str) -> URL:
        if path not in self._urls:
            self._urls[path] = self.base / path
        return self._urls[path]

    def _lost(self, error: Exception) -> Lost:
        # Not the exception itself: it holds the request and with it the key.
        reason = scrub(str(error)) or type(error).__name__
        return Lost(f"The connection to `{self.base}` failed: {reason}")


def _accept(answer: _Answer) -> bytes:
    if answer.status != 200:
        raise _refusal(answer)
    return answer.body


def _refusal(answer: _Answer) -> Refused:
    said = scrub(answer.body[:4_000].decode("utf-8", "replace"))
    return Refused(answer.status, said or "no reason given", answer.wait)


def _wait(header: str | None) -> float | None:
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if seconds < float("inf") else None
