"""Sites with a certificate of a private authority: verified here, then named to the browser by their key."""

from __future__ import annotations

import hashlib
import socket
import ssl
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path

from branchwise.store.errors import EnvironmentFailed

_PATIENCE = 10.0


def key_flags(sites: Sequence[tuple[str, str]], authority: Path) -> list[str]:
    """Browser flags that accept the keys of the sites whose certificates the authority has issued.

    Chromium takes no authority by a flag. So each site's certificate is verified here, by the authority or by those
    that the system trusts, with its name and its dates, and the browser is told its key (SHA-256 of
    SubjectPublicKeyInfo). A site that changes its key meanwhile is refused.

    Args:
        sites: `host:port` of each https site, with the `address:port` where it is.
        authority: A file with the authority's certificate, PEM.

    Raises:
        EnvironmentFailed: A site does not answer, or shows a certificate that neither vouches for.
    """
    keys = [_key(site, address, authority) for site, address in sites]
    known = sorted({key for key in keys if key})
    return [f"--ignore-certificate-errors-spki-list={','.join(known)}"] if known else []


def _key(site: str, address: str, authority: Path) -> str:
    """The key of a site as the flag wants it; empty for one that the system trusts."""
    try:
        return b64encode(hashlib.sha256(public_key(_shown(site, address, authority))).digest()).decode()
    except ssl.SSLError as private:
        try:
            _shown(site, address, None)
        except (ssl.SSLError, OSError):
            why = f"`{site}` shows no certificate that `{authority}` vouches for: {private}"
            raise EnvironmentFailed(why) from private
        return ""
    except OSError as error:
        raise EnvironmentFailed(f"`{site}` does not answer: {error}") from error


def _shown(site: str, address: str, authority: Path | None) -> bytes:
    """The certificate that a site shows, verified, as DER."""
    host, port = address.rsplit(":", 1)
    context = ssl.create_default_context(cafile=authority)
    with (
        socket.create_connection((host, int(port)), timeout=_PATIENCE) as plain,
        context.wrap_socket(plain, server_hostname=site.rsplit(":", 1)[0]) as secured,
    ):
        certificate = secured.getpeercert(binary_form=True)
    assert certificate is not None  # the handshake has verified one
    return certificate


def public_key(certificate: bytes) -> bytes:
    """SubjectPublicKeyInfo of an X.509 certificate (RFC 5280, section 4.1), both as DER."""
    start, _ = _content(certificate, 0)
    at, end = _content(certificate, start)
    if certificate[at] == 0xA0:  # the version, which certificates of version 1 lack
        at = _content(certificate, at)[1]
    for _ in range(5):  # serial number, signature, issuer, validity, subject
        at = _content(certificate, at)[1]
    if not at < end:
        raise ValueError("This is no X.509 certificate.")
    return certificate[at : _content(certificate, at)[1]]


def _content(der: bytes, at: int) -> tuple[int, int]:
    """Where the content of the value at `at` begins and ends."""
    length = der[at + 1]
    if length < 0x80:
        return at + 2, at + 2 + length
    size = length & 0x7F
    begins = at + 2 + size
    return begins, begins + int.from_bytes(der[at + 2 : begins], "big")
