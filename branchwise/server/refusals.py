"""Errors of the server as OpenAI error objects: status, code, and whether a retry can help."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse

from branchwise.store.charges import KeySpent, TooMany
from branchwise.store.errors import (
    BadInput,
    BranchwiseError,
    BudgetSpent,
    LeaseLost,
    ModelError,
    NoAnswer,
    StoreError,
    UnknownName,
    Unsupported,
)
from branchwise.store.foreign import place
from branchwise.store.records import Json
from branchwise.store.redaction import Redaction

_LOG = logging.getLogger("branchwise.server")
_LONGEST = 2_000
_SPACED = 5_000
"""Milliseconds after which a key's rate or runs may be free again."""
_WAIT = 1_000
"""Milliseconds after which to try again where nothing better is known."""


@dataclass(kw_only=True)
class Refusal(Exception):
    """A request that is answered with an error object."""

    message: str
    status: int = 400
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    retry: bool = False
    """Whether the same request may succeed later; clients are told by `x-should-retry`."""
    after: int | None = None
    """Milliseconds after which to try again; told where a retry can help, and else where it is known."""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> dict[str, Json]:
        """The error object."""
        text = self.message if len(self.message) <= _LONGEST else f"{self.message[:_LONGEST]}..."
        return {"error": {"message": text, "type": self.type, "param": self.param, "code": self.code}}

    def response(self) -> JSONResponse:
        """The reply with this error."""
        sent = {"x-should-retry": "true" if self.retry else "false", **self.headers}
        after = _WAIT if self.retry and self.after is None else self.after
        if after is not None:
            sent |= {"retry-after-ms": str(after), "retry-after": str(-(-after // 1000))}
        return JSONResponse(self.body, status_code=self.status, headers=sent)


def refusal_of(error: BaseException, run_id: str | None = None) -> Refusal:
    """An exception as a refusal; an unexpected one is logged, and its text is not sent.

    Args:
        error: The exception.
        run_id: The run that it ended, which the caller may then look at or resume.
    """
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    found = error if isinstance(error, Refusal) else _known(error)
    if run_id is not None:
        found.headers.setdefault("x-branchwise-run", run_id)
    return found


def _known(error: BaseException) -> Refusal:
    text = Redaction().message(str(error))
    for kinds, said in _SAID:
        if isinstance(error, kinds):
            found = Refusal(message=text, **said)
            if isinstance(error, KeySpent | TooMany) and error.seconds is not None:
                found.after = math.ceil(1000 * error.seconds)
            return found
    if isinstance(error, BadInput):
        code = "not_found" if isinstance(error, UnknownName) and not error.is_part else None
        return Refusal(message=text, status=404 if code else 400, code=code)
    if isinstance(error, BranchwiseError):
        return Refusal(message=text, status=500, type="server_error", code="run_failed")
    _LOG.error("unexpected %s: %s (%s)", type(error).__name__, text, place(error))
    told = "The server failed; its log says why."
    return Refusal(message=told, status=500, type="server_error", code="internal_error")


_QUOTA = "insufficient_quota"
_SAID: tuple[tuple[type[Exception], dict[str, Any]], ...] = (
    (Unsupported, {"status": 400}),
    (LeaseLost, {"status": 409, "type": "conflict", "code": "run_cancelled"}),
    (
        TooMany,
        {
            "status": 429,
            "type": "rate_limit_error",
            "code": "rate_limit_exceeded",
            "retry": True,
            "after": _SPACED,
        },
    ),
    (NoAnswer, {"status": 422, "code": "no_answer"}),
    (BudgetSpent, {"status": 429, "type": _QUOTA, "code": _QUOTA}),
    (ModelError, {"status": 502, "type": "upstream_error", "code": "upstream_error", "retry": True}),
    (StoreError, {"status": 503, "type": "server_error", "code": "store_unavailable", "retry": True}),
)
"""How errors are told, the special ones before the general ones."""
