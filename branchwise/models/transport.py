"""JSON to one server: deadlines, retries, and no key in anything it says."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from yarl import URL

from branchwise.models.connections import Connections, Response, TooLong
from branchwise.models.scrub import scrub
from branchwise.store.errors import BadInput, ModelError
from branchwise.store.json_text import to_json

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


class Transport:
    """Send JSON to a server, in one event loop.

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
        self._root = url.raw_path.rstrip("/")
        self._connections = Connections(url, longest=_LONGEST_REPLY)
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
        except OSError as error:
            raise self._lost(error) from None
        return _accept(answer)

    async def aclose(self) -> None:
        """Close the connections."""
        self._closed = True
        await self._connections.aclose()

    async def _insist(self, path: str, body: Mapping[str, Any], ends: float | None) -> bytes:
        attempt = 0
        while True:
            failure: ModelError
            wait: float | None = None
            try:
                answer = await self._send("POST", path, body)
                if answer.status not in _AGAIN:
                    return _accept(answer)
                failure = _refusal(answer)
                wait = failure.wait
            except OSError as error:
                failure = self._lost(error)
            if wait is None:
                wait = random.uniform(0, min(_LONGEST_WAIT, _FIRST_WAIT * 2**attempt))  # noqa: S311 - jitter
            attempt += 1
            late = ends is not None and asyncio.get_running_loop().time() + wait >= ends
            if attempt > self._retries or late:
                raise failure from None
            await asyncio.sleep(wait)

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Response:
        if self._closed:
            raise ModelError("This model is closed.")
        key = os.environ.get(self.api_key_env, "").strip()
        if not key.isprintable():
            raise BadInput(f"The key in ${self.api_key_env} holds characters that no key has.")
        written = b"" if body is None else to_json(body, sort=False).encode()
        headers = f"Authorization: Bearer {key}\r\n" if key else ""
        try:
            return await self._connections.send(method, f"{self._root}/{path}", written, headers)
        except TooLong as error:
            raise ModelError(str(error)) from None

    def _lost(self, error: Exception) -> Lost:
        # Not the exception itself: it holds the request and with it the key.
        reason = scrub(str(error)) or type(error).__name__
        return Lost(f"The connection to `{self.base}` failed: {reason}")


def _accept(answer: Response) -> bytes:
    if answer.status != 200:
        raise _refusal(answer)
    return answer.body


def _refusal(answer: Response) -> Refused:
    said = scrub(answer.body[:4_000].decode("utf-8", "replace"))
    return Refused(answer.status, said or "no reason given", _wait(answer.header("retry-after")))


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
