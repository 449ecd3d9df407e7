"""Parse and validate base URLs of servers."""

from __future__ import annotations

from yarl import URL

from branchwise.store.errors import BadInput

_UNFIT = frozenset("%<>\"'`{}|^\\,;!$&()*+=")
_PATHS = ("/chat/completions", "/completions", "/models")


def parse(text: str, *, key: str = "$OPENAI_API_KEY") -> URL:
    """Read a base URL such as `http://localhost:8000/v1`.

    Args:
        text: The URL as given by the user, a row or a file.
        key: Where keys belong; used in the error for a key inside the URL.

    Raises:
        BadInput: It is not an http or https URL with a host, its port is invalid, or it has a user, a password, a query
            or a fragment. The message never repeats a possible secret.
    """
    try:
        url = URL(text.strip())
        host, _ = url.host, url.port
    except (ValueError, UnicodeError, TypeError):
        raise BadInput(
            "The base URL cannot be read: its host or port is malformed. It must look like `http://localhost:8000/v1`."
        ) from None
    if any(sign in text for sign in "@?#"):
        raise BadInput(
            f"A base URL must hold no user, password, query or fragment: put the key into {key}, and leave only what "
            "looks like `http://localhost:8000/v1`."
        )
    if url.scheme not in {"http", "https"} or not host:
        raise BadInput(f"A base URL must look like `http://localhost:8000/v1`, not `{_shown(text)}`.")
    if not url.port:
        raise BadInput(f"The port in the base URL `{_shown(text)}` is invalid: use 1 to 65535.")
    _named(host)
    path = url.raw_path.rstrip("/")
    for ending in _PATHS:
        if path.endswith(ending):
            raise BadInput(f"The base URL ends before `{ending}`: leave that off.")
    return url


def _named(host: str) -> None:
    """Raise BadInput for an invalid host name."""
    try:
        encoded = host.encode("idna") if not host.isascii() else host.encode("ascii")
    except UnicodeError:
        encoded = b""
    if ":" in host:
        return
    labels = encoded.removesuffix(b".").split(b".")
    sound = all(0 < len(label) < 64 and label != b"xn--" for label in labels) and len(encoded) < 254
    if not sound or any(c.isspace() or not c.isprintable() or c in _UNFIT for c in host):
        raise BadInput(f"The host `{_shown(host)}` of the base URL is not a valid host name.")


def _shown(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:100])
