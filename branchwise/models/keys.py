"""Control which servers may receive which API key.

A base URL from a database row, an import or a queue is untrusted: sending keys to any such URL would
leak them. Such a server gets a key only if the environment, the command line or the settings name it.
A base URL given by this process's own user, as an argument or an option, is trusted and gets the key.
"""

from __future__ import annotations

import os
from collections import defaultdict
from typing import Final

from yarl import URL

from branchwise.models.base_url import parse
from branchwise.store.errors import BadInput

KEY: Final = "OPENAI_API_KEY"
HOSTS: Final = "BRANCHWISE_KEY_HOSTS"
"""Hosts that may get a key, separated by commas: `host`, `host:port`, a URL, or `VARIABLE=host` for another key."""
_OWN: Final = {KEY: ("https://api.openai.com",)}
"""The provider of a variable's key, which may receive it."""

_allowed: defaultdict[str, set[str]] = defaultdict(set)


def allow(where: str, variable: str = KEY) -> None:
    """Allow a server to receive a key, for the lifetime of this process.

    Args:
        where: A base URL, `host:port`, or `host` for any port of it.
        variable: The environment variable that holds the key.

    Raises:
        BadInput: The name is not a valid server name.
    """
    _allowed[variable].add(_place(where))


def may_have(url: URL, variable: str) -> bool:
    """Whether a server named only by stored data may receive the key in `variable`."""
    names = {f"{url.scheme}://{url.host}:{url.port}", f"{url.host}:{url.port}", f"{url.host}"}
    known = _allowed[variable] | {_place(one) for one in _OWN.get(variable, ())} | _in_environment(variable)
    return bool(names & known)


def withheld(url: URL, variable: str) -> str:
    """The message that a key was not sent, and how to allow it."""
    return (
        f"The key in ${variable} was not sent to `{url.host}`, for that address comes from a stored run. If you trust "
        f"it, name it: {HOSTS}={url.host}:{url.port}, or --base-url {url}."
    )


def _in_environment(variable: str) -> set[str]:
    found = set()
    own = os.environ.get("OPENAI_BASE_URL", "").strip()
    if own and variable == KEY:
        found.add(_place(own))
    for entry in os.environ.get(HOSTS, "").split(","):
        name, _, where = entry.strip().rpartition("=")
        if where and (name or KEY) == variable:
            found.add(_place(where))
    return found


def _place(where: str) -> str:
    """Normalise an origin `scheme://host:port`, or a host with or without a port, for `may_have`."""
    try:
        if "://" in where:
            url = parse(where)
            return f"{url.scheme}://{url.host}:{url.port}"
        url = parse(f"http://{where}")
        return f"{url.host}:{url.port}" if where.rpartition("]")[2].count(":") else f"{url.host}"
    except BadInput as error:
        raise BadInput(
            f"A host that may get a key is named like `host`, `host:8000` or a URL. {error}"
        ) from None
