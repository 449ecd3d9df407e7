"""Texts of users' files: UTF-8, also with the byte order mark that some editors write."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from branchwise.store.errors import BadInput


def read_text(file: Path, *, stdin: TextIO | None = None, most: int = -1) -> str:
    """The text of a file.

    Args:
        file: The file.
        stdin: Read instead of the file, if given.
        most: Characters to read at most; all by default.

    Raises:
        BadInput: It cannot be read, or is not UTF-8.
    """
    shown = "-" if stdin is not None else file
    try:
        if stdin is not None:
            return stdin.read(most).removeprefix("\ufeff")
        with file.open(encoding="utf-8-sig") as opened:
            return opened.read(most)
    except OSError as error:
        raise BadInput(f"`{shown}` cannot be read: {reason(error)}.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"`{shown}` is not text in UTF-8.") from error


def reason(error: Exception) -> str:
    """Why a file cannot be read, without its name and the number that the system gives to the reason."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines that are not empty, with their numbers from 1.

    Only a line feed ends one: JSON may hold the other characters at which `splitlines` cuts.
    """
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield number, line
