"""Keep secrets out of what is stored."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping

from branchwise.store.json_text import to_json
from branchwise.store.records import Json

HIDDEN = "[secret]"
_VARIABLE = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIALS?)$", re.IGNORECASE)
_SHORTEST = 8
"""Shorter values of such variables are words that stand in texts by chance."""
_NAMES = (
    r"(?:authorization|x-api-key|api[_-]?key|access[_-]?token|auth[_-]?token|secret[_-]?key|client[_-]?secret"
    r"|password|passwd|cookie|set-cookie)"
)
_FIELD = re.compile(_NAMES, re.IGNORECASE)
_SHAPES = re.compile(
    r"""\bBearer\s+[A-Za-z0-9._~+/=-]{8,}"""
    r"""|\b(?:sk|pk|rk|hf|gsk|xai|ghp|gho|glpat|xox[abp])[-_][A-Za-z0-9_-]{16,}"""
    r"""|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}"""
    r"""|(?<=://)[^/\s:@"']+:[^/\s@"']+(?=@)"""
)
_SIGNS = ("auth", "api-key", "api_key", "apikey", "access", "secret", "passw", "cookie", "bearer")
_MARKS = ("AKIA", "AIza", "://")
_RUNS = (re.compile(r"-[A-Za-z0-9_-]{16}"), re.compile(r"_[A-Za-z0-9_-]{16}"))
"""What every shape and name has one of, the first in lower case; most texts have none, which is seen fast: a pattern
that begins with one character is looked for like a text."""
_ASSIGNED = re.compile(rf"""(\b{_NAMES}\b["']?\s*[:=]\s*["']?)(?!\[secret\])[^"',;}}\])\s]+""", re.IGNORECASE)


class Redaction:
    """Hides secrets: by value, by shape, and by the name of the field they stand in.

    Values of environment variables that are named like secrets are hidden everywhere. A model's words are
    otherwise left alone: a run goes on from them, and an answer that looks like a key is an answer.

    Args:
        environ: Variables to look at; by default those of this process, now.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        variables = os.environ if environ is None else environ
        secrets = {variables[name] for name in variables if _VARIABLE.search(name)}
        values = {value for value in secrets if len(value) >= _SHORTEST}
        self._known = sorted(values, key=len, reverse=True)
        self._written = {form for value in values for form in (value, to_json(value)[1:-1])}
        """The same, and as they look within JSON."""

    def message(self, text: str) -> str:
        """Scrub the text of an error: values, shapes, and whatever is assigned to a credential's name."""
        return _ASSIGNED.sub(rf"\1{HIDDEN}", self._shapes(text))

    def request(self, body: str) -> str:
        """Scrub a JSON document that goes out: values, shapes, and fields that are named like credentials."""
        if not _suspect(body) and not self._holds_value(body):
            return body
        return to_json(_scrubbed(json.loads(body), self._shapes, _FIELD), sort=False)

    def reply(self, body: str) -> str:
        """Scrub a JSON document that came in, or was made of what came in: values only."""
        if not self._holds_value(body):
            return body
        return to_json(_scrubbed(json.loads(body), self._values, None), sort=False)

    def _holds_value(self, body: str) -> bool:
        return any(form in body for form in self._written)

    def _values(self, text: str) -> str:
        for value in self._known:
            text = text.replace(value, HIDDEN)
        return text

    def _shapes(self, text: str) -> str:
        return _SHAPES.sub(HIDDEN, self._values(text))


def _suspect(body: str) -> bool:
    lower = body.lower()
    signs = (
        any(sign in lower for sign in _SIGNS)
        or any(mark in body for mark in _MARKS)
        or any(run.search(body) for run in _RUNS)
    )
    return signs and bool(_SHAPES.search(body) or _FIELD.search(body))


def _scrubbed(value: Json, clean: Callable[[str], str], names: re.Pattern[str] | None) -> Json:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_scrubbed(item, clean, names) for item in value]
    if isinstance(value, dict):
        return {
            name: HIDDEN
            if names is not None and names.fullmatch(name) and isinstance(item, str | int | float)
            else _scrubbed(item, clean, names)
            for name, item in value.items()
        }
    return value
