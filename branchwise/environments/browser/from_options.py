"""Open a site by plain options, as a command line gives and a run stores them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from branchwise.environments.browser.access import Access
from branchwise.environments.browser.browser import Chrome, Window, browser
from branchwise.environments.browser.fork_endpoint import fork_endpoint
from branchwise.environments.browser.screenshot import Screenshot
from branchwise.store.errors import BadInput

FORK_TOKEN = "BRANCHWISE_FORK_TOKEN"  # noqa: S105 - the variable's name, not a token
"""The environment variable that holds the token of a site's fork endpoint."""


def from_options(  # noqa: PLR0913 - each is a word of the command line
    url: str,
    *,
    hosts: Sequence[str] = (),
    phrases: Sequence[str] = (),
    secrets: Mapping[str, str] | None = None,
    fork: str | None = None,
    screenshot: Screenshot = "none",
    parallel: int = 3,
    executable: str | None = None,
    http_auth: str | None = None,
    authority: str | None = None,
    post_reads: Sequence[str] = (),
    files: Sequence[str] = (),
) -> Chrome:
    """Open a site as `browser` does.

    Args:
        url: The start page.
        hosts: More sites that may be reached.
        phrases: Texts that are proposed to fill in.
        secrets: For each name the environment variable that holds the value; values are never stored.
        fork: Where the site forks its state, for example http://127.0.0.1:8000/_worlds; its token is read from
            BRANCHWISE_FORK_TOKEN.
        screenshot: "none", "plain", or "marks" for numbered elements, in the picture and in the text.
        parallel: Branches open at once.
        executable: The browser's file; found by itself when None.
        http_auth: USER=VARIABLE: the user of HTTP authentication, and the environment variable with the password.
        authority: The file with the certificate of a private authority.
        post_reads: Paths that only read, although by POST.
        files: Files that may be uploaded; an action names one by its last part.

    Raises:
        BadInput: The URL, a host, a secret or the kind of screenshot cannot be used.
    """
    if screenshot not in get_args(Screenshot):
        raise BadInput(f"A screenshot is one of {', '.join(get_args(Screenshot))}, not `{screenshot}`.")
    values = {}
    for name, variable in (secrets or {}).items():
        if not name.isidentifier() or variable not in os.environ:
            raise BadInput(
                f"A secret is written NAME=VARIABLE with a variable that is set, not `{name}={variable}`."
            )
        values[name] = os.environ[variable]
    user, _, variable = (http_auth or "").partition("=")
    if http_auth and (not user or variable not in os.environ):
        raise BadInput("HTTP authentication is written USER=VARIABLE with a variable that is set.")
    return browser(
        url,
        hosts=hosts,
        phrases=phrases,
        secrets=values,
        site=fork_endpoint(fork, os.environ.get(FORK_TOKEN, "")) if fork else None,
        window=Window(
            executable_path=Path(executable) if executable else None,
            screenshot=screenshot,
            parallel=parallel,
        ),
        access=Access(
            http_auth=(user, os.environ[variable]) if http_auth else None,
            authority=Path(authority) if authority else None,
            post_reads=tuple(post_reads),
            files={Path(file).name: Path(file) for file in files},
        ),
    )
