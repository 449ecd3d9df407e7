"""Parse servers' errors: status, message, refused parameters and Retry-After."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from pydantic_core import from_json

from branchwise.models.scrub import scrub
from branchwise.store.errors import ModelError

BUSY: Final = frozenset({429, 529})
"""Statuses of a healthy server that asks for fewer requests."""
_CODES: Final = {
    "rate_limit": 429,
    "rate_limited": 429,
    "rate_limit_exceeded": 429,
    "rate_limit_error": 429,
    "too_many_requests": 429,
    "overloaded": 529,
    "overloaded_error": 529,
    "server_error": 500,
    "internal_error": 500,
    "internal_server_error": 500,
    "api_error": 500,
    "service_unavailable": 503,
    "timeout": 504,
    "invalid_api_key": 401,
    "authentication_error": 401,
    "permission_error": 403,
    "insufficient_quota": 402,
}
"""Statuses for the error words that providers use instead."""
_READ: Final = 65_536
"""Maximum bytes of an error that are parsed."""


class Refused(ModelError):
    """The server answered with an error.

    Args:
        status: The HTTP status, or the code of an error inside a 200.
        reason: The server's error message.
        wait: Seconds to wait before the next request, if the server says so.
        parameters: The parameters named in the error, the likeliest first.
    """

    def __init__(
        self, status: int, reason: str, wait: float | None = None, *, parameters: tuple[str, ...] = ()
    ) -> None:
        self.status = status
        self.reason = reason
        self.wait = wait
        self.parameters = parameters
        super().__init__(f"The server refused with status {status}: {reason}")


class Lost(ModelError):
    """The server did not answer, or not in time.

    Args:
        reason: Why, and what to do.
        stale: Whether a kept connection was found closed, so that the request may not have reached the server.
    """

    def __init__(self, reason: str, *, stale: bool = False) -> None:
        self.stale = stale
        super().__init__(reason)


def passing(status: int) -> bool:
    """Whether the error is transient, so that a retry may succeed."""
    return status in {408, 409, 425, 429} or (500 <= status < 600 and status not in {501, 505})


def refusal(status: int, body: bytes, retry_after: str | None = None) -> Refused:
    """Convert an HTTP error reply to an exception.

    Args:
        status: Its HTTP status.
        body: Its body, in any format.
        retry_after: The header `Retry-After`.
    """
    try:
        said = from_json(body[:_READ])
    except ValueError:
        said = None
    if isinstance(said, Mapping):
        words, fault = _words(said), _fault(said)
    else:
        words, fault = body[:4_000].decode("utf-8", "replace"), {}
    return Refused(
        status, scrub(words) or "no reason given", wait(retry_after), parameters=_parameters(fault, said)
    )


def within(said: Mapping[str, Any]) -> Refused | None:
    """The error inside a 200 reply, or None."""
    fault = said.get("error")
    if not fault and said.get("object") != "error" and "detail" not in said:
        return None
    return Refused(
        _code(said), scrub(_words(said)) or "no reason given", parameters=_parameters(_fault(said), said)
    )


def wait(header: str | None) -> float | None:
    """The seconds of a `Retry-After` header; None if it cannot be parsed."""
    if header is None or len(header) > 100:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            when = parsedate_to_datetime(header)
            seconds = (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, OverflowError, TypeError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None


def _fault(said: Mapping[str, Any]) -> Mapping[str, Any]:
    fault = said.get("error")
    return fault if isinstance(fault, Mapping) else said


def _words(said: Mapping[str, Any]) -> str:
    """The message of an error, from whichever field holds it."""
    fault = said.get("error")
    if isinstance(fault, str) and fault:
        return fault
    inner = _fault(said)
    for name in ("message", "detail", "msg", "reason", "error_description"):
        value = inner.get(name, said.get(name))
        if isinstance(value, str) and value:
            return value
        if isinstance(value, list) and value:
            return "; ".join(_told(one) for one in value[:3])
    return str(fault or dict(said))[:4_000]


def _told(one: Any) -> str:
    """One entry of FastAPI's error list."""
    if not isinstance(one, Mapping):
        return str(one)[:1_000]
    where = one.get("loc")
    place = ".".join(str(part) for part in where[:5]) if isinstance(where, list) else ""
    return f"{place}: {one.get('msg', '')}"[:1_000]


def _parameters(fault: Mapping[str, Any], said: Any) -> tuple[str, ...]:
    """The request's parameters that an error names."""
    named = [fault.get("param")]
    detail = said.get("detail") if isinstance(said, Mapping) else None
    for one in detail[:10] if isinstance(detail, list) else ():
        where = one.get("loc") if isinstance(one, Mapping) else None
        named += [part for part in where[:5] if part != "body"][:1] if isinstance(where, list) else []
    plain = [name.partition(".")[0].partition("[")[0] for name in named if isinstance(name, str)]
    return tuple(dict.fromkeys(name for name in plain if name and len(name) <= 64))


def _code(said: Mapping[str, Any]) -> int:
    """The status of an error inside a 200; default 400."""
    inner = _fault(said)
    named = [place.get(name) for name in ("code", "status", "status_code", "type") for place in (inner, said)]
    return next((code for value in named if (code := _status(value)) is not None), 400)


def _status(value: Any) -> int | None:
    if isinstance(value, str):
        digits = value.isascii() and value.isdigit()
        value = int(value[:9]) if digits else _CODES.get(value.lower())
    return value if isinstance(value, int) and 400 <= value < 600 else None
