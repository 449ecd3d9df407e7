"""What a site asks of its visitors, and what may be done there beyond looking."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import HttpCredentials

from branchwise.store.errors import BadInput

_PASSWORD = "http password"  # noqa: S105 - a name that no action can write


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """What a site asks of its visitors, and what may be done there."""

    http_auth: tuple[str, str] | None = field(default=None, repr=False)
    """User and password of HTTP authentication, given to the start page's origin only."""
    authority: Path | None = None
    """The certificate of the private authority that the sites' own are issued by, PEM."""
    post_reads: tuple[str, ...] = ()
    """Paths that only read, although by POST; `*` at the end for all below. GraphQL queries are known to read."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Files that may be uploaded, by the name that an action uses."""

    def check(self) -> None:
        """Look for the files.

        Raises:
            BadInput: One is missing.
        """
        named = [*self.files.values(), *([self.authority] if self.authority else [])]
        for file in named:
            if not file.is_file():
                raise BadInput(f"There is no file `{file}`.")

    @property
    def hidden(self) -> dict[str, str]:
        """The password, by a name under which it is masked and cannot be typed."""
        return {_PASSWORD: self.http_auth[1]} if self.http_auth else {}

    def credentials(self, origin: str) -> HttpCredentials | None:
        """What Playwright is told, for one origin only."""
        if self.http_auth is None:
            return None
        user, password = self.http_auth
        return HttpCredentials(username=user, password=password, origin=origin)
