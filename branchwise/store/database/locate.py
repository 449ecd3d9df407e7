"""Resolve the store's URL or path, and check that it can be used."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs
import sqlalchemy as sa
from sqlalchemy import exc

from branchwise.store.database.dialects import DRIVERS, EXTRAS, file_of, read_only, url_of
from branchwise.store.errors import StoreError
from branchwise.store.redaction import Redaction


def locate(store: str | None = None) -> sa.URL:
    """Resolve what the user gave (a URL, a path, or nothing) to the URL of a usable database.

    Without `store` the environment's `BRANCHWISE_STORE` counts, then `branchwise.sqlite` in the user's data
    directory. A missing folder is created for its owner alone (0700), and so is an SQLite file (0600).

    A file without write permission is opened read-only.

    Raises:
        StoreError: The URL cannot be read, its dialect is not supported, or its place cannot be used.
    """
    given = store or os.environ.get("BRANCHWISE_STORE") or str(default_path())
    scheme, colon, rest = given.partition(":")
    if scheme == "postgres" and colon and rest.startswith("//"):  # as other programs write it
        given = f"postgresql:{rest}"
    if "://" not in given and not (colon and scheme in {*DRIVERS, "postgres"}):
        given = url_of(Path(given).expanduser().absolute())
    try:
        url = sa.make_url(given)
        dialect = url.get_backend_name()
    except (exc.ArgumentError, ValueError):
        # Not the exception's text: it may contain the URL and thus a password.
        shown = Redaction({}).message(given)
        raise StoreError(
            f"`{shown}` is not a database URL; write sqlite:///FILE or postgresql://HOST/NAME."
        ) from None
    if dialect not in DRIVERS:
        raise StoreError(f"`{dialect}` is not supported; use one of {', '.join(sorted(DRIVERS))}.")
    if url.drivername == dialect:
        url = url.set(drivername=f"{dialect}+{DRIVERS[dialect]}")
    file = file_of(url)
    return url if file is None else _prepare_file(file, url)


def default_path() -> Path:
    """The default SQLite file."""
    return Path(platformdirs.user_data_dir("branchwise", appauthor=False)) / "branchwise.sqlite"


def missing_driver(url: sa.URL) -> StoreError:
    """Name the extra that installs the driver for `url`."""
    extra = EXTRAS.get(url.get_backend_name(), "")
    return StoreError(f"`{url.get_driver_name()}` is not installed: pip install 'branchwise[{extra}]'.")


def _prepare_file(path: Path, url: sa.URL) -> sa.URL:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_dir():
            raise StoreError(f"`{path}` is a folder; name a file in it.")
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"`{path}` cannot be made ({error.strerror}); name another place with --store."
        ) from error
    if not os.access(path, os.R_OK):
        raise StoreError(f"`{path}` cannot be read; name another place with --store.")
    if os.access(path, os.W_OK) and os.access(path.parent, os.W_OK):
        return url
    if path.stat().st_size == 0:
        raise StoreError(
            f"`{path}` is empty and it or its folder is read-only; name another place with --store."
        )
    return read_only(url, path)
