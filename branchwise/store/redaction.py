"""Redact secrets in stored and displayed text."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote

import re2

from branchwise.store.json_text import to_json
from branchwise.store.records import Json

HIDDEN = "[secret]"
_VARIABLE = re.compile(
    r"(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:_|$)|KEY$|API_?KEY(?:_|$)"
    r"|(?:^|_)(?:PAT|PASS|AUTH|PWD)$",
    re.IGNORECASE,
)
_NO_SECRETS = frozenset({"PWD", "OLDPWD"})
_USER = re.compile(r"://[^/\s:@\"']*:([^/\s@\"']+)@")
_SHORTEST = 8
_SHORT = 6
"""Shorter values occur in texts by chance; values from this length on are hidden where they
mix letters and digits and are whole words."""
_WORD = 12
"""Minimum length of a password in a URL; a shorter one may be the name of a database."""
_NAMES = (
    r"(?:authorization|x-api-key|api[_-]?key|access[_-]?token|auth[_-]?token|secret[_-]?key|client[_-]?secret"
    r"|password|passwd|cookie|set-cookie)"
)
_FIELD = re.compile(_NAMES, re.IGNORECASE)
_SHAPES = re.compile(
    r"""\bBearer\s+[A-Za-z0-9._~+/=-]{8,}"""
    r"""|\b(?:bw|sk|pk|rk|hf|gsk|xai|ghp|gho|ghs|ghu|npm|pypi|glpat|github_pat|xox[abps]|xapp)[-_][A-Za-z0-9_-]{16,}"""
    r"""|\bAKIA[0-9A-Z]{16}\b|\bAIza[0-9A-Za-z_-]{35}"""
    r"""|(?<![\w-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"""
    r"""|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,20000}"""
    r"""|(?<=://)[^/\s:@"']+:[^/\s@"']+(?=@)"""
)
_SIGN = re2.compile(
    r"(?i)auth|api[-_]?key|access|secret|passw|cookie|bearer|AKIA|AIza|://|eyJ|PRIVATE KEY-----|[-_][a-z0-9_-]{16}"
)
"""Every pattern and name contains this. Most texts do not, which RE2 detects ten times as fast as `re`."""
_ASSIGNED = re.compile(rf"""(\b{_NAMES}\b["']?\s*[:=]\s*["']?)(?!\[secret\])[^"',;}}\])\s]+""", re.IGNORECASE)
_SAID = re.compile(
    rf"""((?<![\w.]){_NAMES}["']?(?:=|:\s?)["']?)(?!{_NAMES})"""
    r"""(?=[A-Za-z_-]*\d)(?=[\d_-]*[A-Za-z])[A-Za-z0-9_-]{8,200}(?![\w(.\[-])""",
    re.IGNORECASE,
)
"""A password within a text: letters and digits, but not a call or an attribute as in program text."""


class Redaction:
    """Redacts secrets by value, by pattern, and by field name.

    Values are those of environment variables that are named like secrets, and passwords in URLs in any variable.
    Patterns are vendors' keys, tokens, private keys, and users with passwords in URLs.

    Args:
        environ: Variables to search; by default the current ones of this process.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        values = set(_secrets(os.environ if environ is None else environ))
        self._known = sorted(filter(_long, values), key=len, reverse=True)
        self._written = {form for value in self._known for form in (value, to_json(value)[1:-1])}
        """The values, and their JSON-escaped forms."""
        short = [re.escape(value) for value in values if not _long(value)]
        self._short = re.compile(rf"(?<!\w)(?:{'|'.join(short)})(?!\w)") if short else None

    def message(self, text: str) -> str:
        """Redact a displayed text: values, patterns, and assignments to a credential's name."""
        return _ASSIGNED.sub(rf"\1{HIDDEN}", self._shapes(text))

    def request(self, body: str) -> str:
        """Redact an outgoing JSON document: values, patterns, and fields named like credentials."""
        if not (_signed(body) and (_SHAPES.search(body) or _FIELD.search(body))) and not self._holds_value(
            body
        ):
            return body
        return to_json(_scrubbed(json.loads(body), self._shapes, _FIELD), sort=False)

    def reply(self, body: str) -> str:
        """Redact an incoming JSON document, or one made from it.

        Field names are ignored. Of assignments to a credential's name within a text, only values that look like
        a password are hidden, because program text is full of such names.
        """
        if not (_signed(body) and (_SHAPES.search(body) or _FIELD.search(body))) and not self._holds_value(
            body
        ):
            return body
        return to_json(_scrubbed(json.loads(body), self._said, None), sort=False)

    def _holds_value(self, body: str) -> bool:
        return any(form in body for form in self._written) or bool(self._short and self._short.search(body))

    def _values(self, text: str) -> str:
        for value in self._known:
            text = text.replace(value, HIDDEN)
        return self._short.sub(HIDDEN, text) if self._short else text

    def _shapes(self, text: str) -> str:
        return _SHAPES.sub(HIDDEN, self._values(text))

    def _said(self, text: str) -> str:
        return _SAID.sub(rf"\1{HIDDEN}", self._shapes(text))


def _secrets(variables: Mapping[str, str]) -> Iterator[str]:
    """The secret values; passwords in URLs also in unescaped form."""
    for name, value in variables.items():
        named = name not in _NO_SECRETS and _VARIABLE.search(name)
        if named and (len(value) >= _SHORTEST or _mixed(value)):
            yield value
            yield quote(value, safe="")
        for password in _USER.findall(value[:4_096]) if "@" in value else ():
            if _mixed(password) or len(password) >= _WORD:
                yield password
                yield unquote(password)


def _mixed(value: str) -> bool:
    letters = any(map(str.isalpha, value))
    return len(value) >= _SHORT and letters and any(map(str.isdigit, value))


def _long(value: str) -> bool:
    return len(value) >= _SHORTEST


def _signed(body: str) -> bool:
    """Whether a text may contain any pattern or name; a fast check that most texts fail."""
    try:
        return _SIGN.search(body) is not None
    except UnicodeEncodeError:  # half a surrogate pair
        return True


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
