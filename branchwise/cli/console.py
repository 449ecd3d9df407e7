r"""Terminal output: foreign text is escaped and cannot control the terminal.

Every command prints through `out` and `err`. Markup is off, in table cells too; control characters, C1 codes and
marks that turn the direction of writing are shown as escapes (`\x1b`, `\u202e`); a character that the output's
encoding lacks is shown as an escape as well.
"""

from __future__ import annotations

import io
import logging
import os
import sys
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

_UNBOUNDED = 10_000
_LONGEST = 2_000
"""Characters of a log line."""
_HARMLESS = frozenset("\n\t\u200c\u200d")
"""Line ends, tabs, and the joiners that some scripts and emoji need."""
_SHOWN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Unicode categories that are shown as escapes: controls, formats, lone surrogates, separators of lines."""


def visible(text: str) -> str:
    """Escape control characters in `text`, so that a terminal shows and does not obey them; keep line ends and tabs."""
    if text.isprintable():
        return text
    return "".join(_escape(one) if _acts(one) else one for one in text.replace("\r\n", "\n"))


class Terminal(Console):
    """A console that escapes markup and control characters; styles come from `style` only."""

    def __init__(self, *, stderr: bool = False, quiet: bool = False) -> None:
        super().__init__(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
        if not self.is_terminal and "COLUMNS" not in os.environ:
            self.width = _UNBOUNDED

    def render_str(self, text: str, **options: Any) -> Text:
        """Make a Text of a string. Tables and `print` call this for every cell and line."""
        return super().render_str(visible(text), **{**options, "markup": False, "emoji": False})

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render, and escape segments that did not pass through `render_str` (Text objects)."""
        for segment in super().render(renderable, options):
            plain = segment.control or segment.text.isprintable() or segment.text == "\n"
            yield segment if plain else Segment(visible(segment.text), segment.style)

    def on_broken_pipe(self) -> None:
        """Exit, as `| head` needs it; nobody reading standard error (progress, logs) is no reason to end."""
        if not self.stderr:
            super().on_broken_pipe()
        self.quiet = True


def out() -> Terminal:
    """The console of standard output: as wide as the terminal; in a pipe each row is one line."""
    return Terminal()


def err(*, quiet: bool = False) -> Terminal:
    """The console of standard error, for progress and errors."""
    return Terminal(stderr=True, quiet=quiet)


def say(text: str) -> None:
    """Print one plain line on standard output, for scripts: no wrapping, no style."""
    sys.stdout.write(f"{visible(text)}\n")
    sys.stdout.flush()


def document(text: str) -> None:
    """Write a document on standard output: unchanged into a file or pipe, escaped on a terminal."""
    sys.stdout.write(f"{visible(text) if sys.stdout.isatty() else text}\n")
    sys.stdout.flush()


def forgive_encodings() -> None:
    """Let standard output and error escape characters that their encoding lacks, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class _Log(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        """Show a record; a faulty one, or a closed standard error, never fails the work that logs it."""
        with suppress(OSError, ValueError):
            err().print(self._text(record)[:_LONGEST], style="dim", soft_wrap=True)

    def _text(self, record: logging.LogRecord) -> str:
        try:
            return self.format(record)
        except Exception:  # the arguments' own code may raise anything
            return f"{record.name}: {record.msg}"


def hear_logs() -> None:
    """Show what libraries log, and Python's warnings, through this module: both may quote foreign text."""
    logging.getLogger().addHandler(_Log(logging.WARNING))
    logging.captureWarnings(True)


def _acts(one: str) -> bool:
    return one not in _HARMLESS and unicodedata.category(one) in _SHOWN


def _escape(one: str) -> str:
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
