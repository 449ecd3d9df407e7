"""GraphQL over POST: whether a request only asks."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

_MOST = 200_000
"""Characters of a request that are looked at; a longer one counts as a write."""
_ASKING = frozenset(("query", "fragment"))


def only_asks(url: str, content_type: str, body: str) -> bool:
    """Whether a POST sends GraphQL queries and nothing else, by the operations in its body.

    A query is to have no effects (GraphQL, section 2.3), as a GET is not. One that is named by a hash only, or sent
    with a mutation, is not known to ask.

    Args:
        url: Where it is sent.
        content_type: Its header.
        body: Its text.
    """
    if not body or len(body) > _MOST:
        return False
    if body.lstrip()[:1] not in "[{" or content_type.startswith("application/graphql"):
        return _speaks(url, content_type) and _is_query(body)
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return _speaks(url, content_type) and _is_query(body)
    operations = said if isinstance(said, list) else [said]
    texts = [one.get("query") if isinstance(one, dict) else None for one in operations]
    return bool(texts) and all(isinstance(text, str) and _is_query(text) for text in texts)


def _speaks(url: str, content_type: str) -> bool:
    return content_type.startswith("application/graphql") or urlsplit(url).path.rstrip("/").endswith(
        "/graphql"
    )


def _is_query(text: str) -> bool:
    """Whether all definitions of a document are queries and fragments, and there is one."""
    depth = 0
    word = ""
    begins = True
    found = False
    at = 0
    while at < len(text):
        char = text[at]
        if char in '#"':
            at = _passed(text, at)
            continue
        if begins and not depth and not (char.isalnum() or char == "_"):
            if word and word not in _ASKING:
                return False
            begins = not word and char != "{"
        word = word + char if begins and (char.isalnum() or char == "_") else ""
        depth += (char in "{([") - (char in "})]")
        if depth < 0:
            return False
        if char == "}" and not depth:
            begins, found = True, True
        at += 1
    return found and not depth and not word


def _passed(text: str, at: int) -> int:
    """Where a comment or a string ends."""
    if text[at] == "#":
        end = text.find("\n", at)
        return len(text) if end < 0 else end
    if text.startswith('"""', at):
        end = text.find('"""', at + 3)
        return len(text) if end < 0 else end + 3
    at += 1
    while at < len(text) and text[at] not in '"\n':
        at += 2 if text[at] == "\\" else 1
    return at + 1
